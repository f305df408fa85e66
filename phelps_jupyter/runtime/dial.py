"""What a body tells its supervisor by memory that they share, as often as it likes: how far it is, that it heeds
and has ended, and what it has imported; and what it is told so: that an interrupt is meant for it.

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

ASKED_AT = LOADED_AT + LOADED.size
"""Where it stands that the supervisor interrupts."""
OVER_AT = ASKED_AT + 1
"""Where it stands that the body can be interrupted no more."""


class Dial:
    """Made before the fork, and then the same one for both; or of a file (its descriptor) that both have opened."""

    def __init__(self, file: int = -1) -> None:
        self._page = mmap.mmap(file, mmap.PAGESIZE)
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

    def ask(self) -> None:
        """In the supervisor's: interrupts that come from now on may be its own."""
        self._page[ASKED_AT] = 1

    def heed_if_asked(self, number: int, frame: FrameType | None) -> None:
        """As ``heed``, in a process that others interrupt as well, and mean something else."""
        if self._page[ASKED_AT]:
            self.heed(number, frame)

    def end(self) -> None:
        """In the body's process: it has ended, and what comes next there is not the supervisor's."""
        self._page[OVER_AT] = 1

    @property
    def is_over(self) -> bool:
        """In the supervisor's: an interrupt would reach somebody else."""
        return bool(self._page[OVER_AT])

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
