"""Acceptances and freezes as rows of the index. Knows JSON and columns; not what a hold means."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from phelps_jupyter.adapters.index.rows import text
from phelps_jupyter.core.holds import Hold, HoldKind
from phelps_jupyter.core.model import Key, Part, PartKind

_NONE_OF = "DELETE FROM holds WHERE notebook = ? AND task = ? AND kind = ?"


def put(connection: sqlite3.Connection, notebook: str, task: str, hold: Hold) -> None:
    """Note a hold; one of its kind that was there is gone."""
    parts = [[[p.kind, p.name, p.digest, p.detail, p.origin] for p in some] for some in _parts_of(hold)]
    told = json.dumps([hold.because, *parts, hold.key])
    row = (text(notebook), text(task), hold.kind.value, hold.record, hold.at, told)
    connection.execute("REPLACE INTO holds VALUES (?, ?, ?, ?, ?, ?)", row)


def end(connection: sqlite3.Connection, notebook: str, task: str, *kinds: HoldKind) -> bool:
    """The task's result is held no more in these ways. Returns whether it was."""
    rows = [(text(notebook), text(task), kind.value) for kind in kinds]
    return sum(connection.execute(_NONE_OF, row).rowcount for row in rows) > 0


def from_row(kind: str, record: int, at: float, told: str) -> Hold:
    """The hold of a row."""
    because, *parts, key = json.loads(told)
    ground, outside, conditions = (tuple(_part(*each) for each in some) for some in parts)
    found = None if key is None else Key(key)
    return Hold(HoldKind(kind), record, at, tuple(because), ground, outside, conditions, found)


def _parts_of(hold: Hold) -> tuple[tuple[Part, ...], ...]:
    return hold.ground, hold.parts, hold.conditions


def _part(kind: str, *rest: Any) -> Part:
    return Part(PartKind(kind), *rest)
