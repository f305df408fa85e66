"""All that is reached from some things by going on from each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def closure(first: Iterable[T], following: Callable[[T], Iterable[T]]) -> set[T]:
    """These and all that follow from them, however far. ``following``: what one leads to directly."""
    found: set[T] = set()
    stack = list(first)
    while stack:
        one = stack.pop()
        if one not in found:
            found.add(one)
            stack += following(one)
    return found
