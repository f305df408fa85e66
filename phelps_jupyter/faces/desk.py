"""A notebook looked at from the shell: its graph, its store and the verdicts on its tasks. Starts no kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.forecast import forecast
from phelps_jupyter.core.freshness import Verdict
from phelps_jupyter.core.graph import Graph, Learned
from phelps_jupyter.core.model import CellId, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.snapshot import TaskView, sources, task_json
from phelps_jupyter.faces.document import read_notebook
from phelps_jupyter.judge import Judge


@dataclass(slots=True)
class Desk:
    """What a reading command needs."""

    path: Path
    folder: Path
    name: str
    graph: Graph
    index: SqliteIndex
    judge: Judge
    places: Mapping[CellId, int]

    @property
    def seconds(self) -> dict[TaskName, float]:
        """How long each task took last time."""
        return self.index.seconds(self.name)

    def body(self, task: TaskName) -> str:
        """The task's code as it is now."""
        declared = self.graph.nodes[self.graph.tasks[task]].task
        assert declared is not None
        return declared.body

    def views(self) -> list[TaskView]:
        """Every task, as its last run in any kernel left it."""
        return [self._view(task) for task in self.graph.tasks]

    def _view(self, task: TaskName) -> TaskView:
        cell = self.graph.tasks[task]
        judged = self.judge.of(task)
        view = TaskView(
            task,
            cell,
            self.graph.nodes[cell].index + 1,
            judged.verdict,
            judged.reasons,
            reads=sources(self.graph, cell),
        )
        told = self.index.ended(self.name, task)
        if told is not None:
            view = replace(view, state=told.state, failure=told.failure, attempts=told.attempts, engine=told.engine)
        record = judged.record or self.index.last(self.name, task)
        if record is None:
            return view
        usage = record.usage
        return replace(view, seconds=usage.seconds, peak_memory=usage.peak_memory, outputs=record.outputs)

    def as_json(self, notebook: str) -> dict[str, Any]:
        """The JSON contract's object."""
        views = self.views()
        judged = self.judge.all()
        cells = [
            {
                "index": self.places[cell],
                "id": cell,
                "task": node.task.name if node.task else None,
                "ran": False,
                "verdict": judged[node.task.name].verdict.value if node.task else None,
                "error": None,
            }
            for cell, node in self.graph.nodes.items()
        ]
        return {
            "notebook": notebook,
            "ok": not any(view.state == "failed" for view in views),
            "tasks": [task_json(view) | {"cell": self.places[view.cell]} for view in views],
            "cells": cells,
            "forecast": self.forecast_json(),
        }

    def forecast_json(self) -> dict[str, object]:
        """What running all that is not fresh would take, by its last runs: seconds at least and at most, bytes."""
        judged = self.judge.all()
        stale = [task for task in self.graph.tasks if judged[task].verdict is not Verdict.FRESH]
        told = forecast(self.graph, stale, self.seconds)
        records = (self.index.last(self.name, task) for task in stale)
        peaks = [record.usage.peak_memory for record in records if record is not None]
        return {
            "seconds": [round(told.least, 3), round(told.most, 3)],
            "peak_memory": max(peaks, default=None),
            "critical_path": list(told.critical_path),
            "unknown": list(told.unknown),
        }

    def close(self) -> None:
        """Close the index."""
        self.index.close()


def open_desk(notebook: Path, store: Path | None) -> Desk:
    """Look at a notebook. Errors: DeclarationError when it can't be read, StoreError."""
    path = notebook.absolute()
    saved = read_notebook(path)
    folder = (store or path.parent / ".phelps").absolute()
    values = DiskStore(str(folder))
    index = SqliteIndex(str(folder / "state.db"))
    book = Notebook()
    book.learned.update({code: Learned(*found) for code, found in index.learned().items()})
    book.read(saved.cells, 0.0)
    graph = book.graph()
    name = os.path.relpath(path, folder.parent)
    now = replace(Surroundings.now(), folder=str(path.parent))
    now = replace(now, path=(str(path.parent), *now.path))
    return Desk(path, folder, name, graph, index, Judge(graph, name, values, index, now), saved.places)
