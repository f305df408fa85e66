"""What a session tells other kernels of its cpus, and what it takes from what they tell."""

from __future__ import annotations

import pytest

from phelps_jupyter import sharing
from phelps_jupyter.core.events import EngineJoined, EngineLeft
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    Bindings,
    CellId,
    Engine,
    EngineId,
    Host,
    HostId,
    Options,
    Resources,
    RunId,
    RunState,
    Task,
    TaskName,
)
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.shares import Stake
from phelps_jupyter.errors import StoreError
from phelps_jupyter.sharing import NOTHING, Sharing


class Book:
    """A ledger that answers what it is told to, and notes what it hears."""

    def __init__(self) -> None:
        self.answer: int | None = 4
        self.heard: list[Stake] = []

    def share(self, total: int, stake: Stake) -> int:
        assert total == 4
        self.heard.append(stake)
        if self.answer is None:
            raise StoreError("the disk is full")
        return self.answer

    def leave(self) -> None:
        self.heard.append(NOTHING)


class Wanting(Machine):
    """With so many ready cpus."""

    wants = 0
    waits: Run | None = None

    def wide(self, host: HostId) -> Run | None:
        assert host == "here"
        return self.waits

    def wanted(self, most: int, held: int) -> int:
        assert held == 0
        return min(self.wants, most)


def wide_run(number: int) -> Run:
    task = Task(TaskName("t"), CellId("c"), "", Options(), Bindings())
    return Run(RunId(number), task, {}, frozenset(), Resources(cpus=2), state=RunState.READY)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Wanting:
    monkeypatch.setattr(sharing.host, "cpus", lambda: 4)
    monkeypatch.setattr(sharing.host, "boot", lambda: "here")
    monkeypatch.setattr(sharing, "EVERY", 0.0)
    made = Wanting()
    made.handle(EngineJoined(0.0, Engine(EngineId("0"), HostId("here")), Host(HostId("here"), "box", 16, 1)))
    return made


@pytest.fixture
def said() -> list[Exception]:
    return []


@pytest.fixture
def found(machine: Wanting, said: list[Exception]) -> tuple[Sharing, Book]:
    del machine
    book = Book()
    return Sharing(book, said.append), book


def allowed(found: Sharing, machine: Machine) -> int | None:
    event = found.look(machine)
    return None if event is None else event.cpus


def test_who_wants_nothing_may_begin_one_at_once(found: tuple[Sharing, Book], machine: Wanting) -> None:
    ours, book = found
    assert [allowed(ours, machine), allowed(ours, machine)] == [1, None]
    assert (book.heard, ours.patience()) == ([], None)


def test_what_changes_is_told_and_with_the_whole_machine_all_engines_are_ours(
    found: tuple[Sharing, Book], machine: Wanting
) -> None:
    ours, book = found
    machine.wants = 20
    told = []
    for book.answer in (4, 4, 2, 1, 4):
        told.append(allowed(ours, machine))
    assert told == [16, None, 2, 1, 16]
    assert book.heard[-1] == Stake(0, 4)
    machine.wants = 0
    assert allowed(ours, machine) == 1
    assert book.heard[-1] == NOTHING


def test_between_two_looks_nothing_is_asked(
    found: tuple[Sharing, Book], machine: Wanting, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, book = found
    monkeypatch.setattr(sharing, "EVERY", 60.0)
    machine.wants = 1
    assert [allowed(ours, machine), allowed(ours, machine)] == [16, None]
    patience = ours.patience()
    assert patience is not None
    assert 0 < patience <= 60
    assert len(book.heard) == 1


def test_without_engines_on_this_machine_nothing_is_shared(found: tuple[Sharing, Book], machine: Wanting) -> None:
    ours, book = found
    machine.wants = 3
    ours.look(machine)
    machine.handle(EngineLeft(0.0, EngineId("0"), "closed"))
    assert ours.look(machine) is None
    assert book.heard[-1] == NOTHING
    machine.handle(EngineJoined(0.0, Engine(EngineId("1"), HostId("here")), Host(HostId("here"), "box", 16, 1)))
    assert allowed(ours, machine) == 16


def test_a_run_of_several_cpus_is_told_with_the_time_since_one_waits(
    machine: Wanting, found: tuple[Sharing, Book], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, book = found
    now = iter(range(10, 1000))
    monkeypatch.setattr(sharing.time, "monotonic", lambda: float(next(now)))
    first, second = wide_run(1), wide_run(2)
    machine.wants, told = 2, []
    for machine.waits in (first, second, first, None, first):
        ours.look(machine)
        told.append((book.heard[-1].wide, book.heard[-1].since) if book.heard else None)
    assert told[0] is not None
    assert told[0][0] == 2
    # A more urgent one that comes later takes the place of the first in line.
    assert told[1] == told[2] == told[0]
    assert told[3] == (0, 0.0)
    assert told[4] is not None
    assert told[4][1] > told[0][1]
    first.state = RunState.RUNNING
    machine.waits = second
    ours.look(machine)
    assert book.heard[-1].since > told[4][1]


def test_without_a_ledger_all_is_ours_and_that_is_said_once(
    found: tuple[Sharing, Book], machine: Wanting, said: list[Exception]
) -> None:
    ours, book = found
    book.answer, machine.wants = None, 3
    assert [allowed(ours, machine), allowed(ours, machine)] == [16, None]
    assert [str(error) for error in said] == ["the disk is full"]


def test_who_leaves_leaves_once(found: tuple[Sharing, Book], machine: Wanting) -> None:
    ours, book = found
    machine.wants = 3
    ours.look(machine)
    ours.leave()
    ours.leave()
    assert book.heard == [Stake(0, 3), NOTHING]
