"""Cpus of one machine that several kernels want: nobody starves and nothing idles."""

from __future__ import annotations

import random

import pytest

from phelps_jupyter.core.shares import Stake, allowance


@pytest.mark.parametrize(
    ("total", "stakes", "allowed"),
    [
        (2, [Stake(0, 5)], [2]),
        (2, [Stake(2, 5), Stake(0, 5)], [1, 1]),
        (2, [Stake(1, 5), Stake(0, 5)], [1, 1]),
        (2, [Stake(0, 5), Stake(0, 5), Stake(0, 5)], [1, 1, 1]),
        (4, [Stake(0, 1), Stake(0, 9)], [1, 3]),
        (4, [Stake(3, 0), Stake(0, 9)], [2, 1]),
        (4, [Stake(0, 0), Stake(0, 9)], [1, 4]),
        (3, [Stake(0, 9), Stake(0, 9)], [2, 1]),
        (1, [Stake(1, 3), Stake(0, 3)], [1, 1]),
    ],
)
def test_all_get_alike_as_far_as_they_can_use_it(total: int, stakes: list[Stake], allowed: list[int]) -> None:
    assert [allowance(total, stakes, mine) for mine in range(len(stakes))] == allowed


@pytest.mark.parametrize("seed", range(50))
def test_whatever_comes_who_waits_holds_one_and_beyond_that_no_more_is_held_than_there_is(seed: int) -> None:
    dice = random.Random(seed)
    total, kernels = dice.randrange(1, 9), dice.randrange(1, 5)
    held, wanted = [0] * kernels, [0] * kernels
    for _ in range(500):
        mine = dice.randrange(kernels)
        held[mine] -= dice.randint(0, held[mine])
        wanted[mine] = dice.randrange(6)
        wide = [dice.randint(0, many) if dice.random() < 0.5 else 0 for many in wanted]
        stakes = [Stake(*each) for each in zip(held, wanted, wide, (dice.random() for _ in held), strict=True)]
        started = min(wanted[mine], max(0, allowance(total, stakes, mine) - held[mine]))
        held[mine] += started
        wanted[mine] -= started
        assert sum(held) <= total + kernels - 1
        assert held[mine] or not wanted[mine]
        spared = sum(min(1, held[other]) for other in range(kernels) if other != mine)
        assert started <= 1 or sum(held) - spared <= total


@pytest.mark.parametrize(
    ("total", "stakes", "allowed"),
    [
        # It begins when the other holds no more than its one.
        (2, [Stake(2, 5), Stake(0, 2, 2, 7.0)], [1, 1]),
        (2, [Stake(1, 5), Stake(0, 2, 2, 7.0)], [1, 2]),
        # Of two that wait the older goes first; the younger has one meanwhile.
        (4, [Stake(0, 4, 4, 8.0), Stake(0, 4, 4, 7.0)], [1, 4]),
        # What it needs not is shared as ever.
        (8, [Stake(0, 9), Stake(0, 9), Stake(0, 9, 3, 7.0)], [3, 2, 3]),
        # Whose part is enough needs no turn: it waits for what the others hold beyond theirs.
        (4, [Stake(3, 9), Stake(0, 2, 2, 7.0)], [2, 1]),
    ],
)
def test_all_give_way_to_who_has_waited_longest_for_more_than_its_part(
    total: int, stakes: list[Stake], allowed: list[int]
) -> None:
    assert [allowance(total, stakes, mine) for mine in range(len(stakes))] == allowed
