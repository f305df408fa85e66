"""What tasks above a plain cell may do that nobody knows yet: for one pass, where the cell can't be run once more.

Knows what runs have found out, by code; nothing of values and of runs that are open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

import xxhash

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Task, TaskName
from phelps_jupyter.core.nodes import Learned, Node

Known = Mapping[Digest, Learned]

_NOTHING = Learned()


def whole_code(graph: Graph, cell: CellId) -> Digest:
    """Stands for a task's run: its code with that of the functions and classes of the notebook that it may call.

    Where one has been seen, it is known what it does to its inputs and to files. What is known of the code alone may be
    that of a plain cell.
    """
    codes = {definer.bindings.code for definer in _definers(graph, cell)}
    whole = [graph.nodes[cell].bindings.code, *sorted(codes)]
    return Digest(xxhash.xxh3_128_hexdigest(f"ran {' '.join(whole)}".encode()))


def may_change(graph: Graph, known: Known, cell: CellId, names: Set[str]) -> tuple[TaskName, ...]:
    """The tasks above that are given one of these names as the cell reads it, and may change its object in place.

    A name that the cell does not read is another name of such an object.
    """
    inputs = graph.inputs[cell]
    return tuple(
        task.name
        for task in _tasks_above(graph, cell)
        if task.options.outputs is None
        and whole_code(graph, task.cell) not in known
        # What was given to it before the cell's value was bound is another object.
        and any(given in names and inputs.get(given, by) == by for given, by in graph.inputs[task.cell].items())
    )


def may_bind(graph: Graph, known: Known, cell: CellId, there: Set[str]) -> tuple[TaskName, ...]:
    """The tasks above that may bind a name which nobody provides to the cell, or to a task that it rests on.

    ``there``: names that the kernel has all the same.
    """
    rests_on = [above for above in graph.upstream([cell]) if graph.nodes[above].task is not None]
    lacking = [one for one in rests_on if _lacks(graph, one, frozenset())]
    last = max((graph.nodes[one].index for one in lacking), default=0)
    if _lacks(graph, cell, there):
        last = graph.nodes[cell].index
    return tuple(
        task.name
        for task in _tasks_above(graph, cell)
        if graph.nodes[task.cell].index < last
        and task.options.outputs is None
        and whole_code(graph, task.cell) not in known
    )


def _lacks(graph: Graph, cell: CellId, there: Set[str]) -> bool:
    """Whether it reads a name that nobody provides: not one that it would only pass on."""
    passed = graph.optional(cell) - graph.nodes[cell].bindings.lines.keys()
    return any(by is None and name not in passed and name not in there for name, by in graph.inputs[cell].items())


def may_write(graph: Graph, known: Known, cell: CellId) -> tuple[TaskName, ...]:
    """The tasks above that may write files which the cell looks for; none, where its code shows no look at files.

    Those that were seen to write may write others, by paths that they compute.
    """
    if not _looks(graph, cell):
        return ()
    return tuple(task.name for task in _tasks_above(graph, cell) if _may_write(graph, known, task))


def may_make_anew(graph: Graph, known: Known, cell: CellId, fixed: Set[str]) -> tuple[TaskName, ...]:
    """The tasks that may do either to a task that the cell rests on: that one runs again then, and what is below it.

    ``fixed``: names whose values can't be changed in place.
    """
    rests_on = [graph.nodes[above] for above in graph.upstream([cell]) if graph.nodes[above].task is not None]
    last = max((node.index for node in rests_on), default=0)
    looks = max((node.index for node in rests_on if _looks(graph, node.cell)), default=0)
    given = {(name, by) for node in rests_on for name, by in graph.inputs[node.cell].items() if name not in fixed}
    return tuple(
        task.name
        for task in _tasks_above(graph, cell)
        if (place := graph.nodes[task.cell].index) < last
        and (
            (place < looks and _may_write(graph, known, task))
            or (_shares(graph, task, given) and whole_code(graph, task.cell) not in known)
        )
    )


def _shares(graph: Graph, task: Task, given: Set[tuple[str, CellId | None]]) -> bool:
    return task.options.outputs is None and not given.isdisjoint(graph.inputs[task.cell].items())


def _looks(graph: Graph, cell: CellId) -> bool:
    """Whether the cell's code, or a function's that it may call, shows a look at files."""
    return any(node.bindings.looks for node in (graph.nodes[cell], *_definers(graph, cell)))


def _may_write(graph: Graph, known: Known, task: Task) -> bool:
    return whole_code(graph, task.cell) not in known or bool(known.get(task.bindings.code, _NOTHING).wrote)


def _tasks_above(graph: Graph, cell: CellId) -> Iterator[Task]:
    index = graph.nodes[cell].index
    tasks = (graph.nodes[above].task for above in graph.tasks.values() if graph.nodes[above].index < index)
    return (task for task in tasks if task is not None and not task.still)


def _definers(graph: Graph, cell: CellId) -> Iterator[Node]:
    """The cells that define what this one may call."""
    for name, provider in graph.inputs[cell].items():
        if provider is not None and name in graph.nodes[provider].bindings.definitions:
            yield graph.nodes[provider]
