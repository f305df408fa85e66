"""The engines of one session: made when they are first needed, started, replaced by others.

Knows which engines are in use; refuses to know what runs on them. Its state belongs to the session's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from phelps_jupyter.core.events import EnginesFailed
from phelps_jupyter.ports import Engines, MakeEngines, Notice
from phelps_jupyter.runtime.orders import Wrote
from phelps_jupyter.transcripts import Unread


class EngineRoom:
    """``make``: makes engines; ``put``: hands work to the session's thread; ``hear``: gets there what they report."""

    def __init__(
        self, make: MakeEngines, put: Callable[[Callable[[], None]], None], hear: Callable[[Notice], None]
    ) -> None:
        self._make = make
        self._put = put
        self._hear = hear
        self._written = Unread()
        self.engines: Engines | None = None

    def start(self) -> Engines:
        """Start or find the engines; nothing when they are there."""
        if self.engines is None:
            made: list[Engines] = []
            self.engines = self._make(lambda notice: self._take(made[0], notice))
            made.append(self.engines)
        self.engines.start()
        return self.engines

    def begin(self) -> Sequence[EnginesFailed]:
        """As `start`, for runs that are ready; what keeps engines from starting is told of as they would."""
        try:
            self.start()
        except Exception as error:
            return [EnginesFailed(time.time(), str(error))]
        return []

    def refit(self, make: MakeEngines) -> None:
        """Other engines from now on, once those that are there have been let go."""
        self._make = make

    def let_go(self) -> Engines | None:
        """Those that were there: nothing that they tell counts any more."""
        engines, self.engines = self.engines, None
        return engines

    def read(self, run: int, attempt: int) -> Wrote:
        """All that the attempt has written since the last time."""
        return self._written.read(run, attempt)

    def _take(self, engines: Engines, notice: Notice) -> None:
        """In any thread."""
        if isinstance(notice, Wrote) and not self._written.put(notice):
            return
        self._put(lambda: self._hear(notice) if self.engines is engines else self._written.drop(notice))
