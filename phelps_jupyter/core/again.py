"""Which tasks run again as a run has shown what nobody knew: that they read an older version, or files too early."""

from __future__ import annotations

from collections.abc import Sequence

from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.events import RunRequested
from phelps_jupyter.core.files import touches
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import RunState, TaskName
from phelps_jupyter.core.plan import declared, is_current, needed
from phelps_jupyter.core.runs import Run, Runs


def request_again(graph: Graph, runs: Runs, run: Run, at: float, *, relinked: bool, below: bool) -> RunRequested | None:
    """The request that follows from a run that has ended; None: nothing does.

    ``relinked``: the graph is another one for what the run has shown. ``below``: tasks that ended on what is to be made
    anew run again as well; those that are open do in any case.
    """
    tasks = to_run_again(graph, runs, run, relinked=relinked)
    if not tasks:
        return None
    under = [
        found
        for cell in graph.downstream(graph.tasks[task] for task in tasks)
        if (node := graph.nodes[cell]).task is not None
        and node.task.name not in tasks
        and (found := runs.of(node.task.name)) is not None
    ]
    ended = [one.task.name for one in under if one.state in _ENDED] if below else []
    rested = [one.task.name for one in under if not one.settled and _rests_on(runs, one, tasks)]
    return RunRequested(at, (*tasks, *ended, *rested), renewed=frozenset(rested), confirm=False)


_ENDED = frozenset({RunState.DONE, RunState.REUSED, RunState.FAILED, RunState.SKIPPED})
"""Not those that somebody has cancelled, or that wait for cells to be run."""


def _rests_on(runs: Runs, run: Run, tasks: Sequence[TaskName]) -> bool:
    """Whether an open run needs a run of these tasks that has ended."""
    above = (runs[number] for number in closure([run.id], lambda number: runs[number].needs))
    return any(one.settled and one.task.name in tasks for one in above)


def to_run_again(graph: Graph, runs: Runs, run: Run, *, relinked: bool) -> tuple[TaskName, ...]:
    """Tasks to run again after this run: readers that took the version from before an unforeseen change, or old files.

    ``relinked``: the graph is another one for what the run has shown.
    """
    return tuple(dict.fromkeys((*(moved(graph, runs) if relinked else ()), *ahead_of_files(graph, runs, run))))


def moved(graph: Graph, runs: Runs) -> tuple[TaskName, ...]:
    """Tasks whose declaration is as it was when they last ran, and which read from other tasks or hand on more now."""
    latest = (runs.of(task) for task in graph.tasks)
    same = (run for run in latest if run is not None and declared(graph, run.task.name) == run.task)
    return tuple(run.task.name for run in same if not is_current(graph, runs, run) or _lacks(graph, run))


def _lacks(graph: Graph, run: Run) -> bool:
    """It has left an input as it was, and nobody knew that the task is to hand it on."""
    return run.good and not graph.handed_on(run.task.cell) <= {version.name for version in run.outputs} | {
        *run.left_out
    }


def ahead_of_files(graph: Graph, runs: Runs, run: Run) -> tuple[TaskName, ...]:
    """Tasks that ran ahead of a writer of files that they read, as nobody knew: this run's readers, or its own task."""
    cell = graph.tasks.get(run.task.name)
    if cell is None:
        return ()
    readers = [graph.nodes[reader].task for reader in graph.following.get(cell, ()) if cell in graph.after[reader]]
    below = (runs.of(task.name) for task in readers if task is not None)
    found = [reader.task.name for reader in below if reader is not None and _is_ahead(reader, run)]
    above = (runs.of(name) for name in needed(graph, run.task.name))
    if any(writer is not None and _is_ahead(run, writer) for writer in above):
        found.append(run.task.name)
    return tuple(found)


def _is_ahead(reader: Run, writer: Run) -> bool:
    if not writer.good or not (reader.good or reader.state is RunState.FAILED) or writer.id in reader.needs:
        return False
    began = reader.started_at or reader.ended_at or 0.0
    if writer.ended_at is None or began >= writer.ended_at:
        return False
    return any(touches(condition, writer.seen.files) for condition in reader.seen.conditions)
