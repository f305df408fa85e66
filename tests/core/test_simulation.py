"""Whatever comes, in whatever order: what must hold holds, and in the end everything has ended as it should.

A seed makes one course of events. Hypothesis draws the seeds; dice choose the steps, more evenly than it would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from books import PLAIN, Place, picture_of
from documents import task
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simulator import Simulation, Slot

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import FailureKind, Resources, RunState, Task, TaskName

NAMES = ["a", "b", "c", "d", "e", "f"]
PLACES = [Place("big", 4, 16), Place("small", 2, 4), Place("gpus", 8, 8, ("0", "1"))]
KINDS = [FailureKind.MEMORY, FailureKind.LOST, FailureKind.TIMEOUT, FailureKind.CODE, FailureKind.OUTPUT]
STEPS = 100


@settings(max_examples=200, derandomize=True, deadline=None, phases=[Phase.generate])
@given(st.integers(0, 2**64 - 1))
def test_whatever_comes(seed):
    weather = Weather(Random(seed))
    for _ in range(STEPS):
        weather.step()
    weather.world.drain()
    weather.world.check_end()
    weather.world.check_kept()
    assert picture_of(Machine.replay(weather.world.events)) == picture_of(weather.world.machine)


@dataclass
class Weather:
    """Throws the dice for what happens next."""

    dice: Random
    world: Simulation = field(default_factory=Simulation)

    def __post_init__(self) -> None:
        self.world.prompt = self.dice.random() < 0.5
        for place in PLACES[: self.dice.randrange(4)]:
            self.world.join(place)
        self.world.change_document([self._declare(name) for name in NAMES])

    def step(self) -> None:
        """One thing happens, if it can."""
        steps: dict[Callable[[], None], int] = {
            self.request: 5,
            self.answer: 9,
            self.succeed: 6,
            self.start: 2,
            self.fail: 2,
            self.lose: 1,
            self.answer_late: 2,
            self.redeclare: 1,
            self.change_setting: 1,
            self.cancel: 1,
            self.wait_for: 1,
            self.join: 2,
            self.leave: 1,
            self.engines_settle: 1,
            self.engines_fail: 1,
        }
        self.dice.choices(list(steps), list(steps.values()))[0]()

    def _one_in(self, count: int) -> bool:
        return self.dice.randrange(count) == 0

    def _live(self) -> Slot | None:
        return self.dice.choice(list(self.world.live)) if self.world.live else None

    def _declare(self, name: str) -> Task:
        """A task that reads some of those above it. Two codes only, so that keys are equal now and then."""
        above = [PLAIN, *NAMES[: NAMES.index(name)]]
        reads = self.dice.sample(above, min(len(above), self.dice.choice([0, 1, 1, 2])))
        after = [self.dice.choice(above[1:])] if len(above) > 1 and self._one_in(4) else []
        plain = task(name, *reads, after=after, always=self._one_in(8), retries=int(self._one_in(3)))
        body = f"out = {self.dice.choice('fg')}({', '.join(sorted(reads))})"
        return replace(
            plain,
            body=body,
            options=replace(plain.options, resources=self._resources()),
            bindings=replace(plain.bindings, code=body),
        )

    def _resources(self) -> Resources:
        return Resources(
            cpus=self.dice.choice([1, 1, 1, 2, 4, "all"]),
            memory=self.dice.choice([None, None, None, 2, 6]),
            label=self.dice.choice([None, None, None, None, None, "gpu", "big"]),
            gpus=self.dice.choice([None, None, None, None, None, 0, 1, 2]),
        )

    def request(self) -> None:
        names = self.dice.sample(NAMES, self.dice.choice([1, 1, 1, 3]))
        self.world.request(names, forced=self._one_in(6), confirm=not self._one_in(3))

    def answer(self) -> None:
        if self._one_in(2):
            self.world.answer_all()
        elif self.world.captures:
            self.world.answer_capture(
                self.dice.choice([RunState.BLOCKED, RunState.FAILED]) if self._one_in(6) else None
            )
        elif self.world.proofs:
            self.world.answer_proof(failing=self._one_in(6))

    def succeed(self) -> None:
        slot = self._live()
        if slot is not None:
            self.world.succeed(slot)

    def start(self) -> None:
        slot = self._live()
        if slot is not None:
            self.world.start(slot)

    def fail(self) -> None:
        slot = self._live()
        if slot is not None:
            self.world.fail(slot, self.dice.choice(KINDS), self.dice.randrange(7))

    def lose(self) -> None:
        """An attempt is lost, and those that follow it."""
        slot = self._live()
        for _ in range(self.dice.randrange(1, 5)):
            for again in [one for one in self.world.live if slot is not None and one[0] == slot[0]]:
                self.world.fail(again, FailureKind.LOST)

    def answer_late(self) -> None:
        if not self.world.ghosts:
            return
        slot = self.dice.choice(self.world.ghosts)
        match self.dice.choice(["start", "succeed", "fail"]):
            case "start":
                self.world.start(slot)
            case "succeed":
                self.world.succeed(slot)
            case "fail":
                self.world.fail(slot, FailureKind.LOST)

    def redeclare(self) -> None:
        new = self._declare(self.dice.choice(NAMES))
        self.world.change_document([new if old.name == new.name else old for old in self.world.tasks.values()])

    def change_setting(self) -> None:
        self.world.change_setting()

    def cancel(self) -> None:
        self.world.cancel(None if self._one_in(3) else self.dice.sample(NAMES, 2))

    def wait_for(self) -> None:
        name = TaskName(self.dice.choice(NAMES))
        self.world.feed(lambda at: ev.Awaited(at, name))

    def join(self) -> None:
        if len(self.world.engines) < 5:
            self.world.join(self.dice.choice(PLACES), frozenset({"gpu"} if self._one_in(2) else ()))

    def leave(self) -> None:
        if self.world.engines:
            self.world.leave(self.dice.choice(list(self.world.engines)))

    def engines_settle(self) -> None:
        self.world.feed(ev.EnginesSettled)

    def engines_fail(self) -> None:
        self.world.starting = False
        self.world.feed(lambda at: ev.EnginesFailed(at, "no such host"))
