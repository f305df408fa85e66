"""The cells and who provides what to whom. Knows names and positions; nothing of values, runs or time.

A name is provided by the nearest cell above its reader, so edges of names point down only, whatever the notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from phelps_jupyter.core.model import Bindings, Cell, CellId, Digest, Failure, Task, TaskName
from phelps_jupyter.core.nodes import Learned, Node
from phelps_jupyter.core.order import arrange
from phelps_jupyter.core.problems import find_problems
from phelps_jupyter.core.providers import resolve

__all__ = ["Graph", "Learned", "Node", "build"]


@dataclass(frozen=True, slots=True)
class Graph:
    """Who provides what to whom. Mappings by cell have an entry for every cell."""

    nodes: Mapping[CellId, Node] = field(default_factory=dict)
    """In document order."""
    tasks: Mapping[TaskName, CellId] = field(default_factory=dict)
    inputs: Mapping[CellId, Mapping[str, CellId | None]] = field(default_factory=dict)
    """The names that a cell reads, also through functions -> the cell that provides each. None: no cell above does."""
    after: Mapping[CellId, tuple[CellId, ...]] = field(default_factory=dict)
    """``--after``, resolved."""
    writes: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """The names that a cell provides: bound, or changed in place."""
    problems: Mapping[CellId, tuple[Failure, ...]] = field(default_factory=dict)
    """What is wrong with a cell's declaration; only cells with problems have an entry."""
    optionals: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """Of a cell's inputs, those that may be absent without harm; only cells that have any have an entry."""
    following: Mapping[CellId, tuple[CellId, ...]] = field(default_factory=dict)
    """The cells that need this one, by a name or by ``--after``."""
    ranks: Mapping[CellId, int] = field(default_factory=dict)
    """Position in an order in which each cell comes after all that it needs: the document's, if ``--after`` lets it."""

    def upstream(self, cells: Iterable[CellId]) -> tuple[CellId, ...]:
        """These cells and all that they need, each after what it needs."""
        found: set[CellId] = set()
        stack = list(cells)
        while stack:
            cell = stack.pop()
            if cell not in found:
                found.add(cell)
                stack += self.needed(cell)
        return tuple(sorted(found, key=self.ranks.__getitem__))

    def downstream(self, cells: Iterable[CellId]) -> tuple[CellId, ...]:
        """These cells and all that need them, each after what it needs."""
        found: set[CellId] = set()
        stack = list(cells)
        while stack:
            cell = stack.pop()
            if cell not in found:
                found.add(cell)
                stack += self.following.get(cell, ())
        return tuple(sorted(found, key=self.ranks.__getitem__))

    def needed(self, cell: CellId) -> tuple[CellId, ...]:
        """The cells that this one needs directly."""
        providers = [provider for provider in self.inputs[cell].values() if provider is not None]
        return tuple(dict.fromkeys([*providers, *self.after.get(cell, ())]))

    def readers(self, cell: CellId) -> tuple[CellId, ...]:
        """The cells that read a name which this one provides, in document order."""
        readers = [one for one in self.following.get(cell, ()) if cell in self.inputs[one].values()]
        return tuple(sorted(readers, key=lambda one: self.nodes[one].index))

    def optional(self, cell: CellId) -> frozenset[str]:
        """The inputs of a cell that may be absent without harm."""
        return self.optionals.get(cell, frozenset())


def build(
    cells: Sequence[tuple[Cell, Task | None, Bindings]], learned: Mapping[Digest, Learned] | None = None
) -> Graph:
    """The graph of a document. ``learned`` goes by the digest of a cell's code."""
    nodes = {cell.id: Node(cell.id, index, task, bindings) for index, (cell, task, bindings) in enumerate(cells)}
    providers = resolve(nodes, learned or {})
    tasks: dict[TaskName, CellId] = {}
    for node in nodes.values():
        if node.task is not None:
            tasks.setdefault(node.task.name, node.cell)
    order = arrange(nodes, tasks, providers.inputs)
    return Graph(
        nodes=nodes,
        tasks=tasks,
        inputs=providers.inputs,
        after=order.after,
        writes=providers.writes,
        problems=find_problems(nodes, providers, order.problems),
        optionals=providers.optionals,
        following=order.following,
        ranks=order.ranks,
    )
