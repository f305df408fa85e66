"""The cells and who provides what to whom. Knows names and positions; nothing of values, runs or time.

A name is provided by the nearest cell above its reader, so edges of names point down only, whatever the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter

from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.files import file_edges
from phelps_jupyter.core.model import Bindings, Cell, CellId, Digest, Failure, Task, TaskName
from phelps_jupyter.core.nodes import Learned, Node
from phelps_jupyter.core.order import Linked, arrange
from phelps_jupyter.core.problems import find_absent, find_problems
from phelps_jupyter.core.providers import resolve
from phelps_jupyter.core.stretches import Repeatable

__all__ = ["Graph", "Learned", "Node", "build"]

_NONE: frozenset[str] = frozenset()
_NOTHING = Learned()


@dataclass(frozen=True, slots=True)
class Graph:
    """Who provides what to whom. Mappings by cell have an entry for every cell."""

    nodes: Mapping[CellId, Node] = field(default_factory=dict)
    """In document order."""
    tasks: Mapping[TaskName, CellId] = field(default_factory=dict)
    inputs: Mapping[CellId, Mapping[str, CellId | None]] = field(default_factory=dict)
    """The names that a cell reads, also through functions -> the cell that provides each. None: no cell above does."""
    after: Mapping[CellId, tuple[CellId, ...]] = field(default_factory=dict)
    """The cells that must come first for no name of the body: ``--after``, resolved, those that write a file it reads,
    and those that ``--uptodate`` reads from."""
    writes: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """The names that a cell provides: bound, or changed in place."""
    problems: Mapping[CellId, tuple[Failure, ...]] = field(default_factory=dict)
    """What is wrong with a cell's declaration; only cells with problems have an entry."""
    absent: Mapping[CellId, Mapping[str, str]] = field(default_factory=dict)
    """Of a cell's inputs, those that no cell above provides, with what is to be said if the body reaches them; of a
    plain cell's, those that a task above deletes. Only cells that have any have an entry."""
    optionals: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """Of a cell's inputs, those that may be absent without harm; only cells that have any have an entry."""
    called: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """What a cell may change though it does not say so: by functions that it calls, or as another name's object or
    instance; only cells with any have an entry."""
    unforeseen: Mapping[CellId, frozenset[str]] = field(default_factory=dict)
    """Names that a task binds, as runs have shown, though its code does not say so; only cells with any have an
    entry."""
    uptodate: Mapping[CellId, Mapping[str, CellId]] = field(default_factory=dict)
    """What a task's ``--uptodate`` reads, also through functions -> the cell that provides each; only tasks with one
    have an entry."""
    following: Mapping[CellId, tuple[CellId, ...]] = field(default_factory=dict)
    """The cells that need this one, by a name or by ``--after``."""
    ranks: Mapping[CellId, int] = field(default_factory=dict)
    """Position in an order in which each cell comes after all that it needs: the document's, if ``--after`` lets it."""
    repeatable: Repeatable = field(default_factory=Repeatable, repr=False, compare=False)
    """What the graph of an edited document need not find anew."""

    def upstream(self, cells: Iterable[CellId]) -> tuple[CellId, ...]:
        """These cells and all that they need, each after what it needs."""
        return tuple(sorted(closure(cells, self.needed), key=self.ranks.__getitem__))

    def downstream(self, cells: Iterable[CellId]) -> tuple[CellId, ...]:
        """These cells and all that need them, each after what it needs."""
        found = closure(cells, lambda cell: self.following.get(cell, ()))
        return tuple(sorted(found, key=self.ranks.__getitem__))

    def needed(self, cell: CellId) -> tuple[CellId, ...]:
        """The cells that this one needs directly."""
        providers = [provider for provider in self.inputs[cell].values() if provider is not None]
        return tuple(dict.fromkeys([*providers, *self.after.get(cell, ())]))

    def plain_providers(self, cell: CellId) -> list[CellId]:
        """The plain cells that this one reads names from, once for each name."""
        providers = (provider for provider in self.inputs[cell].values() if provider is not None)
        return [provider for provider in providers if self.nodes[provider].task is None]

    def readers(self, cell: CellId) -> tuple[CellId, ...]:
        """The cells that read a name which this one provides, in document order."""
        readers = [one for one in self.following.get(cell, ()) if cell in self.inputs[one].values()]
        return tuple(sorted(readers, key=lambda one: self.nodes[one].index))

    def handed_on(self, cell: CellId) -> frozenset[str]:
        """Inputs that the cell provides though its code does not say so: some run changed them, or may have."""
        node = self.nodes[cell]
        if node.task is None or node.task.options.outputs is not None:
            return _NONE
        said = node.bindings.writes | node.bindings.changes | node.bindings.deletes | node.bindings.fleeting
        return (self.writes[cell] & self.inputs[cell].keys()) - said - self.unforeseen.get(cell, _NONE)

    def optional(self, cell: CellId) -> frozenset[str]:
        """The inputs of a cell that may be absent without harm."""
        return self.optionals.get(cell, frozenset())


Placed = tuple[Cell, Task | None, Bindings]
"""A cell, the task that it declares if any, and its bindings."""


