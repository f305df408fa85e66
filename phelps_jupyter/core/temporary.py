"""Values that are kept only as long as a plan needs them (``--temp``), and how values that are gone come back.

Knows runs; removes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from phelps_jupyter.core.events import InputsLost, RunRequested
from phelps_jupyter.core.failures import LOSSES_ALLOWED
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Digest, Failure, FailureKind, RunId
from phelps_jupyter.core.runs import Run, Runs


@dataclass(slots=True)
class Leavings:
    """Runs of temporary tasks whose values no open run is to read any more.

    They go when what engines had in hand meanwhile has ended: a body that made an equal value stores it once, and
    counts on what it found until its result is told.
    """

    _past: list[tuple[Run, set[RunId]]] = field(default_factory=list)
    """Each with the open runs that engines had when its last reader ended."""

    def settle(self, runs: Runs, run: Run, held: Iterable[RunId]) -> tuple[Digest, ...]:
        """A run has ended: values that can go now. ``held``: the runs that engines have in hand."""
        for _, others in self._past:
            others.discard(run.id)
        above = [runs[need] for need in sorted(run.needs) if runs[need].task.options.temp] if run.good else []
        ended = [one for one in above if one.good and not runs.waiting_on(one)]
        if ended:
            others = {number for number in held if number in runs.by_id and not runs[number].settled}
            self._past += [(one, set(others)) for one in ended]
        going = [one for one, others in self._past if not others]
        self._past = [(one, others) for one, others in self._past if others]
        return _only_theirs(runs, going) if going else ()


def _only_theirs(runs: Runs, going: list[Run]) -> tuple[Digest, ...]:
    """Other tasks may have made equal values, and later runs of the same tasks may be read."""
    tasks = {one.task.name for one in going}
    others = (one for one in runs.by_id.values() if one.task.name not in tasks or runs.waiting_on(one))
    kept = {version.digest for one in others for version in one.outputs}
    found = dict.fromkeys(version.digest for one in going for version in one.outputs)
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
