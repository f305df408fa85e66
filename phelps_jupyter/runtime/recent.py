"""Who was heard of last: attempts, or others with a name. Knows their names, nothing of how they went."""

from __future__ import annotations

from collections.abc import Hashable

MOST = 10_000
"""More than can be open or on their way at once; all that ever were would grow with each."""


class Recent:
    """Names, the latest so many."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._names: dict[Hashable, None] = {}

    def is_new(self, name: Hashable) -> bool:
        """Whether it was not heard of before; it has been, from now on."""
        if name in self._names:
            return False
        self._names[name] = None
        if len(self._names) > self._most:
            del self._names[next(iter(self._names))]
        return True
