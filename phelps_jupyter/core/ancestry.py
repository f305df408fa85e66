"""The plain cells that a value comes from, as they were and as they are, and which of them makes it another one.

Knows cells and their code; where the older ones are kept is not its business.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.dialect import has_magics, to_python
from phelps_jupyter.core.freshness import EDITED, UPSTREAM, Reason, may_change
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import VersionOf
from phelps_jupyter.core.model import CellId, Digest, PartKind, TaskName
from phelps_jupyter.core.modules import first_line

ANCESTORS_KEPT = 200
"""Of the cells that a value comes from, the nearest: what was edited is nearly always one of them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that a plain cell takes from a task. ``digest``: empty when it can't be known."""

    name: str
    task: TaskName
    digest: Digest


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A plain cell that a value comes from, itself or by what it reads."""

    cell: CellId
    code: Digest
    source: str
    takes: tuple[Taken, ...] = ()


def ancestors(graph: Graph, cell: CellId, version_of: VersionOf) -> tuple[Ancestor, ...]:
    """The plain cells that the values of this one come from, itself last, in document order."""
    found = closure([cell], graph.plain_providers)
    nearest = sorted(found, key=lambda above: graph.nodes[above].index)[-ANCESTORS_KEPT:]
    return tuple(_ancestor(graph, above, version_of) for above in nearest)


def _ancestor(graph: Graph, cell: CellId, version_of: VersionOf) -> Ancestor:
    node = graph.nodes[cell]
    takes: list[Taken] = []
    for name, provider in sorted(graph.inputs[cell].items()):
        task = graph.nodes[provider].task if provider is not None else None
        if task is not None:
            takes.append(Taken(name, task.name, version_of(task.name, name) or Digest("")))
    return Ancestor(cell, node.bindings.code, node.source, tuple(takes))


def edited(before: Sequence[Ancestor], now: Sequence[Ancestor]) -> tuple[tuple[Ancestor, Ancestor], ...]:
    """The cells whose code is another one now: as they were, as they are."""
    known = {one.cell: one for one in before}
    return tuple((known[one.cell], one) for one in now if one.cell in known and known[one.cell].code != one.code)


def traced(reason: Reason, graph: Graph, before: Sequence[Ancestor], now: Sequence[Ancestor]) -> Reason:
    """A reason that speaks of "the cells above", with the cell or the task that is at fault where it can be found."""
    assert reason.old is not None
    found = edited(before, now)
    if found:
        place = places(graph, [new.cell for _, new in found])
        text = f"{place} {'was' if len(found) == 1 else 'were'} edited"
        if reason.old.kind is PartKind.FUNCTION and found[-1][1].cell == now[-1].cell:
            before_and_now = [extract(one.source, reason.name) for one in found[-1]]
            if _is_another(*before_and_now):
                return replace(reason, kind=EDITED, text=f"`{reason.name}` in {text}", place=place)
            text += ", though not its definition" if any(before_and_now) else ""
        return replace(reason, kind=EDITED, text=may_change(reason.old, text), place=place)
    here = now[-1].cell
    if here not in {one.cell for one in before}:
        place = places(graph, [here])
        return replace(reason, kind=EDITED, text=may_change(reason.old, f"it comes from {place} now"), place=place)
    return _through_task(reason, graph, before, now)


def _is_another(before: str, now: str) -> bool:
    return analyse(before).code != analyse(now).code


def _through_task(reason: Reason, graph: Graph, before: Sequence[Ancestor], now: Sequence[Ancestor]) -> Reason:
    assert reason.old is not None
    known = {(one.cell, taken.name): taken for one in before for taken in one.takes}
    for one in now:
        for taken in one.takes:
            if known.get((one.cell, taken.name)) != taken:
                how = "has another value now" if taken.digest else "is not fresh"
                place = places(graph, [one.cell])
                why = f"{place} reads `{taken.name}` of task {taken.task}, which {how}"
                return replace(
                    reason, kind=UPSTREAM, text=may_change(reason.old, why), place=place, upstream=taken.task
                )
    return reason


def places(graph: Graph, cells: Sequence[CellId]) -> str:
    """Cells as people are told of them, by their places among the code cells, from 1: ``cells 2 and 4``."""
    numbers = [str(graph.nodes[cell].index + 1) for cell in cells]
    if len(numbers) == 1:
        return f"cell {numbers[0]}"
    return f"cells {', '.join(numbers[:-1])} and {numbers[-1]}"


def extract(source: str, name: str) -> str:
    """The lines of a cell or a module that define a function or a class; empty where no ``def`` or ``class`` does."""
    try:
        tree = ast.parse(to_python(source) if has_magics(source) else source)
    except (SyntaxError, ValueError):
        return ""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [node for node in tree.body if isinstance(node, kinds) and node.name == name]
    lines = source.replace("\r\n", "\n").split("\n")
    return "\n".join("\n".join(lines[first_line(node) - 1 : node.end_lineno]) for node in found)
