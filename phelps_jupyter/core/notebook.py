"""The notebook as the graph sees it: a document, the tasks declared in it, and what runs found out about its code."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.document import Document
from phelps_jupyter.core.graph import Graph, Learned, Placed, edited
from phelps_jupyter.core.holds import held_still
from phelps_jupyter.core.model import (
    Bindings,
    Cell,
    CellId,
    Digest,
    Options,
    Part,
    PartKind,
    RunState,
    Task,
    TaskName,
)
from phelps_jupyter.core.options import parse_cell
from phelps_jupyter.core.same import seen_same
from phelps_jupyter.core.unforeseen import whole_code
from phelps_jupyter.errors import DeclarationError

if TYPE_CHECKING:
    # A plan learns nothing, and knows no run.
    from phelps_jupyter.core.runs import Run


@dataclass(frozen=True, slots=True)
class Declared:
    """What a source says by itself; without a ``name`` it is a plain cell."""

    name: TaskName | None
    options: Options
    body: str
    bindings: Bindings


@lru_cache(maxsize=20_000)
def _declared(source: str) -> Declared:
    try:
        header = parse_cell(source)
    except DeclarationError as error:
        return Declared(None, Options(), source, Bindings(error=str(error)))
    if header is None:
        return Declared(None, Options(), source, analyse(source))
    return Declared(header.name, header.options, header.body, analyse(header.body))


def declare(cell: Cell, parses: Mapping[str, Declared] | None = None) -> Placed:
    """A cell with its task, if it declares one, and its bindings. ``parses``: what is known already, by source."""
    found = (parses and parses.get(cell.source)) or _declared(cell.source)
    if found.name is None:
        return cell, None, found.bindings
    return cell, Task(found.name, cell.id, found.body, found.options, found.bindings), found.bindings


_NOTHING = Learned()


def _named(condition: Part) -> str:
    """A listed folder ends with a slash."""
    return f"{condition.name}/" if condition.kind is PartKind.FOLDER else condition.name


@dataclass(slots=True)
class Notebook:
    """Cells in, graph out."""

    document: Document = field(default_factory=Document)
    learned: dict[Digest, Learned] = field(default_factory=dict)
    parses: Mapping[str, Declared] = field(default_factory=dict)
    """What an earlier look at the notebook has found out, by source."""
    frozen: frozenset[TaskName] = frozenset()
    """Tasks that are held still, whether there are such now or not."""
    _graph: Graph = field(default_factory=Graph)
    _built_of: list[Cell] = field(default_factory=list)
    _built_with: dict[Digest, Learned] = field(default_factory=dict)

    def graph(self) -> Graph:
        """The graph of the document as it is now. It costs little where only some cells' code is new, and no name."""
        relearned = not self._knows_no_more()
        self._built_with = dict(self.learned)
        if not relearned and self.document.cells == self._built_of:
            return held_still(self._graph, self.frozen)
        self._built_of = list(self.document.cells)
        self._graph = edited(self._graph, self.document.cells, self._declare, self.learned, relearned=relearned)
        return held_still(self._graph, self.frozen)

    def _knows_no_more(self) -> bool:
        """Whether runs have found out nothing that tells since the last graph."""
        before, now = self._built_with, self.learned
        if before == now:
            return True
        pairs = ((before.get(code, _NOTHING), now.get(code, _NOTHING)) for code in {**before, **now})
        return all(one is other or one == other for one, other in pairs)

    def _declare(self, cell: Cell) -> Placed:
        return declare(cell, self.parses)

    def read(self, cells: Iterable[Cell], saved_at: float) -> None:
        """Take the document from its file."""
        self.document.read(cells, saved_at)

    def ran(self, cell: CellId | None, source: str, at: float) -> CellId:
        """A cell is executed; returns its id."""
        return self.document.ran(cell, source, at)

    def learn_plain(
        self, cell: CellId, bound: Iterable[str], used: Iterable[Part], objects: Mapping[str, Hashable] | None = None
    ) -> Learned | None:
        """What a plain cell has bound that its text does not say, and the files it has used; None: nothing new.

        ``objects``: what tells the objects that names are bound to from one another.
        """
        bindings = self._graph.nodes[cell].bindings
        names = frozenset(bound)
        public = frozenset(name for name in names if name[0] != "_") - bindings.writes - self._graph.writes[cell]
        known = self.learned.get(bindings.code, Learned())
        read = known.read | {_named(condition) for condition in used}
        same = known.same | seen_same(bindings, names, objects or {})
        found = replace(known, added=known.added | public, read=read, same=same)
        if found == known:
            return None
        self.learned[bindings.code] = found
        return found

    def learn(
        self, run: Run, inputs: dict[str, Digest], objects: Mapping[str, Hashable] | None = None
    ) -> dict[Digest, Learned]:
        """What a run that has ended tells that was not known, by code. ``inputs``: digests before it; ``objects``: what
        tells the objects that names are bound to from one another, after it.

        Of one that failed, only what it looked for counts. Equal cells learn together: what one of them has changed,
        another one that changed nothing does not deny.
        """
        bindings = run.task.bindings
        known = self.learned.get(bindings.code, Learned())
        read = known.read | {_named(condition) for condition in run.seen.conditions}
        if run.state is RunState.FAILED:
            found = replace(known, read=read)
            news = {} if found == known else {bindings.code: found}
            self.learned.update(news)
            return news
        after = {version.name: version.digest for version in run.outputs}
        guessed = bindings.changes & inputs.keys()
        denied = frozenset(name for name in guessed if after.get(name, inputs[name]) == inputs[name])
        added = known.added | (frozenset(run.changed) - bindings.writes)
        wrote = frozenset(file.name for file in run.seen.files)
        same = known.same | seen_same(bindings, bindings.writes, objects or {})
        found = Learned(added, (known.denied | denied) - added, read, known.wrote | wrote, same)
        node = self.graph().nodes.get(run.task.cell)
        news = {} if found == known else {bindings.code: found}
        if node is not None and node.bindings.code == bindings.code:
            ran = whole_code(self.graph(), node.cell)
            news |= {} if ran in self.learned else {ran: Learned()}
        self.learned.update(news)
        return news
