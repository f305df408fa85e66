"""The texts that parts of a key were made from, kept in the store so that it can be told what changed.

Plain cells with all that they rest on, as one object for each lineage; of a project's module the lines in reach.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from phelps_jupyter.core.ancestry import Ancestor, Taken, ancestors
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import VersionOf
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, TaskName
from phelps_jupyter.core.modules import Find, project_lines, reach_of
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime import values


@dataclass(slots=True)
class Keeper:
    """Puts texts into one store, each once in the life of a kernel."""

    store: Store
    _cells: dict[Digest, str] = field(default_factory=dict)
    _modules: dict[tuple[str, Digest, str], str] = field(default_factory=dict)

    def cell(self, graph: Graph, cell: CellId, lineage: Digest, version_of: VersionOf) -> str:
        """The object that holds a plain cell of this lineage, and the plain cells that it rests on."""
        if lineage not in self._cells:
            self._cells[lineage] = self._put(lambda: dumps(ancestors(graph, cell, version_of)))
        return self._cells[lineage]

    def with_modules(self, parts: Iterable[Part], find: Find) -> tuple[Part, ...]:
        """The parts; those that stand for a project's modules with their text."""
        return tuple(self._module(part, find) if part.kind is PartKind.MODULE else part for part in parts)

    def _module(self, part: Part, find: Find) -> Part:
        place = (part.name, part.digest, part.origin)
        if place not in self._modules:
            self._modules[place] = self._put(lambda: module_text(part, find).encode("utf-8", "surrogatepass"))
        return replace(part, source=self._modules[place])

    def _put(self, text: Callable[[], bytes]) -> str:
        try:
            return self.store.put_bytes(text())
        except StoreError:
            # What it is wanted for is to be told later; what the disk is wanted for now will meet the error itself.
            return ""


def module_text(part: Part, find: Find) -> str:
    """The lines of a project's module that a part stands for, as they are now."""
    return "\n".join(line for _, line in project_lines(part.name, reach_of(part), find))


def dumps(found: Iterable[Ancestor]) -> bytes:
    """Cells as they are kept."""
    rows = [[one.cell, one.code, one.source, [[t.name, t.task, t.digest] for t in one.takes]] for one in found]
    return json.dumps(rows).encode()


def loads(data: bytes) -> tuple[Ancestor, ...]:
    """Cells as they were kept. Errors: ValueError, TypeError."""
    return tuple(
        Ancestor(
            CellId(cell),
            Digest(code),
            source,
            tuple(Taken(name, TaskName(task), Digest(digest)) for name, task, digest in takes),
        )
        for cell, code, source, takes in json.loads(data)
    )


@dataclass(slots=True)
class Kept:
    """What was kept in the store of this folder, cells read once each; nothing where it is gone or can't be read."""

    folder: str
    _cells: dict[str, tuple[Ancestor, ...]] = field(default_factory=dict)

    def cells(self, source: str) -> tuple[Ancestor, ...]:
        """A plain cell and those that it rested on, itself last."""
        if source not in self._cells:
            try:
                self._cells[source] = loads(self._read(source))
            except (ValueError, TypeError):
                self._cells[source] = ()
        return self._cells[source]

    def text(self, source: str) -> str:
        """The lines of a module."""
        return self._read(source).decode("utf-8", "surrogatepass")

    def _read(self, source: str) -> bytes:
        try:
            return values.read_bytes(source, self.folder) if source else b""
        except (OSError, values.Unreadable):
            return b""
