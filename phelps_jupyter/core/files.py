"""Who must come before whom because of files: a reader after the writer above it, a writer after those who read before.

Knows paths as texts: as the code says them, as options declare them, and as runs of the same code have shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import join, normpath

from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Record
from phelps_jupyter.core.nodes import Learned, Node
from phelps_jupyter.core.paths import normal

_NOTHING = Learned()
_NONE: frozenset[str] = frozenset()
WORKING_DIRECTORY = "working directory"
"""The setting that tells where a body ran, relative to where the kernel started; without detail: there."""


@dataclass(slots=True)
class _Path:
    """One file: who wrote it last, and who has read it since."""

    writer: CellId | None = None
    readers: list[CellId] = field(default_factory=list)


def file_edges(nodes: Mapping[CellId, Node], learned: Mapping[Digest, Learned]) -> dict[CellId, tuple[CellId, ...]]:
    """For each cell that has to do with a file which some cell writes: the cells above that must come first."""
    writers = {code for code, found in learned.items() if found.wrote}
    writing = [
        node
        for node in nodes.values()
        if node.bindings.made or node.bindings.code in writers or (node.task is not None and node.task.options.writes)
    ]
    wrote = {node.cell: _wrote(node, learned) for node in writing}
    paths = {path: _Path() for written in wrote.values() for path in written}
    if not paths:
        return {}
    edges: dict[CellId, tuple[CellId, ...]] = {}
    for node in nodes.values():
        needed = dict.fromkeys(_needed(node, wrote.get(node.cell, _NONE), _Reads.of(node, learned), paths))
        needed.pop(node.cell, None)
        if needed:
            edges[node.cell] = tuple(needed)
    return edges


def _needed(node: Node, wrote: frozenset[str], reads: _Reads, paths: Mapping[str, _Path]) -> Iterator[CellId]:
    for name in reads.among(paths):
        path = paths[name]
        if path.writer is not None:
            yield path.writer
        path.readers.append(node.cell)
    for name in sorted(wrote):
        path = paths[name]
        # Who reads the former content must have read it, and who wrote that must not write after us.
        yield from path.readers
        if path.writer is not None:
            yield path.writer
        path.writer, path.readers = node.cell, []


def _wrote(node: Node, learned: Mapping[Digest, Learned]) -> frozenset[str]:
    found = learned.get(node.bindings.code, _NOTHING).wrote if learned else frozenset()
    declared = node.task.options.writes if node.task is not None else ()
    plain = {normal(pattern) for pattern in declared if not _is_pattern(pattern)}
    return node.bindings.made | found | plain


@dataclass(frozen=True, slots=True)
class _Reads:
    names: frozenset[str]
    patterns: tuple[str, ...]

    @classmethod
    def of(cls, node: Node, learned: Mapping[Digest, Learned]) -> _Reads:
        found = learned.get(node.bindings.code, _NOTHING).read if learned else frozenset()
        declared = node.task.options.reads if node.task is not None else ()
        patterns = [normal(pattern) for pattern in declared]
        folders = [f"{normal(name)}/*".lstrip("/") for name in found if name.endswith("/")]
        return cls(node.bindings.texts | found, (*patterns, *(f"{one}/*" for one in patterns), *folders))

    def among(self, paths: Mapping[str, _Path]) -> list[str]:
        """The files that it reads, of these."""
        found = self.names & paths.keys()
        if self.patterns:
            found |= {path for path in paths for pattern in self.patterns if fnmatchcase(path, pattern)}
        return sorted(found)


def touches(condition: Part, files: Iterable[Part]) -> bool:
    """Whether writing these files may change what was seen: the file itself, or the names in its folder."""
    if condition.kind is PartKind.FOLDER:
        return any((file.name.rpartition("/")[0] or ".") == condition.name for file in files)
    return any(file.name == condition.name for file in files)


def unmade(patterns: Iterable[str], record: Record) -> str | None:
    """The first of these patterns of ``--writes`` that may name nothing that the record's body has left."""
    place = PartKind.SETTING, WORKING_DIRECTORY
    where = next((part.detail for part in record.parts if (part.kind, part.name) == place), "")
    left = [file.name.split("/") for file in record.seen.files if file.kind is PartKind.FILE]
    new = ((pattern, normpath(join(where, pattern)).split("/")) for pattern in patterns if pattern not in record.writes)
    return next((pattern for pattern, wanted in new if not any(_is_named(file, wanted) for file in left)), None)


def _is_named(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """As `glob` does it, a folder standing for all below: a star leaves out hidden files, two are any folders."""
    if not pattern or not path:
        return not pattern
    if pattern[0] == "**":
        return any(_is_named(path[at:], pattern[1:]) for at in range(len(path)))
    if path[0].startswith(".") and not pattern[0].startswith("."):
        return False
    return fnmatchcase(path[0], pattern[0]) and _is_named(path[1:], pattern[1:])


def _is_pattern(text: str) -> bool:
    return not set(text).isdisjoint("*?[")
