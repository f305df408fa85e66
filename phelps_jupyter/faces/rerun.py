"""Runs what is stale from top to bottom: tasks on engines, plain cells in this kernel. Decides by verdicts alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from phelps_jupyter.core.freshness import Judgement, Verdict
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, TaskName
from phelps_jupyter.errors import RunError
from phelps_jupyter.judge import Judge
from phelps_jupyter.loading import Loading

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live


@dataclass(frozen=True, slots=True)
class StaleCell:
    """A plain cell that ran in this kernel, and would do something else now."""

    cell: CellId
    place: int
    """1-based position among the code cells."""
    reason: str


def stale_cells(live: Live) -> list[StaleCell]:
    """The plain cells that ran in this kernel and are stale, in document order. What did not run is not loaded."""
    return stale_among(live, live.judge())


def stale_among(live: Live, judge: Judge) -> list[StaleCell]:
    """The same, by a look that was taken already."""
    found = []
    for cell, node in judge.graph.nodes.items():
        executed = live.namespace.executed(cell)
        if node.task is not None or executed is None or judge.lineage(cell) == executed:
            continue
        edited = live.namespace.executed_code(cell) != node.bindings.code
        found.append(StaleCell(cell, node.index + 1, "edited" if edited else "what it reads has changed or may change"))
    return found


def run_stale(live: Live, tasks: Sequence[TaskName] | None = None) -> None:
    """Run these tasks (None: all that are not fresh) and what they need, and the plain cells that are stale.

    Errors: RunError when a plain cell fails; what needs it is not run.
    """
    judged = live.judgements()
    wanted = [task for task in judged if may_run(live.graph, task, judged[task])] if tasks is None else list(tasks)
    needed = live.graph.upstream(live.graph.tasks[task] for task in wanted)
    asked = {*wanted, *(task.name for cell in needed if (task := live.graph.nodes[cell].task) is not None)}
    _Rerun(live, asked, all_cells=tasks is None).run()


def may_run(graph: Graph, name: TaskName, judged: Judgement) -> bool:
    """Whether it is not fresh; what ``--uptodate`` gives is found anew each time."""
    task = graph.nodes[graph.tasks[name]].task
    assert task is not None
    return judged.verdict is not Verdict.FRESH or bool(task.options.uptodate and not task.still)


@dataclass(slots=True)
class _Rerun:
    live: Live
    wanted: Collection[TaskName]
    all_cells: bool
    _gathered: list[TaskName] = field(default_factory=list)

    def run(self) -> None:
        held = self._held()
        for cell, node in list(self.live.graph.nodes.items()):
            if node.task is None:
                if self._may_run(cell) and not self._is_fresh(cell):
                    self._execute(cell)
            elif node.task.name in self.wanted:
                self._load(cell)
                self._gathered.append(node.task.name)
        self._submit()
        # A cell in the middle of a chain was run again: the names end as the document's last cells leave them.
        for name, provider in held.items():
            if not self._loading().holds(name, provider):
                self._execute(provider)

    def _held(self) -> dict[str, CellId]:
        """The names that hold what the last plain cell to write them left."""
        last = {
            name: cell
            for cell, node in self.live.graph.nodes.items()
            if node.task is None
            for name in self.live.graph.writes[cell]
        }
        origins = {name: self.live.namespace.origin(name) for name in last}
        return {name: cell for name, cell in last.items() if (origin := origins[name]) and origin.cell == cell}

    def _loading(self) -> Loading:
        return Loading(self.live.graph, self.live.namespace, self.live.judge().lineage)

    def _may_run(self, cell: CellId) -> bool:
        return self.all_cells and self.live.namespace.executed(cell) is not None

    def _is_fresh(self, cell: CellId) -> bool:
        """Whether the kernel holds what the cell gives now; waits for the tasks that it rests on."""
        above = (self.live.graph.nodes[one].task for one in self.live.graph.upstream([cell]))
        tasks = [task.name for task in above if task is not None]
        if tasks:
            self._submit()
            self.live.wait(tasks, ", ".join(tasks))
        return self.live.judge().lineage(cell) == self.live.namespace.executed(cell)

    def _load(self, cell: CellId) -> None:
        """Run the plain cells whose values this one needs, and that the kernel does not hold."""
        while lacking := self._loading().lacking(cell):
            self._execute(lacking[0])

    def _execute(self, cell: CellId) -> None:
        self._load(cell)
        self._submit()
        place = self.live.graph.nodes[cell].index + 1
        error = self.live.execute(cell)
        if error is not None:
            message = f"cell {place} failed ({type(error).__name__}: {error}); what comes below it was not run"
            raise RunError(message)

    def _submit(self) -> None:
        if self._gathered:
            self.live.submit(self._gathered)
            self._gathered = []
