"""Names that a body asks for and is not given: as parts of its key, and what is said of them. Holds no values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from phelps_jupyter.core.freshness import Reason
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Task
from phelps_jupyter.parts import GIVES_NONE

if TYPE_CHECKING:
    # A plan knows no run.
    from phelps_jupyter.core.machine import Machine
    from phelps_jupyter.core.runs import Run


def absence_parts(
    graph: Graph, cell: CellId, given: Collection[str], lineage_of: Callable[[CellId], Digest | None]
) -> tuple[Part, ...]:
    """Parts for the names that the cell may read and does not get: a cell above that comes to bind one is news.

    None for names that it would only pass on: they hang on who reads them below.
    """
    passed = graph.optional(cell) - graph.nodes[cell].bindings.lines.keys()
    return tuple(
        Part(PartKind.INPUT, name, GIVES_NONE, "absent", _origin(graph, provider, lineage_of))
        for name, provider in _missing(graph, cell, given)
        if provider is not None or name not in passed
    )


def _missing(graph: Graph, cell: CellId, given: Collection[str]) -> Iterator[tuple[str, CellId | None]]:
    return ((name, provider) for name, provider in graph.inputs[cell].items() if name not in given)


def _origin(graph: Graph, provider: CellId | None, lineage_of: Callable[[CellId], Digest | None]) -> str:
    if provider is None:
        return ""
    task = graph.nodes[provider].task
    return f"cell:{lineage_of(provider)}" if task is None else f"task:{task.name}"


def told_absences(machine: Machine, run: Run, given: Collection[str], withheld: Mapping[str, str]) -> Mapping[str, str]:
    """What is to be said of each name that the run is not given, if its body reaches it.

    ``withheld``: names whose values can't be handed over, with the reasons.
    """
    graph, cell = machine.graph, run.task.cell
    unprovided = graph.absent.get(cell, {})
    told = {
        name: unprovided.get(name, "") if provider is None else _left_unbound(graph, provider)
        for name, provider in _missing(graph, cell, given)
    }
    return told | {name: f"can't be handed to a task: {why}" for name, why in withheld.items()}


def _left_unbound(graph: Graph, provider: CellId) -> str:
    return f"was not bound when cell {graph.nodes[provider].index + 1} above ran"


def absence_reasons(graph: Graph, task: Task) -> tuple[Reason, ...]:
    """What a plan says of names that the task reads unguarded, and that no cell above provides."""
    lines, optional = task.bindings.lines, task.bindings.optional
    return tuple(
        Reason("absent", name, f"name '{name}' (line {lines[name]}) {told}")
        for name, told in graph.absent.get(task.cell, {}).items()
        if name in lines and name not in optional
    )
