"""``phelps run``: parameters in, a headless run with its progress told, the executed notebook and the report out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from rich.console import Console
from rich.live import Live as LiveDisplay
from rich.table import Table

from phelps_jupyter.core.model import RunState
from phelps_jupyter.core.snapshot import Progress as Counted
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces.cards import GLYPHS, progress_words
from phelps_jupyter.faces.headless import Executed, Request, execute

_PRIVATE = ("frames", "traceback", "cell_id", "because")
"""What the kernel tells beyond the JSON contract."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run."""

    notebook: NotebookNode
    executed: Executed
    seconds: float

    @property
    def ok(self) -> bool:
        """Every task ended well and every plain cell ran."""
        cells = all(error is None for error in self.executed.cells.values())
        return (
            cells
            and not self.executed.interrupted
            and all(task["state"] in ("done", "reused") for task in self._asked())
        )

    def _asked(self) -> list[dict[str, Any]]:
        return [task for task in self.executed.tasks if task["state"] is not None]

    def write(self, path: Path) -> None:
        """Write the executed notebook. Errors: DeclarationError when it can't be written."""
        try:
            nbformat.write(self.notebook, path)
        except OSError as error:
            raise DeclarationError(f"{path}: the notebook could not be written: {error.strerror}") from error

    def as_json(self, notebook: str) -> dict[str, Any]:
        """The JSON contract's object."""
        places = {cell.id: index for index, cell in enumerate(self.notebook.cells)}
        tasks = [
            {name: value for name, value in task.items() if name not in _PRIVATE} | {"cell": places[task["cell_id"]]}
            for task in self.executed.tasks
        ]
        named = {task["cell_id"]: task for task in self.executed.tasks}
        cells = [
            {
                "index": places[cell.id],
                "id": cell.id,
                "task": named[cell.id]["name"] if cell.id in named else None,
                "ran": named[cell.id]["ran"] if cell.id in named else cell.id in self.executed.cells,
                "verdict": named[cell.id]["verdict"] if cell.id in named else None,
                "error": self.executed.cells.get(cell.id),
            }
            for cell in self.notebook.cells
            if cell.cell_type == "code"
        ]
        return {"notebook": notebook, "ok": self.ok, "seconds": round(self.seconds, 3), "tasks": tasks, "cells": cells}


def run_notebook(
    path: Path,
    store: Path,
    cluster: str,
    tasks: tuple[str, ...] | None,
    forced: bool,
    parameters: Mapping[str, object],
    console: Console,
) -> Report:
    """Run a notebook headless. Errors: DeclarationError, RunError."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its JSON reader does
        raise DeclarationError(f"{path}: this notebook can't be read: {error}") from error
    for place, cell in enumerate(notebook.cells):
        # Formats before 4.5 have no ids.
        cell.setdefault("id", f"cell-{place}")
    inject(notebook, parameters)
    begun = time.monotonic()
    with Progress(console) as progress:
        executed = execute(notebook, Request(path, store, cluster, tasks, forced), progress.tell)
    report = Report(notebook, executed, time.monotonic() - begun)
    _say(report, console)
    return report


def inject(notebook: NotebookNode, parameters: Mapping[str, object]) -> None:
    """Put a cell with the parameters below the one tagged ``parameters``, or on top; an earlier one is replaced."""
    if not parameters:
        return
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    cell = nbformat.v4.new_code_cell("\n".join(["# Parameters", *lines]), metadata={"tags": ["injected-parameters"]})
    cell.id = "injected-parameters"
    notebook.cells = [old for old in notebook.cells if "injected-parameters" not in old.metadata.get("tags", ())]
    tagged = [place for place, old in enumerate(notebook.cells) if "parameters" in old.metadata.get("tags", ())]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


class Progress:
    """Tells how tasks go on: a live table on a terminal, else a line for each change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._begun = time.monotonic()
        self._live = LiveDisplay(console=console, refresh_per_second=8) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._live is not None:
            self._live.stop()

    def tell(self, task: str, state: str | None, progress: Mapping[str, float] | None = None) -> None:
        """A task's state and how far it is, whether that is new or not."""
        if state is None:
            return
        told = f"{GLYPHS[RunState(state)]} {state}"
        shown = f"{told}, {progress_words(Counted(**progress))}" if progress else told
        is_new = self._told.get(task) != state
        self._told[task], self._shown[task] = state, shown
        if self._live is not None:
            self._live.update(self._table())
        elif is_new and state not in ("waiting", "ready", "submitted"):
            self._console.print(f"{time.monotonic() - self._begun:6.1f} s  {GLYPHS[RunState(state)]} {task} {state}")

    def _table(self) -> Table:
        table = Table("task", "state", box=None, pad_edge=False)
        for task, shown in self._shown.items():
            table.add_row(task, shown)
        return table


def _say(report: Report, console: Console) -> None:
    counts: dict[str, int] = {}
    for task in report.executed.tasks:
        counts[task["state"] or "not run"] = counts.get(task["state"] or "not run", 0) + 1
        if task["state"] in ("failed", "skipped", "blocked", "cancelled"):
            console.print(f"  {task['name']} {task['state']}: {task['because']}", markup=False, soft_wrap=True)
    for cell, error in report.executed.cells.items():
        if error is not None and not any(task["cell_id"] == cell for task in report.executed.tasks):
            place = 1 + next(place for place, found in enumerate(report.notebook.cells) if found.id == cell)
            console.print(f"  cell {place}: {error}", markup=False, soft_wrap=True)
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    console.print(
        f"{told or 'no tasks'} in {report.seconds:.1f} s" + (" (interrupted)" if report.executed.interrupted else "")
    )
