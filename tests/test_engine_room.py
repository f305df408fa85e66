"""Engines that are stopped or replaced under a session: what is asked for next starts others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.events import EngineJoined, EnginesSettled
from phelps_jupyter.core.model import Cell, CellId, Engine, EngineId, Host, HostId, RunState, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.ports import Notify
from phelps_jupyter.questions import Questions
from phelps_jupyter.runtime.orders import Frame, Order, Wrote
from phelps_jupyter.session import Session
from phelps_jupyter.surface import Surface

TASK = TaskName("t")
HANG = 30.0


class IdleEngines:
    """One engine, which joins when it is told to, and takes orders without a word."""

    def __init__(self, notify: Notify) -> None:
        self.notify = notify
        self.orders: list[Order] = []

    def start(self) -> None:
        pass

    def join(self) -> None:
        host = Host(HostId("box"), "box", 1, 10**9)
        self.notify(EngineJoined(time.time(), Engine(EngineId("0"), host.id), host))
        self.notify(EnginesSettled(time.time()))

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        self.orders.append(order)

    def kill(self, run: int, attempt: int) -> None:
        pass

    def close(self) -> None:
        pass

    def describe(self) -> str:
        return "idle"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    index = SqliteIndex(str(tmp_path / "state.db"))
    start = Surroundings.at_start(str(tmp_path))
    sights, questions = CellSights(index), Questions(lambda: None)
    surface = Surface(
        "a.ipynb", Namespace({}), start, sights, lambda *_: None, lambda *_: None, questions, headless=False
    )
    found = Session(surface, DiskStore(str(tmp_path)), index, Ledger(str(tmp_path)), IdleEngines)
    found.start()
    notebook = Notebook()
    notebook.read([Cell(CellId("c"), "%%task t\nx = 1")], 0.0)
    found.change_document(notebook.graph())
    yield found
    found.close(kill=True)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end


def engines_for(session: Session) -> IdleEngines:
    """The task is asked for; the engines that it has started."""
    session.request([TASK])
    until(lambda: session.call(lambda: session.engines) is not None)
    assert isinstance(session.engines, IdleEngines)
    return session.engines


def test_engines_that_were_stopped_while_they_started_are_started_again(session: Session) -> None:
    first = engines_for(session)
    session.stop_engines()
    second = engines_for(session)
    assert second is not first
    second.join()
    until(lambda: session.view(TASK).state is RunState.SUBMITTED)


def test_nothing_is_kept_of_what_engines_say_that_were_replaced(session: Session) -> None:
    first = engines_for(session)
    first.join()
    until(lambda: first.orders)
    session.replace_engines(IdleEngines)
    (order,) = first.orders
    first.notify(Wrote(order.run, order.attempt, (Frame("stdout", "late"),)))
    session.call(lambda: None)
    assert not session._room._written
