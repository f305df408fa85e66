"""What people ask of a front end's buttons: which tasks are to run at once, and which cells must be executed by hand.

Decides by verdicts alone; runs no cell. A task that rests on a plain cell which is to run again comes after it, so both
are left to the front end, which executes cells where people see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from phelps_jupyter.core.model import CellId, TaskName
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces.rerun import StaleCell, may_run, stale_among
from phelps_jupyter.judge import Judge
from phelps_jupyter.loading import Loading

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live

SCOPES = ("stale", "needed", "downstream", "force", "retry")


class Wishes:
    """Of one kernel."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def stale(self, judge: Judge) -> list[StaleCell]:
        """The plain cells that ran in this kernel and are stale."""
        return stale_among(self._live, judge)

    def run(self, scope: str, tasks: Sequence[TaskName]) -> tuple[CellId, ...]:
        """Start what can start; returns the cells that are to be executed by hand, in document order.

        ``stale``: all that is not fresh; ``needed``: these and what they need; ``downstream``: these and all that rests
        on them; ``force``: these whatever their state; ``retry``: these, and what was skipped for them. Errors:
        DeclarationError.
        """
        live = self._live
        self._check(scope, tasks)
        judge = live.judge()
        cells, nodes = judge.graph.tasks, judge.graph.nodes
        wanted = self._wanted(judge, scope, [task for task in tasks if task in cells])
        by_hand = self._by_hand(judge, wanted, all_cells=scope == "stale")
        at_once = [task for task in wanted if cells[task] not in by_hand]
        if scope == "force":
            live.force_next.update(task for task in wanted if cells[task] in by_hand)
        if at_once:
            live.submit(at_once, forced=scope == "force")
        return tuple(sorted(by_hand, key=lambda cell: nodes[cell].index))

    def _check(self, scope: str, tasks: Iterable[TaskName]) -> None:
        if scope not in SCOPES:
            raise DeclarationError(f"run {scope!r}: there are {', '.join(SCOPES)}")
        known = self._live.graph.tasks
        for task in tasks:
            if task not in known:
                raise DeclarationError(f"there is no task {task!r}; there are {', '.join(known) or 'none'}")

    def _wanted(self, judge: Judge, scope: str, tasks: Sequence[TaskName]) -> list[TaskName]:
        graph = judge.graph
        judged = judge.all()
        stale = [task for task in judged if may_run(graph, task, judged[task])]
        if scope == "stale":
            return stale
        cells = [graph.tasks[task] for task in tasks]
        if scope == "force":
            return list(tasks)
        if scope == "downstream":
            cells = list(graph.downstream(cells))
        if scope == "retry":
            views = {view.name: view for view in self._live.session.views()}
            cells += [graph.tasks[task] for task in graph.tasks if task in views and views[task].skipped_for in tasks]
        above = {node.task.name for cell in graph.upstream(cells) if (node := graph.nodes[cell]).task is not None}
        asked = {node.task.name for cell in cells if (node := graph.nodes[cell]).task is not None}
        return [task for task in graph.tasks if task in asked or (task in above and task in stale)]

    def _by_hand(self, judge: Judge, wanted: Sequence[TaskName], *, all_cells: bool) -> frozenset[CellId]:
        graph = judge.graph
        loading = Loading(graph, self._live.namespace, judge.lineage)
        lacking = {cell for task in wanted for cell in loading.lacking(graph.tasks[task])}
        plain = set(loading.to_run(lacking))
        if all_cells:
            plain.update(stale.cell for stale in self.stale(judge))
        resting = set(graph.downstream(plain))
        if self._live.cell is not None:
            # It runs: what rests on it comes after it.
            plain.discard(self._live.cell)
        return frozenset(plain | {cell for task in wanted if (cell := graph.tasks[task]) in resting})
