"""How kernels share the cpus of a machine: all get alike as far as they can use it; what nobody wants is anybody's.

Each may hold one whatever the others hold: nobody who asks for little waits for hours. And a run that takes more at
once than its kernel's part has its turn: of such runs, the one that has waited longest is given way by all others,
down to their one cpu each, until it has begun: nobody who asks for much waits for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Stake(NamedTuple):
    """Cpus of one kernel: those that its attempts hold, and how many more it could use now."""

    held: int
    wanted: int
    wide: int = 0
    """Of those wanted, what one run takes at once that waits for nothing else; 0: none does."""
    since: float = 0.0
    """When that run began to wait, on a clock that all kernels share."""


def allowance(total: int, stakes: Sequence[Stake], mine: int) -> int:
    """How many of the ``total`` cpus the kernel with the stake number ``mine`` may hold now.

    ``stakes``: those of all, in the order in which they came.
    """
    turn = _turn(total, stakes)
    entitled = _entitlements(total, stakes, turn)
    others = [number for number in range(len(stakes)) if number != mine]
    # What others hold is theirs until it ends; what they are entitled to is kept for them. Whose turn it is needs not
    # wait for the one cpu that each of them may hold at any time: they could go on with it for ever.
    spared = 1 if mine == turn else 0
    free = total - sum(max(0, stakes[number].held - spared) for number in others)
    unclaimed = total - sum(max(stakes[number].held, entitled[number]) for number in others)
    return max(1, min(free, max(entitled[mine], unclaimed)))


def _turn(total: int, stakes: Sequence[Stake]) -> int | None:
    """The kernel whose run all others give way to."""
    fair = _entitlements(total, stakes, None)
    waiting = [number for number, stake in enumerate(stakes) if stake.wide and stake.held + stake.wide > fair[number]]
    return min(waiting, key=lambda number: (stakes[number].since, number), default=None)


def _entitlements(total: int, stakes: Sequence[Stake], turn: int | None) -> list[int]:
    """One cpu more for who has least, until all have what they wish or none is left. Before that ``turn`` has what it
    takes, and each other its one."""
    wishes = [stake.held + stake.wanted for stake in stakes]
    given = [0] * len(wishes)
    if turn is not None:
        given = [min(1, wish) for wish in wishes]
        given[turn] = min(total, stakes[turn].held + stakes[turn].wide)
    left = total - sum(given)
    while left > 0 and (short := [number for number, wish in enumerate(wishes) if given[number] < wish]):
        given[min(short, key=lambda number: given[number])] += 1
        left -= 1
    return given
