"""The engines of one session: made when they are first needed, started, replaced by others.

Knows which engines are in use; refuses to know what runs on them. Its state belongs to the session's thread.
"""

from __future__ import annotations

from collections.abc import Callable

from phelps_jupyter.ports import Engines, Notice, Notify

Hear = Callable[[Notice, Callable[[], bool]], None]
"""Is given a notice, in any thread, and what tells, in the session's thread, whether it still counts."""


class EngineRoom:
    """``make``: makes engines; ``hear``: is told what they report."""

    def __init__(self, make: Callable[[Notify], Engines], hear: Hear) -> None:
        self._make = make
        self._hear = hear
        self.engines: Engines | None = None

    def start(self) -> Engines:
        """Start or find the engines; nothing when they are there."""
        if self.engines is None:
            made: list[Engines] = []
            self.engines = self._make(lambda notice: self._hear(notice, lambda: self.engines is made[0]))
            made.append(self.engines)
        self.engines.start()
        return self.engines

    def refit(self, make: Callable[[Notify], Engines]) -> None:
        """Other engines from now on, once those that are there have been let go."""
        self._make = make

    def let_go(self) -> Engines | None:
        """Those that were there: nothing that they tell counts any more."""
        engines, self.engines = self.engines, None
        return engines
