"""What finished runs leave in the kernel's memory: nothing, but for the last of each task."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.events import EngineJoined, EnginesSettled
from phelps_jupyter.core.model import Cell, CellId, Engine, EngineId, Host, HostId, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.ports import Notify
from phelps_jupyter.questions import Questions
from phelps_jupyter.runtime.orders import Frame, Order, Outcome, Started, Stored, Wrote
from phelps_jupyter.session import Session
from phelps_jupyter.surface import Surface

TASKS = 20
BOUND = 0.5
"""Objects that the collector knows, for each run: a run that is kept is ten of them with what hangs on it."""


class PromptEngines:
    """Four engines on which every body prints a line and ends at once. Each makes another value."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self.made = 0

    def start(self) -> None:
        host = Host(HostId("box"), "box", 4, 10**9)
        for number in range(4):
            self._notify(EngineJoined(time.time(), Engine(EngineId(str(number)), host.id), host))
        self._notify(EnginesSettled(time.time()))

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        self.made += 1
        outputs = tuple(Stored(name, f"{self.made:064x}", 8, "int") for name in order.outputs)
        self._notify(Started(order.run, order.attempt))
        self._notify(Wrote(order.run, order.attempt, (Frame("stdout", f"this is {self.made}\n"),)))
        self._notify(Outcome(order.run, order.attempt, "done", outputs=outputs))

    def kill(self, run: int, attempt: int) -> None:
        raise AssertionError((run, attempt))

    def close(self) -> None:
        pass

    def describe(self) -> str:
        return "prompt"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    index = SqliteIndex(str(tmp_path / "state.db"))
    start = Surroundings.at_start(str(tmp_path))
    sights, questions = CellSights(index), Questions(lambda: None)
    surface = Surface(
        "a.ipynb", Namespace({}), start, sights, lambda *_: None, lambda *_: None, questions, headless=False
    )
    found = Session(surface, DiskStore(str(tmp_path)), index, Ledger(str(tmp_path)), PromptEngines)
    found.start()
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
    notebook = Notebook()
    sources = [f"%%task t{place}\nx{place} = {f'x{place - 1}' if place % 5 else '1'}" for place in range(TASKS)]
    notebook.read([Cell(CellId(f"c{place}"), source) for place, source in enumerate(sources)], 0.0)
    graph = notebook.graph()
    session.change_document(graph)
    # The last ten thousand events are kept.
    before = run_all(session, list(graph.tasks), 130)
    after = run_all(session, list(graph.tasks), 50)
    assert isinstance(session.engines, PromptEngines)
    assert session.engines.made == 180 * TASKS
    assert session.notices == []
    assert after - before < BOUND * 50 * TASKS
