"""What a plain cell's values come from: its code and, closed over all above it, the code and versions that it reads.

A plain cell whose lineage is as it was provides what it provided, so a task can be judged without a kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import xxhash

from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, TaskName

VersionOf = Callable[[TaskName, str], Digest | None]
"""The digest of the value that a task provides under a name now; None when that is not known."""


def lineage_of(code: Digest, sources: Mapping[str, str]) -> Digest:
    """The lineage of a cell with this code. ``sources``: for each name it reads, what its value came from."""
    state = xxhash.xxh3_128(code.encode())
    for name, source in sorted(sources.items()):
        state.update(f"{name}={source};".encode())
    return Digest(state.hexdigest())


NOBODY = "-"
"""The source of a name that no cell provides."""


class Lineages:
    """Lineages of one graph, each computed once."""

    def __init__(self, graph: Graph, version_of: VersionOf) -> None:
        self._graph = graph
        self._version_of = version_of
        self._known: dict[CellId, Digest | None] = {}

    def of(self, cell: CellId) -> Digest | None:
        """The lineage of a plain cell; None when a task above it is not fresh."""
        if cell not in self._known:
            # What it rests on before itself: in document order.
            for above in sorted(closure([cell], self._unknown_above), key=lambda above: self._graph.nodes[above].index):
                self._known[above] = self._compute(above)
        return self._known[cell]

    def _unknown_above(self, cell: CellId) -> list[CellId]:
        return [above for above in self._graph.plain_providers(cell) if above not in self._known]

    def _compute(self, cell: CellId) -> Digest | None:
        sources: dict[str, str] = {}
        for name, provider in self._graph.inputs[cell].items():
            source = self._source(name, provider)
            if source is None:
                return None
            sources[name] = source
        return lineage_of(self._graph.nodes[cell].bindings.code, sources)

    def _source(self, name: str, provider: CellId | None) -> str | None:
        if provider is None:
            return NOBODY
        task = self._graph.nodes[provider].task
        return self._known[provider] if task is None else self._version_of(task.name, name)
