"""What finished runs leave in the kernel's memory: nothing, but for the last of each task."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from session_kit import PretendEngines, put_cells, session_in

from phelps_jupyter.core.model import EngineId, TaskName
from phelps_jupyter.ports import Notify
from phelps_jupyter.runtime.orders import Frame, Order, Outcome, Started, Stored, Wrote
from phelps_jupyter.session import Session

TASKS = 20
BOUND = 0.5
"""Objects that the collector knows, for each run: a run that is kept is ten of them with what hangs on it."""


class PromptEngines(PretendEngines):
    """Every body prints a line and ends at once. Each makes another value."""

    cpus = 4

    def __init__(self, notify: Notify) -> None:
        super().__init__(notify)
        self.made = 0

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        self.made += 1
        outputs = tuple(Stored(name, f"{self.made:064x}", 8, "int") for name in order.outputs)
        self.notify(Started(order.run, order.attempt))
        self.notify(Wrote(order.run, order.attempt, (Frame("stdout", f"this is {self.made}\n"),)))
        self.notify(Outcome(order.run, order.attempt, "done", outputs=outputs))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    found = session_in(tmp_path, PromptEngines)
    yield found
    found.close(kill=True)


def run_all(session: Session, tasks: Sequence[TaskName], times: int) -> int:
    """Force every task to run, so often; returns how many objects the collector knows afterwards."""
    for _ in range(times):
        session.request(tasks, forced=True)
        while session.call(lambda: any(session.machine.runs.open.values())):
            pass
    gc.collect()
    return len(gc.get_objects())


def test_thousands_of_finished_runs_leave_nothing_in_memory(session):
    sources = [f"%%task t{place}\nx{place} = {f'x{place - 1}' if place % 5 else '1'}" for place in range(TASKS)]
    put_cells(session, *sources)
    tasks = [TaskName(f"t{place}") for place in range(TASKS)]
    # The last ten thousand events are kept.
    before = run_all(session, tasks, 130)
    after = run_all(session, tasks, 50)
    assert isinstance(session.engines, PromptEngines)
    assert session.engines.made == 180 * TASKS
    assert session.notices == []
    assert after - before < BOUND * 50 * TASKS
