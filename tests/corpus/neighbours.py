"""Reads small stories of a notebook: its cells and files, what is changed step by step, and what may and must run then.

```
scope/closure: a function sees a global               the case, and what it is about
c1| k = 2                                             a cell; lines without a name continue it
lib.py| K = 1                                         a file, known by its dot or slash
plain c1                                              cells that are no tasks
->                                                    the next step: only what differs is written
c1| k = 3
order c1 n1 c2                                        the cells from now on
runs c1 c2                                            tasks that must run
idle c3                                               tasks that must not
fails c4                                              cells that fail in a fresh run
touch lib.py · rm lib.py · mtime lib.py 1000 · env A=1
```
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

LINE = re.compile(r" *(?P<name>[\w./-]*)\|(?: (?P<text>.*))?")


@dataclass(frozen=True)
class Moment:
    """The notebook and its folder when it is run, and what is known of that run."""

    cells: Mapping[str, str]
    files: Mapping[str, str]
    env: Mapping[str, str]
    plain: frozenset[str]
    runs: frozenset[str] = frozenset()
    idle: frozenset[str] = frozenset()
    fails: frozenset[str] = frozenset()
    touched: tuple[str, ...] = ()
    times: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Case:
    """A notebook through its moments."""

    name: str
    about: str
    moments: tuple[Moment, ...]


def cases(name: str) -> list[Case]:
    """Those of a file in this folder."""
    text = (Path(__file__).parent / f"{name}.txt").read_text()
    return [_case(block.splitlines()) for block in re.split(r"\n{2,}", text.strip()) if not block.startswith("#")]


def _case(lines: list[str]) -> Case:
    name, about = lines[0].split(": ", 1)
    moments = []
    moment = Moment({}, {}, {}, frozenset())
    for block in "\n".join(lines[1:]).split("\n->\n"):
        moment = _moment(moment, block.split("\n"))
        moments.append(moment)
    return Case(name, about, tuple(moments))


def _moment(before: Moment, lines: list[str]) -> Moment:
    moment = replace(before, runs=frozenset(), idle=frozenset(), fails=frozenset(), touched=(), times=())
    for name, text in _texts(lines).items():
        if "." in name or "/" in name:
            moment = replace(moment, files={**moment.files, name: text + "\n"})
        else:
            moment = replace(moment, cells={**moment.cells, name: text})
    for line in lines:
        if not LINE.fullmatch(line):
            moment = _told(moment, *line.split())
    return moment


def _texts(lines: list[str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    name = ""
    for match in filter(None, map(LINE.fullmatch, lines)):
        name = match["name"] or name
        if match["name"]:
            found[name] = []
        found[name].append(match["text"] or "")
    return {name: "\n".join(text) for name, text in found.items()}


def _told(moment: Moment, word: str, *names: str) -> Moment:
    match word:
        case "plain" | "runs" | "idle" | "fails":
            changed = replace(moment, **{word: frozenset(names)})
        case "order":
            changed = replace(moment, cells={name: moment.cells[name] for name in names})
        case "rm":
            changed = replace(moment, files={name: text for name, text in moment.files.items() if name not in names})
        case "touch":
            changed = replace(moment, touched=names)
        case "mtime":
            changed = replace(moment, times=((names[0], int(names[1])),))
        case "env":
            changed = replace(moment, env={**moment.env, **dict(name.split("=", 1) for name in names)})
        case _:
            raise ValueError(word)
    return changed
