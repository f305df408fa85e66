"""Engines that are stopped or replaced under a session: what is asked for next starts others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from session_kit import PretendEngines, put_cells, session_in

from phelps_jupyter.core.model import EngineId, RunState, TaskName
from phelps_jupyter.ports import Notify
from phelps_jupyter.runtime.orders import Frame, Order, Wrote
from phelps_jupyter.session import Session

TASK = TaskName("t")
HANG = 30.0


class IdleEngines(PretendEngines):
    """They join when they are told to, and take orders without a word."""

    def __init__(self, notify: Notify) -> None:
        super().__init__(notify)
        self.orders: list[Order] = []

    def start(self) -> None:
        pass

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        self.orders.append(order)

    def kill(self, run: int, attempt: int) -> None:
        pass


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    found = session_in(tmp_path, IdleEngines)
    put_cells(found, "%%task t\nx = 1")
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
