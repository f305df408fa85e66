"""Values that are kept only as long as a plan needs them (``--temp``), and how values that are gone come back.

Knows runs; removes nothing itself.
"""

from __future__ import annotations

from phelps_jupyter.core.events import InputsLost, RunRequested
from phelps_jupyter.core.failures import LOSSES_ALLOWED
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Digest, Failure, FailureKind
from phelps_jupyter.core.runs import Run, Runs

WORTH = 1 << 16
"""Bytes: smaller values stay. There is little to gain, and they are often equal to others': a body that finds an equal
one stored counts on it until its own result is told."""


def done_with(runs: Runs, run: Run) -> tuple[Digest, ...]:
    """After a run has ended well: large values of temporary tasks that no open run is to read any more."""
    above = [runs[need] for need in sorted(run.needs) if runs[need].task.options.temp]
    ended = [one for one in above if one.good and not runs.waiting_on(one)]
    found = dict.fromkeys(version.digest for one in ended for version in one.outputs if version.size >= WORTH)
    if not found:
        return ()
    tasks = {one.task.name for one in ended}
    # Other tasks may have made equal values, and later runs of the same ones may be read.
    others = (one for one in runs.by_id.values() if one.task.name not in tasks or runs.waiting_on(one))
    kept = {version.digest for one in others for version in one.outputs}
    return tuple(digest for digest in found if digest not in kept)


def regained(graph: Graph, runs: Runs, run: Run, event: InputsLost) -> tuple[RunRequested, ...]:
    """The requests by which the inputs of a run come back, and it goes on; none: that was tried often enough.

    Whoever made them is proved again, and runs again where they are missing; of a temporary task they always may be.
    """
    task = run.task.name
    if run.losses >= LOSSES_ALLOWED or task not in graph.tasks:
        return ()
    above = (runs[run.providers[name]].task for name in event.names if name in run.providers)
    temporary = tuple(dict.fromkeys(one.name for one in above if one.options.temp and one.name in graph.tasks))
    again = RunRequested(event.at, (task,), renewed=frozenset({task}))
    return (RunRequested(event.at, temporary, forced=True), again) if temporary else (again,)


def gone_for_good(event: InputsLost) -> Failure:
    """Why a run fails whose inputs did not come back."""
    told = ", ".join(f"`{name}`" for name in event.names)
    return Failure(FailureKind.LOST, f"what it reads is gone, and could not be had again: {told}")
