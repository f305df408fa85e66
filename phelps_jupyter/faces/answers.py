"""What is told of one task to a front end that asks: why it is so, what a value looks like, a cell to put beside.

Decides nothing, and loads no value in the kernel but those that are compared, up to a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import GOOD, PartKind, TaskName, Version
from phelps_jupyter.core.snapshot import reason_json
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces.previews import Previews, Wanted
from phelps_jupyter.faces.ready_cells import ready_cell
from phelps_jupyter.faces.tables import NAMED
from phelps_jupyter.runtime.objects import stored_size

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live
    from phelps_jupyter.judge import Judge
    from phelps_jupyter.records.reasons import Evidence

COMPARED = 20_000_000
"""Bytes of a value that is compared with the one before."""


class Answers:
    """Of one kernel. Errors: DeclarationError, where what is asked for is not there."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._previews = Previews()

    def why(self, judge: Judge, task: TaskName) -> Json:
        """Each reason for its state, with what changed in lines, and what it goes back to."""
        self._check(judge.graph, task)
        told = judge.explain(task, COMPARED)
        told_now, ran = ([evidence_json(one) for one in found] for found in (told.told, told.ran))
        return {"type": "why", "task": task, "note": told.note, "told": told_now, "ran": ran}

    def preview(self, judge: Judge, task: TaskName, name: str, answer: Callable[[Json], None]) -> None:
        """A first look at what it gives under this name, or reads."""
        self._check(judge.graph, task)
        version = self._version(judge, task, name)
        folder, look = self._live.session.store.folder, self._live.start
        # What only another host holds is not brought for a look: it may be large.
        if version is None or not stored_size(version.digest, folder):
            answer(_looked(task, name, {"refused": f"no value of {name} is stored on this machine; read it in a cell"}))
            return
        wanted = Wanted(version, folder, look.folder, look.path)
        self._previews.ask(wanted, lambda shown: answer(_looked(task, name, shown)))

    def cell(self, judge: Judge, task: TaskName, what: str) -> Json:
        """A cell to be put beside the task's."""
        made = ready_cell(judge.graph, task, what, self._live.shell.user_ns)
        return {"type": "insert", "beside": made.beside, "above": made.above, "source": made.source}

    def _version(self, judge: Judge, task: TaskName, name: str) -> Version | None:
        given = self._given(judge, task)
        if name in given:
            return given[name]
        provider = judge.graph.inputs[judge.graph.tasks[task]].get(name)
        if provider is None:
            return None
        declared = judge.graph.nodes[provider].task
        return self._read(judge, task, name) if declared is None else self._given(judge, declared.name).get(name)

    def _read(self, judge: Judge, task: TaskName, name: str) -> Version | None:
        """What its last run read of a plain cell: it was stored to be handed over, where it is no code."""
        state, record = self._live.session.view(task).state, judge.of(task).record
        if record is None or not (state is None or state in GOOD):
            # Of a run that did not end well no record tells what it read, and an older one's is perhaps another value.
            return None
        found = (part for part in record.parts if part.kind is PartKind.INPUT and part.name == name)
        folder = self._live.session.store.folder
        return next((Version(name, part.digest, stored_size(part.digest, folder), part.detail) for part in found), None)

    def _given(self, judge: Judge, task: TaskName) -> dict[str, Version]:
        """What its last run gave; of one that did not run in this kernel, what is stored."""
        found = self._live.session.view(task).outputs
        record = judge.of(task).record
        return {version.name: version for version in found or (record.outputs if record is not None else ())}

    def _check(self, graph: Graph, task: TaskName) -> None:
        if task not in graph.tasks:
            raise DeclarationError(f"there is no task {task!r}; there are {', '.join(graph.tasks) or 'none'}")


def _looked(task: TaskName, name: str, shown: Json) -> Json:
    return {"type": "preview", "task": task, "name": name} | shown


def evidence_json(evidence: Evidence) -> Json:
    """A reason as data, with its lines and causes for people."""
    return {
        "reason": reason_json(evidence.reason),
        "difference": list(evidence.difference),
        "because": list(_causes(evidence)),
    }


def _causes(evidence: Evidence) -> Iterable[str]:
    for cause in evidence.because[:NAMED]:
        way = f", by way of {', '.join(cause.through[::-1])}" if cause.through else ""
        yield f"{f'{cause.task}: ' if cause.task is not None else ''}{cause.reason.text}{way}"
    if len(evidence.because) > NAMED:
        yield f"and {len(evidence.because) - NAMED} reasons more"
