"""The notebook as the graph sees it: a document, the tasks declared in it, and what runs found out about its code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.document import Document
from phelps_jupyter.core.graph import Graph, Learned, build
from phelps_jupyter.core.model import Bindings, Cell, CellId, Digest, Options, Task, TaskName
from phelps_jupyter.core.options import parse_cell
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class _Declared:
    name: TaskName | None
    options: Options
    body: str
    bindings: Bindings


@lru_cache(maxsize=20_000)
def _declared(source: str) -> _Declared:
    try:
        header = parse_cell(source)
    except DeclarationError as error:
        return _Declared(None, Options(), source, Bindings(error=str(error)))
    if header is None:
        return _Declared(None, Options(), source, analyse(source))
    return _Declared(header.name, header.options, header.body, analyse(header.body))


def declare(cell: Cell) -> tuple[Cell, Task | None, Bindings]:
    """A cell with its task, if it declares one, and its bindings."""
    found = _declared(cell.source)
    if found.name is None:
        return cell, None, found.bindings
    return cell, Task(found.name, cell.id, found.body, found.options, found.bindings), found.bindings


@dataclass(slots=True)
class Notebook:
    """Cells in, graph out."""

    document: Document = field(default_factory=Document)
    learned: dict[Digest, Learned] = field(default_factory=dict)

    def graph(self) -> Graph:
        """The graph of the document as it is now."""
        return build([declare(cell) for cell in self.document.cells], self.learned)

    def read(self, cells: Iterable[Cell], saved_at: float) -> None:
        """Take the document from its file."""
        self.document.read(cells, saved_at)

    def ran(self, cell: CellId | None, source: str, at: float) -> CellId:
        """A cell is executed; returns its id."""
        return self.document.ran(cell, source, at)

    def learn(self, run: Run, inputs: dict[str, Digest]) -> Learned | None:
        """What a run that is done tells of in-place changes; None when nothing new. ``inputs``: digests before it."""
        after = {version.name: version.digest for version in run.outputs}
        guessed = run.task.bindings.changes & inputs.keys()
        denied = frozenset(name for name in guessed if after.get(name, inputs[name]) == inputs[name])
        added = frozenset(run.changed) - run.task.bindings.writes - run.task.bindings.changes
        code = run.task.bindings.code
        known = self.learned.get(code, Learned(frozenset(), frozenset()))
        found = Learned(known.added | added, (known.denied | denied) - frozenset(run.changed))
        if found == known:
            return None
        self.learned[code] = found
        return found
