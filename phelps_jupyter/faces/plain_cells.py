"""What this kernel's plain cells rest on, what they use of the file system, and what they bind, as they run."""

from __future__ import annotations

from types import FunctionType

from phelps_jupyter.adapters.namespace import Namespace, Placeholder
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages, Ran
from phelps_jupyter.core.model import CellId, Part
from phelps_jupyter.faces.plain_changes import PlainChanges
from phelps_jupyter.faces.watching import Watching
from phelps_jupyter.runtime.harvest import FIXED

_UNCHANGING = (*FIXED, FunctionType, type, Placeholder)


class PlainCells:
    """One per kernel. Cells may run within cells (`%phelps run`)."""

    def __init__(self, namespace: Namespace, watching: Watching) -> None:
        self.sights = CellSights()
        self._namespace = namespace
        self._watching = watching
        self._changes = PlainChanges(namespace.names)
        self._begun: dict[CellId, tuple[dict[str, str], frozenset[str]]] = {}
        """Of those that run: what their inputs came from when they began, and what they were known to write."""

    def begin(self, graph: Graph, cell: CellId, store: str) -> None:
        """What the cell reads is bound, and its code is about to run."""
        self._begun[cell] = self._sources_of(graph, cell), graph.writes[cell]
        self._changes.begin(graph, cell)
        self._watching.begin(store)

    def bound(self, cell: CellId) -> frozenset[str]:
        """The cell has run: the names that it bound, or changed in place for tasks below, whatever its code says."""
        # Of the user's classes, a digest reads the source.
        with self._watching.apart():
            return self._namespace.bound() | self._changes.end(cell)

    def objects(self, graph: Graph, cell: CellId) -> dict[str, int]:
        """The cell has run: what it read and what it bound, each name with its object's id."""
        names = self._namespace.names
        wanted = self._namespace.bound() | graph.inputs[cell].keys()
        values = {name: names[name] for name in sorted(wanted) if name in names}
        return {name: id(value) for name, value in values.items() if not isinstance(value, _UNCHANGING)}

    def end(self, graph: Graph, cell: CellId, *, well: bool) -> tuple[Part, ...]:
        """The cell has run, or was refused. Returns what it used of the file system."""
        node, begun = graph.nodes[cell], self._begun.pop(cell, None)
        conditions = () if begun is None else self._watching.end(node.source, node.bindings.reads)
        sources = self._sources_at_begin(graph, cell, *(begun or ({}, frozenset())))
        counted = frozenset(graph.inputs[cell])
        ran = Ran(cell, node.bindings.code, sources, node.bindings.passed, counted, conditions)
        if well:
            self.sights.note(ran.apart, conditions)
            self._namespace.note_ran(ran)
        writes = graph.writes[cell] if well else ()
        self._namespace.after_cell(cell, node.bindings.code, ran.lineage, writes, well=well)
        return conditions

    def relink(self, graph: Graph) -> None:
        """The cells read other names of each other now."""
        for ran in self._namespace.relink(graph.inputs):
            self.sights.note(ran.apart, ran.conditions)

    def _sources_at_begin(
        self, graph: Graph, cell: CellId, sources: dict[str, str], writes: frozenset[str]
    ) -> dict[str, str]:
        # Of names that it is known to read only now: what it bound is not noted yet.
        found = {name: sources.get(name, source) for name, source in self._sources_of(graph, cell).items()}
        earlier = self._namespace.executed(cell)
        if earlier is not None and sources:
            # What it is now known to change, it has changed before.
            found.update(dict.fromkeys((graph.writes[cell] - writes) & found.keys(), earlier))
        return found

    def _sources_of(self, graph: Graph, cell: CellId) -> dict[str, str]:
        """What the cell's inputs come from in the kernel, and what nobody below reads that it may leave as it is."""
        passed = {name: _above(graph, cell, name) for name in graph.nodes[cell].bindings.passed}
        return self._namespace.sources({**passed, **graph.inputs[cell]}, Lineages(graph, self._namespace.digest_of).of)


def _above(graph: Graph, cell: CellId, name: str) -> CellId | None:
    """Who provides a name to a cell that need not read it."""
    above = [node for node in graph.nodes.values() if node.index < graph.nodes[cell].index]
    # A private name is no write as long as nobody reads it.
    return next((node.cell for node in reversed(above) if name in node.bindings.writes | graph.writes[node.cell]), None)
