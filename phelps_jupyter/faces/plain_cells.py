"""What this kernel's plain cells rest on, what they use of the file system, and what they bind, as they run."""

from __future__ import annotations

from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages, lineage_of, sights_digest, with_sights
from phelps_jupyter.core.model import CellId, Part
from phelps_jupyter.faces.watching import Watching


class PlainCells:
    """One per kernel. Cells may run within cells (`%phelps run`)."""

    def __init__(self, namespace: Namespace, watching: Watching) -> None:
        self.sights = CellSights()
        self._namespace = namespace
        self._watching = watching
        self._sources: dict[CellId, dict[str, str]] = {}
        """Of those that run: what their inputs came from when they began."""

    def begin(self, graph: Graph, cell: CellId, store: str) -> None:
        """What the cell reads is bound, and its code is about to run."""
        self._sources[cell] = self._sources_of(graph, cell)
        self._watching.begin(store)

    def end(self, graph: Graph, cell: CellId, *, well: bool) -> tuple[Part, ...]:
        """The cell has run, or was refused. Returns what it used of the file system."""
        node, begun = graph.nodes[cell], self._sources.pop(cell, None)
        conditions = () if begun is None else self._watching.end(node.source, node.bindings.reads)
        # Of names that it is known to read only now: what it bound is not noted yet.
        sources = {name: (begun or {}).get(name, source) for name, source in self._sources_of(graph, cell).items()}
        lineage = lineage_of(node.bindings.code, sources)
        if well:
            self.sights.note(lineage, conditions)
        lineage = with_sights(lineage, sights_digest(conditions))
        writes = graph.writes[cell] if well else ()
        self._namespace.after_cell(cell, node.bindings.code, lineage, writes, well=well)
        return conditions

    def _sources_of(self, graph: Graph, cell: CellId) -> dict[str, str]:
        """What the cell's inputs come from in the kernel."""
        return self._namespace.sources(graph.inputs[cell], Lineages(graph, self._namespace.digest_of).of)
