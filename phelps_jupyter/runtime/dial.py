"""What a body tells its supervisor by memory that they share, as often as it likes: how far it is, that it heeds,
and what it has imported.

Knows numbers; refuses to know what is counted.
"""

from __future__ import annotations

import mmap
import signal
import struct
from collections.abc import Iterable
from types import FrameType

FORM = struct.Struct("<QddQ")
"""How often it was set, how much is done, of how much (less than none: not known), and how often again."""
HEEDED = FORM.size
"""Where it stands whether an interrupt was heeded."""
LOADED = struct.Struct("<Q")
LOADED_AT = HEEDED + 8
"""Where it stands which libraries the body has imported by itself: a bit for each."""


class Dial:
    """Made before the fork, and then the same one for both."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._count = 0

    def set(self, done: float, total: float | None) -> None:
        """In the body's process."""
        self._count += 1
        FORM.pack_into(self._page, 0, self._count, done, -1.0 if total is None else total, self._count)

    def read(self) -> tuple[float, float | None] | None:
        """In the supervisor's: how much is done and of how much, if that was set since the last time."""
        begun, done, total, ended = FORM.unpack_from(self._page)
        if begun != ended or ended == self._count:
            # What is being set at this moment is there the next time.
            return None
        self._count = ended
        return done, None if total < 0 else total

    def heed(self, number: int, frame: FrameType | None) -> None:
        """In the body's process: a handler of SIGINT, which raises KeyboardInterrupt."""
        self._page[HEEDED] = 1
        signal.default_int_handler(number, frame)

    @property
    def heeded(self) -> bool:
        """In the supervisor's: whether an interrupt has reached the body's Python code."""
        return bool(self._page[HEEDED])

    def tell_loaded(self, numbers: Iterable[int]) -> None:
        """In the body's process: it has imported the libraries of these numbers."""
        LOADED.pack_into(self._page, LOADED_AT, sum(1 << number for number in numbers))

    @property
    def loaded(self) -> list[int]:
        """In the supervisor's: their numbers."""
        (bits,) = LOADED.unpack_from(self._page, LOADED_AT)
        return [number for number in range(LOADED.size * 8) if bits >> number & 1]

    def close(self) -> None:
        self._page.close()
