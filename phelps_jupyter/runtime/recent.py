"""The attempts that were heard of last. Knows their numbers, nothing of how they went."""

from __future__ import annotations

MOST = 10_000
"""More than can be open or on their way at once; all that ever were would grow with each."""


class Recent:
    """Numbers of attempts, the latest so many."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._numbers: dict[tuple[int, int], None] = {}

    def is_new(self, number: tuple[int, int]) -> bool:
        """Whether it was not heard of before; it has been, from now on."""
        if number in self._numbers:
            return False
        self._numbers[number] = None
        if len(self._numbers) > self._most:
            del self._numbers[next(iter(self._numbers))]
        return True
