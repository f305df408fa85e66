"""Notes on live objects, by identity, that vanish with them. Knows nothing of what is noted."""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Note = TypeVar("Note")


class Remembered(Generic[Thing, Note]):
    """A mapping from objects to notes. By identity: equal code objects may come of different source, and a class's
    hash belongs to its metaclass."""

    def __init__(self) -> None:
        self._notes: dict[int, tuple[weakref.ref[Thing], Note]] = {}

    def note(self, thing: Thing, note: Note) -> None:
        """Note this, in place of what was noted before."""
        key = id(thing)
        self._notes[key] = (weakref.ref(thing, lambda _: self._notes.pop(key, None)), note)

    def get(self, thing: Thing) -> Note | None:
        """What was noted."""
        found = self._notes.get(id(thing))
        return found[1] if found is not None and found[0]() is thing else None
