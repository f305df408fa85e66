"""Signs of a zygote's life, for those who can't ask its machine: the time of a file in its folder.

Knows that file; refuses to know who looks at it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

EVERY = 10.0
"""Seconds between two of them."""


class Signs:
    """Of the zygote in this folder."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "pid")
        self._next = 0.0

    def give(self) -> None:
        """One, when it is time."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY
            # Whoever has started us writes it, and may not have done so yet.
            with suppress(OSError):
                os.utime(self._path)
