"""Cells to be put beside a task's: they show what it reads, or run its body under the debugger. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, ModuleType

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, TaskName
from phelps_jupyter.errors import DeclarationError

CODE = (ModuleType, FunctionType, BuiltinFunctionType, type)
"""What a task reads of these is no data to look at."""


@dataclass(frozen=True, slots=True)
class ReadyCell:
    """A cell to be put beside another one."""

    beside: CellId
    above: bool
    source: str


def ready_cell(graph: Graph, task: TaskName, what: str, bound: Mapping[str, object]) -> ReadyCell:
    """``what``: inputs or debug; ``bound``: the kernel's names. Errors: DeclarationError."""
    cell = graph.tasks.get(task)
    if cell is None:
        raise DeclarationError(f"there is no task {task!r}; there are {', '.join(graph.tasks) or 'none'}")
    match what:
        case "inputs":
            return _inputs(graph, cell, task, bound)
        case "debug":
            return ReadyCell(cell, above=False, source=f"%phelps debug {task}")
        case _:
            raise DeclarationError(f"a cell for {what!r}: there are inputs and debug")


def _inputs(graph: Graph, cell: CellId, task: TaskName, bound: Mapping[str, object]) -> ReadyCell:
    given = {name for name, provider in graph.inputs[cell].items() if provider is not None}
    names = sorted(name for name in given if not isinstance(bound.get(name), CODE))
    if not names:
        raise DeclarationError(f"task {task} reads no values of other cells")
    # Below, a name that the task binds itself would be its own, which it has not made.
    above = not graph.writes.get(cell, frozenset()).isdisjoint(names)
    return ReadyCell(cell, above, f"# What the task {task} reads\ndisplay({', '.join(names)})")
