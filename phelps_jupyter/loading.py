"""Whether the kernel holds what a plain cell gives, and which cells must run so that it does. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest

LineageOf = Callable[[CellId], Digest | None]


@dataclass(frozen=True, slots=True)
class Loading:
    """One look at the kernel's names beside the document's cells."""

    graph: Graph
    namespace: Namespace
    lineage_of: LineageOf
    """The lineage of a plain cell as the document has it; None when it can't be known."""

    def holds(self, name: str, provider: CellId) -> bool:
        """Whether the kernel's value of a name is the one that its provider, a plain cell, gives now."""
        origin = self.namespace.origin(name)
        if origin is None:
            return self.namespace.is_plain(name) or self._has_run(provider)
        if (origin.cell, origin.code) != (provider, self.graph.nodes[provider].bindings.code):
            return False
        lineage = self.lineage_of(provider)
        return lineage is None or lineage == origin.lineage

    def _has_run(self, provider: CellId) -> bool:
        """Whether a plain cell ran as it is now: a name that it has not bound is absent."""
        if self.namespace.executed_code(provider) != self.graph.nodes[provider].bindings.code:
            return False
        return self.lineage_of(provider) in (None, self.namespace.executed(provider))

    def lacking(self, cell: CellId) -> list[CellId]:
        """The plain cells that must run right before this one can: what they give is not held."""
        return [provider for name, provider in self.plain_inputs(cell) if not self.holds(name, provider)]

    def to_run(self, cells: Iterable[CellId]) -> tuple[CellId, ...]:
        """These plain cells and all that must run before them, in document order."""
        return tuple(sorted(closure(cells, self.lacking), key=lambda cell: self.graph.nodes[cell].index))

    def plain_inputs(self, cell: CellId) -> list[tuple[str, CellId]]:
        """The names that a cell, or its ``--uptodate``, reads from plain cells, each with its provider."""
        task, optional = self.graph.nodes[cell].task, self.graph.optional(cell)
        if task is not None and task.still:
            return []
        asked = self.graph.uptodate.get(cell, {})
        return [
            (name, provider)
            for name, provider in (*self.graph.inputs[cell].items(), *asked.items())
            if provider is not None
            and self.graph.nodes[provider].task is None
            and (name not in optional or self.namespace.is_plain(name))
        ]
