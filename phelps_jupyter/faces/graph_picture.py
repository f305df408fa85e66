"""The graph of told tasks where nothing runs: a picture, a table, and plain text. Knows what front ends are told.

Holds nothing that differs between equal runs: no time, host or path.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from html import escape
from typing import cast

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.layout import Edge, Place, layout
from phelps_jupyter.core.model import Usage
from phelps_jupyter.faces.looks import colour_of, look_of, mark_of, words_of

MIME = "application/vnd.phelps.graph+json"
MANY = 300
"""Tasks that are drawn and listed; of more, the first of them."""
WIDTH, HEIGHT = 168, 46
GAP_ACROSS, GAP_ALONG, MARGIN = 22, 40, 12
NAME, WORDS = 22, 26
"""Characters that fit."""
_PASSING: Json = dict.fromkeys(
    ("engine", "started_at", "ended_at", "progress", "expected", *(one.name for one in fields(Usage)))
)
"""What differs between equal runs, or is of a moment."""
_CELL = "text-align:left;padding:1px 12px 1px 0;vertical-align:top"


def graph_bundle(tasks: Sequence[Json]) -> dict[str, object]:
    """All tasks, in document order, as one MIME bundle."""
    shown = tasks[:MANY]
    more = len(tasks) - len(shown)
    return {
        MIME: {"tasks": [lasting(task) for task in shown], "more": more},
        "text/html": _html(shown, more),
        "text/plain": "\n".join([_line(task) for task in shown] + _more(more)) or "there are no tasks",
    }


def lasting(task: Json) -> Json:
    """What is worth keeping of a task."""
    return task | _PASSING | {"failures": [], "history": []}


def picture(tasks: Sequence[Json]) -> str:
    """An SVG of the graph."""
    made = layout({str(task["name"]): [str(need["task"]) for need in _needs(task)] for task in tasks})
    width = 2 * MARGIN + made.columns * (WIDTH + GAP_ACROSS) - GAP_ACROSS
    height = 2 * MARGIN + made.layers * (HEIGHT + GAP_ALONG) - GAP_ALONG
    by_name = {str(task["name"]): task for task in tasks}
    drawn = [_edge(edge, by_name[edge.target]) for edge in made.edges]
    drawn += [_node(by_name[name], place) for name, place in made.places.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" rx="6" fill="#ffffff"/>'
        f"{''.join(drawn)}</svg>"
    )


def _html(tasks: Sequence[Json], more: int) -> str:
    if not tasks:
        return "<div>there are no tasks</div>"
    drawn = base64.b64encode(picture(tasks).encode()).decode()
    states = ", ".join(f"{task['name']} {words_of(task)}" for task in tasks)
    head = "".join(f'<th style="{_CELL}">{title}</th>' for title in ("task", "state", "why", "needs", "outputs"))
    rows = "".join(f"<tr>{_row(task)}</tr>" for task in tasks)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    image = (
        f'<img alt="graph of tasks: {escape(states)}" style="max-width:100%" src="data:image/svg+xml;base64,{drawn}"/>'
    )
    return (
        f'<div class="phelps-graph-saved">{image}{table}{"".join(f"<div>{line}</div>" for line in _more(more))}</div>'
    )


def _more(count: int) -> list[str]:
    return [f"and {count} tasks more: %phelps status lists all"] if count else []


def _row(task: Json) -> str:
    state = f'<span style="color:{colour_of(task)};font-weight:600">{mark_of(task)} {escape(words_of(task))}</span>'
    told = [state, *map(escape, (_why(task), ", ".join(_named(task)), _given(task)))]
    return "".join(f'<td style="{_CELL}">{text}</td>' for text in (escape(str(task["name"])), *told))


def _line(task: Json) -> str:
    named = ", ".join(_named(task))
    told = [f"{mark_of(task)} {task['name']} · {words_of(task)}", f"needs {named}" if named else "", _why(task)]
    return " · ".join(text for text in told if text)


def _why(task: Json) -> str:
    """Why a task ran that has ended well is no news."""
    look = look_of(task)
    if look in ("done", "reused"):
        return ""
    return str(task["why"] if look in ("stale", "maybe") else task["because"] or task["why"])


def _needs(task: Json) -> Iterable[Mapping[str, object]]:
    return cast("Iterable[Mapping[str, object]]", task["needs"])


def _named(task: Json) -> list[str]:
    return [str(need["task"]) for need in _needs(task)]


def _given(task: Json) -> str:
    outputs = cast("Iterable[Mapping[str, object]]", task["outputs"])
    return ", ".join(f"{output['name']}: {output['summary']}" for output in outputs)


def _corner(place: Place) -> tuple[int, int]:
    return MARGIN + place.column * (WIDTH + GAP_ACROSS), MARGIN + place.layer * (HEIGHT + GAP_ALONG)


def _node(task: Json, place: Place) -> str:
    x, y = _corner(place)
    colour = colour_of(task)
    outputs = ", ".join(str(output["name"]) for output in cast("Iterable[Mapping[str, object]]", task["outputs"]))
    words = f"{words_of(task)} · {outputs}" if outputs else words_of(task)
    name = escape(_short(f"{mark_of(task)} {task['name']}", NAME))
    return (
        f'<g transform="translate({x},{y})"><rect width="{WIDTH}" height="{HEIGHT}" rx="5" fill="#f6f8fa" '
        f'stroke="{colour}" stroke-width="1.5"/><text x="10" y="19" font-weight="600" fill="{colour}">{name}</text>'
        f'<text x="10" y="36" fill="#1f2328">{escape(_short(words, WORDS))}</text></g>'
    )


def _edge(edge: Edge, task: Json) -> str:
    """Straight through the layers that it only passes."""
    x, y = _corner(edge.way[0])
    path = [f"M{x + WIDTH // 2},{y + HEIGHT}"]
    for above, below in edge.steps:
        x1, y1, x2, y2 = *_corner(above), *_corner(below)
        middle = (y1 + HEIGHT + y2) // 2
        path.append(f"C{x1 + WIDTH // 2},{middle} {x2 + WIDTH // 2},{middle} {x2 + WIDTH // 2},{y2}")
        path.append(f"L{x2 + WIDTH // 2},{y2 + HEIGHT}" if below != edge.way[-1] else "")
    via = any(need["task"] == edge.source and need["via"] for need in _needs(task))
    dashes = ' stroke-dasharray="4 3"' if via else ""
    return f'<path d="{"".join(path)}" fill="none" stroke="#8c959f" stroke-width="1.5"{dashes}/>'


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