def build(cells: Sequence[Placed], learned: Mapping[Digest, Learned] | None = None) -> Graph:
    """The graph of a document. ``learned`` goes by the digest of a cell's code."""
    nodes = {
        cell.id: Node(cell.id, index, task, bindings, cell.source) for index, (cell, task, bindings) in enumerate(cells)
    }
    return _linked(nodes, learned or {}, Graph())


def edited(
    graph: Graph,
    cells: Sequence[Cell],
    declare: Callable[[Cell], Placed],
    learned: Mapping[Digest, Learned],
    *,
    relearned: bool = False,
) -> Graph:
    """The graph of these cells, as ``build`` makes it, from that of similar ones. ``relearned``: that one was made with
    other learning.

    Most edits change what a cell computes, and no name that it reads or writes: then all links are taken over.
    """
    if [cell.id for cell in cells] != list(graph.nodes):
        return _linked(_placed(graph, cells, declare), learned, graph)
    pairs = zip(cells, graph.nodes.values(), strict=True)
    old = [(cell, node) for cell, node in pairs if cell.source != node.source]
    new = {node.cell: _node(cell, node.index, declare) for cell, node in old}
    nodes = {**graph.nodes, **new}
    # Problems speak of lines.
    alike = (cell.id not in graph.problems and _alike(node, new[cell.id], learned) for cell, node in old)
    if relearned or not all(alike):
        return _linked(nodes, learned, graph)
    return replace(graph, nodes=nodes) if new else graph


def _placed(graph: Graph, cells: Sequence[Cell], declare: Callable[[Cell], Placed]) -> dict[CellId, Node]:
    """The cells in their places; those that are as they were are the same objects."""
    nodes: dict[CellId, Node] = {}
    for index, cell in enumerate(cells):
        node = graph.nodes.get(cell.id)
        if node is None or node.source != cell.source:
            node = _node(cell, index, declare)
        elif node.index != index:
            node = replace(node, index=index)
        nodes[cell.id] = node
    return nodes


def _node(cell: Cell, index: int, declare: Callable[[Cell], Placed]) -> Node:
    _, task, bindings = declare(cell)
    return Node(cell.id, index, task, bindings, cell.source)


def _linked(nodes: dict[CellId, Node], learned: Mapping[Digest, Learned], before: Graph) -> Graph:
    """Find out who provides what. ``before``: what of its links still holds need not be found anew."""
    providers = resolve(nodes, learned, before.repeatable)
    tasks: dict[TaskName, CellId] = {}
    for declared in [node.task for node in nodes.values() if node.task is not None]:
        tasks.setdefault(declared.name, declared.cell)
    linked = Linked(before.inputs, before.after, before.following)
    others = file_edges(nodes, learned)
    for reader, asked in providers.uptodate.items():
        others[reader] = tuple(dict.fromkeys([*others.get(reader, ()), *asked.values()]))
    order = arrange(nodes, tasks, providers.inputs, others, linked)
    return Graph(
        nodes=nodes,
        tasks=tasks,
        inputs=providers.inputs,
        after=order.after,
        writes=providers.writes,
        problems=find_problems(nodes, providers, order.problems),
        absent=find_absent(nodes, providers),
        optionals=providers.optionals,
        called=providers.called,
        unforeseen=providers.unforeseen,
        uptodate=providers.uptodate,
        following=order.following,
        ranks=order.ranks,
        repeatable=providers.repeatable,
    )


_names = attrgetter(*(field.name for field in fields(Bindings) if field.name not in ("code", "lines", "attributes")))


def _alike(old: Node, new: Node, learned: Mapping[Digest, Learned]) -> bool:
    """Whether two cells have the same place in any graph."""
    declared = [node.task and (node.task.name, node.task.options) for node in (old, new)]
    return (
        declared[0] == declared[1]
        and _learned(old, learned) == _learned(new, learned)
        and bool(_names(old.bindings) == _names(new.bindings))
    )


def _learned(node: Node, learned: Mapping[Digest, Learned]) -> tuple[frozenset[str], ...]:
    """What runs found out beyond what the code says."""
    found = learned.get(node.bindings.code, _NOTHING)
    return found.added - node.bindings.changes, found.denied, found.read, found.wrote, found.same


_own = attrgetter("inputs", "after", "writes", "problems", "absent", "optionals", "called", "unforeseen", "uptodate")


def changed(before: Graph, after: Graph) -> tuple[CellId, ...]:
    """The cells of ``after`` that are not as in ``before``, or do not need the same; not for who needs them."""
    found = _others(before.nodes, after.nodes)
    for old, new in zip(_own(before), _own(after), strict=True):
        # Of whole tables this is seen sooner than cell by cell.
        if old is not new and old != new:
            found |= _others(old, new)
    return tuple(cell for cell in after.nodes if cell in found)


def _others(old: Mapping[CellId, object], new: Mapping[CellId, object]) -> set[CellId]:
    """The cells that two tables tell other things of."""
    # Most entries are the same object, which is seen sooner than that they are equal.
    moved = [cell for cell, entry in new.items() if old.get(cell) is not entry]
    return {cell for cell in moved if cell not in old or old[cell] != new[cell]} | (old.keys() - new.keys())
