"""Which tasks a plain cell must wait for, as they may do to what it reads what nobody foresees. Waits for none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, TaskName
from phelps_jupyter.core.unforeseen import Known, may_change, may_make_anew, may_write
from phelps_jupyter.runtime.harvest import FIXED

Unforeseen = Callable[[Graph, Known, CellId, Mapping[str, object]], tuple[TaskName, ...]]
"""Either of the two below."""


def unforeseen_by(graph: Graph, known: Known, cell: CellId, values: Mapping[str, object]) -> tuple[TaskName, ...]:
    """The tasks. ``values``: the kernel's, with all that the cell reads."""
    held = {id(values[name]) for name in graph.inputs[cell] if name in values and not isinstance(values[name], FIXED)}
    names = {name for name, value in values.items() if id(value) in held} if held else set()
    return tuple(dict.fromkeys((*may_change(graph, known, cell, names), *may_write(graph, known, cell))))


def made_anew_by(graph: Graph, known: Known, cell: CellId, values: Mapping[str, object]) -> tuple[TaskName, ...]:
    """The same, to tasks that the cell rests on: they run again then."""
    return may_make_anew(graph, known, cell, {name for name, value in values.items() if isinstance(value, FIXED)})
