"""What a session does when its database fails in the midst of a run: no run stands still, and nobody waits for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.events import EngineJoined, EnginesSettled
from phelps_jupyter.core.model import Cell, CellId, Digest, Engine, EngineId, Host, HostId, RunState, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Notify
from phelps_jupyter.questions import Questions
from phelps_jupyter.runtime.orders import Order, Outcome, Stored
from phelps_jupyter.session import Session
from phelps_jupyter.surface import Surface

TASK = TaskName("t")
HANG = 30.0


class HungryEngines:
    """One engine, on which every first attempt is stopped at its memory limit, and every second one ends well."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify

    def start(self) -> None:
        host = Host(HostId("box"), "box", 1, 10**9)
        self._notify(EngineJoined(time.time(), Engine(EngineId("0"), host.id), host))
        self._notify(EnginesSettled(time.time()))

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        outputs = tuple(Stored(name, "0" * 64, 8, "int") for name in order.outputs)
        kind: Literal["memory", "done"] = "memory" if order.attempt == 1 else "done"
        self._notify(Outcome(order.run, order.attempt, kind, outputs=outputs, peak_memory=10**8))

    def kill(self, run: int, attempt: int) -> None:
        raise AssertionError((run, attempt))

    def close(self) -> None:
        pass

    def describe(self) -> str:
        return "hungry"


class Unreadable(SqliteIndex):
    """Of memory it tells nothing."""

    def memory(self, code: Digest) -> int | None:
        raise StoreError(f"the database can't be read: {code}")


class Full(SqliteIndex):
    """Of memory it keeps nothing."""

    def remember_memory(self, code: Digest, nbytes: int) -> None:
        raise StoreError(f"the disk is full: {code} {nbytes}")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[[type[SqliteIndex]], Session]]:
    made: list[Session] = []

    def make(kind: type[SqliteIndex]) -> Session:
        index = kind(str(tmp_path / "state.db"))
        start, sights, asked = Surroundings.at_start(str(tmp_path)), CellSights(index), Questions(lambda: None)
        shown: Callable[..., None] = lambda *_: None  # noqa: E731
        surface = Surface("a.ipynb", Namespace({}), start, sights, shown, shown, asked, headless=False)
        made.append(Session(surface, DiskStore(str(tmp_path)), index, Ledger(str(tmp_path)), HungryEngines))
        made[0].start()
        notebook = Notebook()
        notebook.read([Cell(CellId("c"), "%%task t --mem 10MB\nx = 1")], 0.0)
        made[0].change_document(notebook.graph())
        return made[0]

    yield make
    for each in made:
        each.close(kill=True)


def ended(session: Session) -> RunState | None:
    """How the task's run ends."""
    session.request([TASK])
    until = time.monotonic() + HANG
    while not session.call(lambda: session.machine.runs.latest and not any(session.machine.runs.open.values())):
        assert time.monotonic() < until, session.notices
    return session.view(TASK).state


def test_a_run_whose_memory_can_not_be_looked_up_fails(session: Callable[[type[SqliteIndex]], Session]) -> None:
    made = session(Unreadable)
    assert ended(made) is RunState.FAILED
    failure = made.view(TASK).failure
    assert failure is not None
    assert "the database can't be read" in failure.message


def test_a_run_whose_memory_can_not_be_noted_gives_its_key_back(
    session: Callable[[type[SqliteIndex]], Session],
) -> None:
    made = session(Full)
    assert ended(made) is RunState.DONE
    run = made.latest(TASK)
    assert run is not None
    assert run.key is not None
    assert made.index.claim(run.key, "another kernel", time.time()) == "another kernel"
    assert ["the disk is full" in notice for notice in made.notices] == [True]
