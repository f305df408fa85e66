"""What kernels that are gone have left: attempts that go on, and results that nobody has recorded.

Knows what their attempts noted; refuses to know who wants the results now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from phelps_jupyter.core.model import Key
from phelps_jupyter.outcomes import record_of_finished
from phelps_jupyter.ports import Index
from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.orders import Frame

EVERY = 0.2
"""Seconds between looks at what attempts that were left do."""


class Estate:
    """Of the kernels on one store. ``keep``: stores what an attempt has written."""

    def __init__(self, store: str, index: Index, keep: Callable[[Sequence[Frame]], str]) -> None:
        self._store = store
        self._index = index
        self._keep = keep
        self._goes_on = True
        """Attempts may be left that have not ended."""
        self._makes: set[object] = set()
        """Their keys, as they were found the last time."""
        self._look_at = 0.0

    def look(self) -> None:
        """A kernel has gone."""
        self._goes_on = True
        self._look_at = 0.0

    def makes(self, key: Key) -> bool:
        """Whether an attempt that goes on makes this result. When none does, what was made is recorded."""
        # Thousands of runs may ask.
        if self._goes_on and time.monotonic() >= self._look_at:
            # In this order: what ends meanwhile is found by one of the two.
            self._makes = {note.get("key") for note in attempts.running(self._store)}
            self.take_over()
            self._goes_on = bool(self._makes)
            self._look_at = time.monotonic() + EVERY
        return key in self._makes

    def take_over(self) -> None:
        """Record what attempts have finished since, and clear away what they left."""
        for finished in attempts.finished(self._store):
            if finished.outcome.kind == "done":
                # What another version of us has noted may be no record: the task runs again.
                with suppress(LookupError, TypeError, ValueError):
                    self._index.add(record_of_finished(finished, self._keep(finished.frames), time.time()))
            attempts.remove(finished.folder)
