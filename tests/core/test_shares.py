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
        stakes = list(map(Stake, held, wanted))
        started = min(wanted[mine], max(0, allowance(total, stakes, mine) - held[mine]))
        held[mine] += started
        wanted[mine] -= started
        assert sum(held) <= total + kernels - 1
        assert held[mine] or not wanted[mine]
        assert started <= 1 or sum(held) <= total
