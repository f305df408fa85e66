"""A store as ``phelps run`` leaves it, made without running: to run 10,000 tasks takes longer than anybody waits.

One small project is really run; its records are the pattern for all others, and the proof that they are right.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from projects import NOTEBOOK, Step, steps, values

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.freshness import key_of
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Ended, Part, PartKind, Record, RunState, Task, TaskName, Version
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.faces.document import read_notebook
from phelps_jupyter.parts import task_parts


def fill(folder: Path, count: int, pattern: Record) -> None:
    """Put the results of all tasks of a folder's notebook into its store. ``pattern``: any record of a real run."""
    graph = _graph(folder)
    place = folder / ".phelps"
    store, index = DiskStore(str(place)), SqliteIndex(str(place / "state.db"))
    known: list[Version] = []
    for step, value in zip(steps(count), values(count), strict=True):
        task = graph.nodes[graph.tasks[TaskName(f"t{step.number}")]].task
        assert task is not None
        known.append(store.put(f"x{step.number}", value))
        index.add(_record(graph, task, step, known, pattern))
        index.note_end(NOTEBOOK, task.name, Ended(RunState.DONE, 1, pattern.engine))
    index.close()


def records(folder: Path, count: int) -> list[Record]:
    """The last record of each task, in order."""
    index = SqliteIndex(str(folder / ".phelps" / "state.db"))
    try:
        found = [index.last(NOTEBOOK, TaskName(f"t{number}")) for number in range(count)]
    finally:
        index.close()
    return [record for record in found if record is not None]


def _graph(folder: Path) -> Graph:
    notebook = Notebook()
    notebook.read(read_notebook(folder / NOTEBOOK).cells, 0.0)
    return notebook.graph()


def _record(graph: Graph, task: Task, step: Step, known: list[Version], pattern: Record) -> Record:
    own = task_parts(graph, task)
    inputs = (
        Part(PartKind.INPUT, f"x{one}", known[one].digest, known[one].summary, f"task:t{one}")
        for one in sorted(step.above, key=str)
    )
    listed = {(part.kind, part.name) for part in own}
    rest = (part for part in pattern.parts if part.kind is not PartKind.INPUT and (part.kind, part.name) not in listed)
    parts = (*own, *inputs, *rest)
    # ``total`` is an output as well: every name that is bound at the top level is.
    total = replace(known[-1], name="total")
    return replace(
        pattern,
        key=key_of(parts),
        task=task.name,
        source=task.body,
        parts=parts,
        outputs=(total, known[-1]),
        at=time.time(),
    )
