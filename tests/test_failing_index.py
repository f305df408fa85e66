"""What a session does when its database fails in the midst of a run: no run stands still, and nobody waits for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from session_kit import PretendEngines, put_cells, session_in

from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.model import Digest, EngineId, RunState, TaskName
from phelps_jupyter.errors import StoreError
from phelps_jupyter.runtime.orders import Order, Outcome, Stored
from phelps_jupyter.session import Session

TASK = TaskName("t")
HANG = 30.0


class HungryEngines(PretendEngines):
    """Every first attempt is stopped at its memory limit, and every second one ends well."""

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        outputs = tuple(Stored(name, "0" * 64, 8, "int") for name in order.outputs)
        kind: Literal["memory", "done"] = "memory" if order.attempt == 1 else "done"
        self.notify(Outcome(order.run, order.attempt, kind, outputs=outputs, peak_memory=10**8))


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
        made.append(session_in(tmp_path, HungryEngines, kind))
        put_cells(made[0], "%%task t --mem 10MB\nx = 1")
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
