"""How kernels share the cpus of a machine: all get alike as far as they can use it; what nobody wants is anybody's.

Each may hold one whatever the others hold: nobody who asks for little waits for hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Stake(NamedTuple):
    """Cpus of one kernel: those that its attempts hold, and how many more it could use now."""

    held: int
    wanted: int


def allowance(total: int, stakes: Sequence[Stake], mine: int) -> int:
    """How many of the ``total`` cpus the kernel with the stake number ``mine`` may hold now.

    ``stakes``: those of all, in the order in which they came.
    """
    entitled = _entitlements(total, [stake.held + stake.wanted for stake in stakes])
    others = [number for number in range(len(stakes)) if number != mine]
    # What others hold is theirs until it ends; what they are entitled to is kept for them.
    free = total - sum(stakes[number].held for number in others)
    unclaimed = total - sum(max(stakes[number].held, entitled[number]) for number in others)
    return max(1, min(free, max(entitled[mine], unclaimed)))


def _entitlements(total: int, wishes: Sequence[int]) -> list[int]:
    """One cpu for each in turn, until all have what they wish or none is left."""
    given = [0] * len(wishes)
    left = min(total, sum(wishes))
    while left:
        for number, wish in enumerate(wishes):
            if left and given[number] < wish:
                given[number] += 1
                left -= 1
    return given
