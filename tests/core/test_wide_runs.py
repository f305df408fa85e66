"""Wide runs and narrow ones of kernels that share a machine: whoever waits begins, and no more is held than may be."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from documents import engine, task

from phelps_jupyter.core.model import HostId, Resources, RunId
from phelps_jupyter.core.placement import Fleet, Slot
from phelps_jupyter.core.ready import ReadyRuns
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.shares import Stake, allowance

ONE = Resources(cpus=1)


@dataclass(eq=False)
class Kernel:
    """One kernel, as far as it places runs. ``always``: as long as it lives there are so many of these ready."""

    total: int
    always: dict[Resources, int]
    length: float = 1.0
    ready: ReadyRuns = field(default_factory=ReadyRuns)
    fleet: Fleet = field(default_factory=Fleet)
    ends: dict[Slot, float] = field(default_factory=dict)
    waiting: dict[RunId, tuple[float, Run]] = field(default_factory=dict)
    waited: list[tuple[Resources, float]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    wide: tuple[Run | None, float] = (None, 0.0)

    def __post_init__(self) -> None:
        for number in range(self.total):
            joined = engine(str(number), host="box", cpus=self.total)
            self.fleet.join(joined.engine, joined.host)

    @property
    def host(self) -> HostId:
        return next(iter(self.fleet.rooms))

    @property
    def held(self) -> int:
        return self.fleet.rooms[self.host].cpus_held

    def ask(self, needs: Resources, at: float) -> None:
        run = Run(RunId(next(self.numbers)), task("t"), {}, frozenset(), needs)
        run.seconds, run.ready_at = self.length, at
        self.waiting[run.id] = at, run
        self.ready.add(run)

    def stake(self, at: float) -> Stake:
        run = self.ready.wide(self.fleet.rooms[self.host])
        if run is not self.wide[0]:
            self.wide = run, at
        cpus = 0 if run is None else self.total if run.resources.cpus == "all" else run.resources.cpus
        return Stake(self.held, self.ready.wanted(self.total, self.held), cpus, self.wide[1])

    def step(self, at: float, allowed: int, lengths: random.Random) -> None:
        self.fleet.allow(self.host, allowed)
        for run, _ in self.ready.place_on(self.fleet, at):
            came, _ = self.waiting.pop(run.id)
            self.waited.append((run.resources, at - came))
            self.ends[run.id, run.attempt] = at + self.length * lengths.uniform(0.5, 1.5)

    def end(self, at: float) -> None:
        for slot in [slot for slot, end in self.ends.items() if end <= at]:
            del self.ends[slot]
            self.fleet.release(slot)
        for needs, many in self.always.items():
            there = sum(run.resources == needs for _, run in self.waiting.values())
            for _ in range(many - there):
                self.ask(needs, at)


def play(total: int, *kernels: Kernel, seconds: float = 300.0, seed: int = 0) -> None:
    """Each looks ten times a second what it may hold, one after the other."""
    dice = random.Random(seed)
    for step in range(int(seconds * 10)):
        at = step / 10
        for mine, kernel in enumerate(kernels):
            kernel.end(at)
            allowed = allowance(total, [one.stake(at) for one in kernels], mine)
            kernel.step(at, allowed, dice)
            assert sum(one.held for one in kernels) <= total + len(kernels) - 1


def waits(kernel: Kernel, needs: Resources, until: float = 300.0) -> list[float]:
    """How long runs of this kind waited, those too that still do."""
    open_ = [until - came for came, run in kernel.waiting.values() if run.resources == needs]
    return [waited for asked, waited in kernel.waited if asked == needs] + open_


@pytest.mark.parametrize("cpus", [2, "all"])
def test_a_wide_run_begins_soon_beside_a_kernel_that_never_ends(cpus: int | str) -> None:
    wide = Resources(cpus=cpus)  # type: ignore[arg-type]
    busy, other = Kernel(2, {ONE: 5}), Kernel(2, {})
    other.ask(wide, 0.0)
    play(2, busy, other)
    assert max(waits(other, wide)) <= 3.0
    assert len(busy.waited) > 250


@pytest.mark.parametrize("total", [2, 3, 4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_wide_runs_of_two_kernels_go_in_turns_among_narrow_ones(total: int, seed: int) -> None:
    wide = Resources(cpus="all")
    kernels = [Kernel(total, {ONE: total}, 0.5), Kernel(total, {ONE: total, wide: 1}, 0.5), Kernel(total, {wide: 2})]
    play(total, *kernels, seed=seed)
    assert max(waits(kernels[1], wide) + waits(kernels[2], wide)) <= 40.0
    assert min(len(kernel.waited) for kernel in kernels) > 80


def test_a_kernel_with_narrow_runs_of_its_own_lets_its_wide_one_begin_too() -> None:
    wide = Resources(cpus=2)
    busy, other = Kernel(2, {ONE: 5}), Kernel(2, {ONE: 5})
    other.ask(wide, 0.0)
    play(2, busy, other)
    assert max(waits(other, wide)) <= 30.0


def test_who_waits_for_what_it_holds_itself_takes_nothing_from_others() -> None:
    wide = Resources(cpus="all")
    busy, other = Kernel(4, {ONE: 9}), Kernel(4, {}, length=1e6)
    other.ask(ONE, 0.0)
    play(4, busy, other, seconds=0.1)
    other.ask(wide, 0.0)
    play(4, busy, other, seconds=10.0)
    assert busy.held == 3
