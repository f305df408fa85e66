"""What a plain cell's values come from: its code, what it was seen to use and, closed over all above it, what it reads.

A plain cell whose lineage is as it was provides what it provided, so a task can be judged without a kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import xxhash

from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, TaskName

VersionOf = Callable[[TaskName, str], Digest | None]
"""The digest of the value that a task provides under a name now; None when that is not known."""
SightsOf = Callable[[CellId, Digest], Digest | None]
"""The digest of what a plain cell with this code and these sources was seen to use, if that is as it was; else None."""


def lineage_of(code: Digest, sources: Mapping[str, str]) -> Digest:
    """The lineage of a cell with this code. ``sources``: for each name it reads, what its value came from."""
    state = xxhash.xxh3_128(code.encode())
    for name, source in sorted(sources.items()):
        state.update(f"{name}={source};".encode())
    return Digest(state.hexdigest())


UNSEEN = Digest("")
"""The digest of having used nothing of the file system."""


def sights_digest(conditions: Iterable[Part]) -> Digest:
    """The digest of what a plain cell was seen to use."""
    told = sorted(f"{part.kind.value} {part.name} {part.digest};" for part in conditions)
    return Digest(xxhash.xxh3_128_hexdigest("".join(told).encode("utf-8", "surrogatepass"))) if told else UNSEEN


def with_sights(lineage: Digest, sights: Digest) -> Digest:
    """The lineage of a cell with this code and these sources that has used this."""
    return lineage if sights == UNSEEN else lineage_of(lineage, {"": sights})


@dataclass(frozen=True, slots=True)
class Ran:
    """A plain cell as it ran: its code, and what its values came from.

    ``passed``: of ``sources``, names that it may leave as they are; they count where a cell below reads them, and who
    does may come later. ``counted``: the names in its lineage.
    """

    cell: CellId
    code: Digest
    sources: Mapping[str, str]
    passed: frozenset[str]
    counted: frozenset[str]
    conditions: tuple[Part, ...] = ()

    @property
    def apart(self) -> Digest:
        """Its lineage without what it was seen to use."""
        return lineage_of(self.code, {name: self.sources[name] for name in self.counted})

    @property
    def lineage(self) -> Digest:
        """Its lineage."""
        return with_sights(self.apart, sights_digest(self.conditions))


def as_read_now(
    ran: Mapping[Digest, Ran], inputs: Mapping[CellId, Mapping[str, CellId | None]]
) -> tuple[dict[Digest, Digest], dict[Digest, Ran]]:
    """The lineages that are others by what cells read of each other now, and all cells that ran, by lineage.

    ``ran``: by lineage, each after what its values came from.
    """
    moved: dict[Digest, Digest] = {}
    found: dict[Digest, Ran] = {}
    for lineage, one in ran.items():
        counted = (one.counted - one.passed) | (one.passed & inputs.get(one.cell, {}).keys())
        sources = {name: moved.get(Digest(source), source) for name, source in one.sources.items()}
        now = replace(one, sources=sources, counted=counted)
        if now.lineage != lineage:
            moved[lineage] = now.lineage
        found[now.lineage] = now
    return moved, found


NOBODY = "-"
"""The source of a name that no cell provides."""


def _unseen(cell: CellId, lineage: Digest) -> Digest:
    del cell, lineage
    return UNSEEN


class Lineages:
    """Lineages of one graph, each computed once."""

    def __init__(self, graph: Graph, version_of: VersionOf, sights_of: SightsOf = _unseen) -> None:
        self._graph = graph
        self._version_of = version_of
        self._sights_of = sights_of
        self._sights: dict[CellId, Digest] = {}
        self._known: dict[CellId, Digest | None] = {}

    def of(self, cell: CellId) -> Digest | None:
        """The lineage of a plain cell; None when a task above it is not fresh, or a file that it read has changed."""
        if cell not in self._known:
            # What it rests on before itself: in document order.
            for above in sorted(closure([cell], self._unknown_above), key=lambda above: self._graph.nodes[above].index):
                self._known[above] = self._compute(above)
        return self._known[cell]

    def sights(self, cell: CellId) -> Digest:
        """The digest of what a plain cell whose lineage is known was seen to use."""
        return self._sights[cell]

    def _unknown_above(self, cell: CellId) -> list[CellId]:
        return [above for above in self._graph.plain_providers(cell) if above not in self._known]

    def _compute(self, cell: CellId) -> Digest | None:
        sources: dict[str, str] = {}
        for name, provider in self._graph.inputs[cell].items():
            source = self._source(name, provider)
            if source is None:
                return None
            sources[name] = source
        lineage = lineage_of(self._graph.nodes[cell].bindings.code, sources)
        sights = self._sights_of(cell, lineage)
        if sights is None:
            return None
        self._sights[cell] = sights
        return with_sights(lineage, sights)

    def _source(self, name: str, provider: CellId | None) -> str | None:
        if provider is None:
            return NOBODY
        task = self._graph.nodes[provider].task
        return self._known[provider] if task is None else self._version_of(task.name, name)
