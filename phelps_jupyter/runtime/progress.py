"""How far a body is: what ``phelps.progress`` and others count is told for the task that it belongs to.

Knows loops and how to count them; refuses to know who shows it. Where no task runs, nobody listens, and loops go on.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Tell = Callable[[float, "float | None"], None]


class Meter:
    """Of loops within loops, and side by side, the one that began first is told of, until it ends.

    Each step is told: nobody knows how long the next one takes.
    """

    def __init__(self) -> None:
        self._tell: Tell | None = None
        self._loops: list[int] = []

    @property
    def listens(self) -> bool:
        """Somebody wants to know."""
        return self._tell is not None

    def connect(self, tell: Tell) -> None:
        """Tell from now on how much is done, and of how much (None: that is not known)."""
        self._tell = tell
        # Loops outside of a task count as well, and may never end.
        self._loops.clear()

    def disconnect(self) -> None:
        """Nobody wants to know any more."""
        self._tell = None
        self._loops.clear()

    def show(self, loop: int, done: float, total: float | None) -> None:
        """A loop is there, by its number."""
        if loop not in self._loops:
            self._loops.append(loop)
        if self._loops[0] == loop:
            self._say(done, total)

    def end(self, loop: int, done: float, total: float | None) -> None:
        """The loop is over."""
        if loop not in self._loops:
            return
        if self._loops[0] == loop:
            self._say(done, total)
        self._loops.remove(loop)

    def _say(self, done: float, total: float | None) -> None:
        if self._tell is not None:
            # Whoever counts may do so with numbers of numpy's.
            known = total is not None and 0 < total < float("inf")
            self._tell(float(done), float(total) if known and total is not None else None)


METER = Meter()
"""Of this process."""


def progress(iterable: Iterable[T], total: float | None = None) -> Iterator[T]:
    """Go through ``iterable``; inside a task, its card and ``%phelps status`` show how far the loop is.

    ``total``: how many items there are, where the iterable can't tell. Of loops within loops the outermost is shown.
    Outside a task the items just come.

        for path in phelps.progress(paths):
            ...
    """
    if not METER.listens:
        yield from iterable
        return
    if total is None:
        total = operator.length_hint(iterable, -1)
    known, done = (total if total >= 0 else None), 0
    # As long as this is there, nothing else has its number.
    loop = object()
    METER.show(id(loop), done, known)
    try:
        for item in iterable:
            yield item
            done += 1
            METER.show(id(loop), done, known)
    finally:
        METER.end(id(loop), done, known)
