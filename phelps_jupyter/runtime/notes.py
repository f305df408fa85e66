"""What a body was noticed to do with files, one Note each, in order; also what it did in processes that it forked.

Knows no rules: what follows from the notes is said elsewhere.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from phelps_jupyter.runtime.sights import Stamp


class Act(StrEnum):
    """What was done to a path."""

    READ = "read"
    """``stamp``: of the file when it was opened."""
    SECURED = "secured"
    """What was read is about to be changed by the body; ``text``: its digest until then, empty if it had changed."""
    FOUND = "found"
    """Its existence was looked up; ``text``: ``file``, ``folder`` or ``absent``."""
    LISTED = "listed"
    """``names``: what the folder held."""
    WROTE = "wrote"
    """``stamp``: of the file before, if there was one."""
    MADE = "made"
    """A folder."""
    REMOVED = "removed"
    """``text``: what was there, as with FOUND."""
    MOVED = "moved"
    """A folder was put here, with all that it held."""
    HANDED = "handed"
    """Its name was given to something that can't be watched; ``stamp``: of the file then; ``text``: as with FOUND."""
    UNWATCHED = "unwatched"
    """``text``: what may have read files unseen."""


Fields = tuple[int, Act, str, Stamp | None, str, tuple[str, ...]]
"""Those of a Note."""


class Note(NamedTuple):
    """One thing done. ``at``: the machine's monotonic clock, which all processes share."""

    at: int
    act: Act
    name: str
    stamp: Stamp | None = None
    text: str = ""
    names: tuple[str, ...] = ()


class Book:
    """The notes of one body: in memory, and in a file those of the processes that it forks."""

    def __init__(self, path: str) -> None:
        self._path = path
        # Plain: a named tuple takes four times as long to make.
        self._notes: list[Fields] = []
        self._forked = False
        self._making = os.O_CREAT

    def move(self, path: str) -> None:
        """The file is to be another one. Processes that are left of this body when the next one runs find none."""
        self._path = path
        self._making = 0

    def begin_anew(self) -> None:
        """What was noted is forgotten."""
        self._notes.clear()
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        if not self._making:
            with open(self._path, "wb"):
                pass

    def watch_forks(self) -> None:
        """From now on: it can't be taken back."""
        os.register_at_fork(after_in_child=self._begin_in_fork)

    def add(self, act: Act, name: str, stamp: Stamp | None = None, text: str = "", names: tuple[str, ...] = ()) -> None:
        note = (time.monotonic_ns(), act, name, stamp, text, names)
        if self._forked:
            self._send(note)
        else:
            self._notes.append(note)

    def notes(self) -> list[Note]:
        """All of them, in order."""
        with suppress(FileNotFoundError), open(self._path, encoding="ascii") as file:
            sent = (_read(line) for line in file)
            return sorted([*map(Note._make, self._notes), *(note for note in sent if note is not None)])
        return [*map(Note._make, self._notes)]

    def _begin_in_fork(self) -> None:
        self._forked = True

    def _send(self, note: Fields) -> None:
        # Opened each time: a process may close what it doesn't know, and then the number stands for a file of its own.
        file = os.open(self._path, os.O_WRONLY | self._making | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, json.dumps(note).encode() + b"\n")
        finally:
            os.close(file)


def _read(line: str) -> Note | None:
    try:
        at, act, name, stamp, text, names = json.loads(line)
    except ValueError:
        # Its process was killed in the middle of it.
        return None
    return Note(
        at, Act(act), name, None if stamp is None else (stamp[0], stamp[1], stamp[2], stamp[3]), text, tuple(names)
    )
