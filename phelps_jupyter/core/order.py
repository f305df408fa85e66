"""An order in which each cell comes after all that it needs; ``--after`` can make it differ from the document's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from heapq import heappop, heappush
from itertools import pairwise

from phelps_jupyter.core.model import CellId, Failure, FailureKind, TaskName
from phelps_jupyter.core.nodes import Node

Inputs = Mapping[CellId, Mapping[str, CellId | None]]
Edges = dict[CellId, tuple[CellId, ...]]


@dataclass(frozen=True, slots=True)
class Linked:
    """What each cell of some notebook needs, and what follows from it."""

    inputs: Inputs
    after: Mapping[CellId, tuple[CellId, ...]]
    following: Mapping[CellId, tuple[CellId, ...]]


@dataclass(slots=True)
class Order:
    """``--after`` resolved, and what follows from it."""

    after: Edges = field(default_factory=dict)
    following: Edges = field(default_factory=dict)
    ranks: dict[CellId, int] = field(default_factory=dict)
    problems: dict[CellId, list[Failure]] = field(default_factory=dict)


def arrange(
    nodes: Mapping[CellId, Node],
    tasks: Mapping[TaskName, CellId],
    inputs: Inputs,
    others: Mapping[CellId, tuple[CellId, ...]],
    before: Linked | None = None,
) -> Order:
    """Resolve ``--after``; an edge that closes a cycle is reported and left out. ``others``: edges for other causes.

    ``before``: another notebook with its links, best one that has most of them as well.
    """
    order = Order(after=dict.fromkeys(nodes, ()))
    for node in [node for node in nodes.values() if node.task is not None and node.task.options.after]:
        order.after[node.cell] = _resolved(node, tasks, order.problems)
    for cell, above in others.items():
        order.after[cell] = tuple(dict.fromkeys([*order.after[cell], *above]))
    linked = [cell for cell, others in order.after.items() if others]
    down = [(cell, other) for cell in linked for other in order.after[cell] if nodes[other].index >= nodes[cell].index]
    for cell, other in down:
        _cut_cycle(nodes, inputs, order, cell, other)
    if before is None or list(before.inputs) != list(inputs):
        order.following = _reversed(inputs, order.after)
    else:
        order.following = _relinked(nodes, inputs, order.after, before)
    order.ranks = _topological(nodes, inputs, order) if down else {cell: node.index for cell, node in nodes.items()}
    return order


def _resolved(
    node: Node, tasks: Mapping[TaskName, CellId], problems: dict[CellId, list[Failure]]
) -> tuple[CellId, ...]:
    assert node.task is not None
    found: dict[CellId, None] = {}
    for name in node.task.options.after:
        if name in tasks:
            found[tasks[name]] = None
            continue
        near = get_close_matches(name, list(tasks), 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        failure = Failure(FailureKind.DECLARATION, f"--after: there is no task '{name}'{hint}", line=1)
        problems.setdefault(node.cell, []).append(failure)
    return tuple(found)


def _cut_cycle(nodes: Mapping[CellId, Node], inputs: Inputs, order: Order, cell: CellId, other: CellId) -> None:
    path = _path(inputs, order.after, other, cell)
    if path is None:
        return
    cycle = [cell, *path]
    text = " -> ".join(_title(nodes[one]) for one in cycle)
    failure = Failure(FailureKind.DECLARATION, f"--after makes a cycle: {text}", line=1)
    for one, following in pairwise(cycle):
        if following in order.after[one]:
            order.problems.setdefault(one, []).append(failure)
    order.after[cell] = tuple(one for one in order.after[cell] if one != other)


def _title(node: Node) -> str:
    return f"cell {node.index + 1}" if node.task is None else node.task.name


def _path(inputs: Inputs, after: Edges, start: CellId, end: CellId) -> list[CellId] | None:
    """From a cell over what it needs to another one; None when there is no way."""
    came_from: dict[CellId, CellId | None] = {start: None}
    queue = [start]
    for cell in queue:
        if cell == end:
            break
        for needed in _needed(inputs, after, cell):
            if needed not in came_from:
                came_from[needed] = cell
                queue.append(needed)
    else:
        return None
    path: list[CellId] = []
    step: CellId | None = end
    while step is not None:
        path.append(step)
        step = came_from[step]
    return path[::-1]


def _needed(inputs: Inputs, after: Mapping[CellId, tuple[CellId, ...]], cell: CellId) -> dict[CellId, None]:
    found = {provider: None for provider in inputs[cell].values() if provider is not None}
    found.update(dict.fromkeys(after[cell]))
    return found


def _reversed(inputs: Inputs, after: Edges) -> Edges:
    following: dict[CellId, list[CellId]] = {}
    for cell in inputs:
        for needed in _needed(inputs, after, cell):
            following.setdefault(needed, []).append(cell)
    return {cell: tuple(others) for cell, others in following.items()}


def _relinked(nodes: Mapping[CellId, Node], inputs: Inputs, after: Edges, before: Linked) -> Edges:
    """As ``_reversed``, by what the same cells needed before: most need the same."""
    pairs = zip(inputs.items(), before.inputs.values(), strict=True)
    moved = {cell for (cell, names), others in pairs if names is not others}
    moved |= {cell for cell in after if after[cell] != before.after[cell]} if after != before.after else set()
    readers: dict[CellId, set[CellId]] = {}
    for cell in moved:
        needed = _needed(inputs, after, cell).keys() ^ _needed(before.inputs, before.after, cell).keys()
        for one in needed:
            readers.setdefault(one, set(before.following.get(one, ()))).symmetric_difference_update([cell])
    found = {one: tuple(sorted(some, key=lambda cell: nodes[cell].index)) for one, some in readers.items()}
    following = {**before.following, **found}
    for one in [one for one, some in found.items() if not some]:
        del following[one]
    return following


def _topological(nodes: Mapping[CellId, Node], inputs: Inputs, order: Order) -> dict[CellId, int]:
    """As in the document, as far as ``--after`` allows."""
    waits_for = {cell: len(_needed(inputs, order.after, cell)) for cell in nodes}
    ready: list[tuple[int, CellId]] = []
    for cell, count in waits_for.items():
        if not count:
            heappush(ready, (nodes[cell].index, cell))
    ranks: dict[CellId, int] = {}
    while ready:
        _, cell = heappop(ready)
        ranks[cell] = len(ranks)
        for reader in order.following.get(cell, ()):
            waits_for[reader] -= 1
            if not waits_for[reader]:
                heappush(ready, (nodes[reader].index, reader))
    return ranks
