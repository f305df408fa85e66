"""How often cards are shown anew: seldom enough for people, and for a session that has other things to do.

Knows the clock; refuses to know what is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY = 0.1
"""Seconds between updates at least: people read no faster, and front ends draw no faster."""
SELDOM = 2.0
"""Seconds between them at most."""
SHARE = 0.1
"""Of the time, the share that goes into updates, where much is to be shown."""


class Pace:
    """``clock``: seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ended_at = 0.0
        self.pause = EVERY
        """Seconds from one update to the next."""

    @property
    def is_due(self) -> bool:
        return self._clock() - self._ended_at >= self.pause

    @contextmanager
    def update(self) -> Iterator[None]:
        """One update: the longer it takes, the later is the next one."""
        began = self._clock()
        try:
            yield
        finally:
            self._ended_at = self._clock()
            self.pause = min(max(EVERY, (self._ended_at - began) / SHARE), SELDOM)
