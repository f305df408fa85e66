"""The one picture of all tasks that faces, JSON and tests share. Derived from the machine; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields

from phelps_jupyter.core.freshness import Reason, Verdict
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.history import Attempt, attempts
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import CellId, Failure, RunId, RunState, Seen, TaskName, Usage, Version
from phelps_jupyter.core.plan import is_current
from phelps_jupyter.core.runs import Run

LONG_ENOUGH = 1.0
"""Seconds: how many processors a shorter body kept busy is guesswork."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input of a task: a name and who provides it (a task, or ``cell N``)."""

    name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a body is, by its own count. ``total``: None where that is not known."""

    done: float
    total: float | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task as people see it."""

    name: TaskName
    cell: CellId
    place: int
    """1-based position among the code cells."""
    verdict: Verdict | None = None
    reasons: tuple[Reason, ...] = ()
    state: RunState | None = None
    run: RunId | None = None
    """Its latest run."""
    ran: bool = False
    attempts: int = 0
    engine: str | None = None
    usage: Usage | None = None
    """Of the last attempt, when it has ended."""
    failure: Failure | None = None
    failures: tuple[Failure, ...] = ()
    """Of attempts that ended badly, in order."""
    reads: tuple[Source, ...] = ()
    outputs: tuple[Version, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What people should know of how far its result can be trusted to be judged."""
    is_older: bool = False
    """Its run is still open, and its code or what it reads from has been edited since it was submitted."""
    waits_for: str = ""
    skipped_for: str = ""
    progress: Progress | None = None
    """Of a run that is open, if its body counts."""
    started_at: float | None = None
    ended_at: float | None = None
    """Seconds since the epoch, of the last attempt."""
    history: tuple[Attempt, ...] = ()
    """The attempts of its run."""


def task_view(machine: Machine, task: TaskName) -> TaskView:
    """The task with its latest run."""
    graph = machine.graph
    cell = graph.tasks[task]
    place = graph.nodes[cell].index + 1
    run = machine.runs.of(task)
    if run is None:
        return TaskView(task, cell, place, reads=sources(graph, cell))
    return TaskView(
        name=task,
        cell=cell,
        place=place,
        verdict=run.verdict or _unproved(run),
        reasons=run.reasons,
        state=run.state,
        run=run.id,
        ran=run.attempt > 0,
        attempts=run.attempt,
        engine=run.place or None,
        usage=run.usage if run.settled else None,
        failure=run.failure,
        failures=run.failures,
        reads=sources(graph, cell),
        outputs=run.outputs,
        left_out=tuple(sorted(run.left_out.items())),
        changed=run.changed,
        notes=(*notes(graph, cell, run.seen), *_crowded(run)),
        is_older=not run.settled and not is_current(graph, machine.runs, run),
        waits_for=_waits_for(machine, run),
        skipped_for=machine.runs[run.root].task.name if run.root is not None else "",
        started_at=run.started_at,
        ended_at=run.ended_at,
        history=tuple(attempts(run)),
    )


def notes(graph: Graph, cell: CellId, seen: Seen) -> tuple[str, ...]:
    """What could not be seen or known of a task, said to people."""
    found = [f"reads by {what} are not seen; declare files with --reads" for what in seen.unwatched]
    found += [f"file {name} changed while it ran: the result is used, not reused" for name in seen.torn]
    bindings = graph.nodes[cell].bindings
    if bindings.reads_everything and graph.inputs[cell]:
        found.append("it may read any name above: it asks for names that only its run knows")
    blind = {
        graph.nodes[provider].index + 1
        for name, provider in graph.inputs[cell].items()
        if provider is not None and graph.nodes[provider].bindings.binds_unknown and name not in graph.writes[provider]
    }
    found += [f"names of cell {place} are guessed: what it binds can't be known" for place in sorted(blind)]
    return tuple(found)


def _crowded(run: Run) -> tuple[str, ...]:
    """Where a body kept more processors busy than it has: it takes them from its neighbours."""
    has, took = run.task.options.resources.cpus, run.usage
    if not run.good or has == "all" or took.seconds < LONG_ENOUGH:
        return ()
    busy = round(took.cpu_seconds / took.seconds)
    return (
        (f"it kept {busy} cpus busy and has {has}; give it --cpus {busy}, or have it use fewer",) if busy > has else ()
    )


def _unproved(run: Run) -> Verdict | None:
    """The verdict on a run that ended before its key was proved: wrongly declared, or for want of what it needs."""
    if not run.settled:
        return None
    return Verdict.STALE if run.state is RunState.FAILED else Verdict.UNDECIDED


def sources(graph: Graph, cell: CellId) -> tuple[Source, ...]:
    """What a cell reads, and from whom, in the order of names."""
    found = []
    for name, provider in sorted(graph.inputs[cell].items()):
        if provider is not None:
            node = graph.nodes[provider]
            found.append(Source(name, node.task.name if node.task else f"cell {node.index + 1}"))
    return tuple(found)


def _waits_for(machine: Machine, run: Run) -> str:
    if run.state is RunState.WAITING:
        return ", ".join(sorted(machine.runs[other].task.name for other in run.waits_for))
    if run.state is not RunState.READY:
        return ""
    return machine.fleet.shortage(run.resources)


def task_json(view: TaskView) -> dict[str, object]:
    """The JSON contract's object for one task."""
    return {
        "name": view.name,
        "cell": view.place - 1,
        "verdict": view.verdict.value if view.verdict else None,
        "reasons": [reason_json(reason) for reason in view.reasons],
        "ran": view.ran,
        "state": view.state.value if view.state else None,
        "attempts": view.attempts,
        "engine": view.engine,
        **usage_json(view.usage),
        "error": failure_json(view.failure),
        "failures": [failure_json(failure) for failure in view.failures],
        "reads": [{"name": source.name, "from": source.provider} for source in view.reads],
        "outputs": [
            {"name": version.name, "digest": version.digest, "bytes": version.size, "summary": version.summary}
            for version in view.outputs
        ],
        "left_out": dict(view.left_out),
        "notes": list(view.notes),
    }


def usage_json(usage: Usage | None) -> dict[str, object]:
    """What an attempt used, as data; null: it is not known."""
    return {field.name: getattr(usage, field.name, None) for field in fields(Usage)}


def progress_json(progress: Progress) -> dict[str, object]:
    """How far it is as data."""
    return {"done": progress.done, "total": progress.total}


def reason_json(reason: Reason) -> dict[str, object]:
    """One reason as data, with the words for people."""
    told: dict[str, object] = {"kind": reason.kind, "name": reason.name, "text": reason.text}
    if reason.before or reason.after:
        told |= {"before": reason.before, "after": reason.after}
    if reason.place:
        told["place"] = reason.place
    if reason.upstream is not None:
        told["task"] = reason.upstream
    return told


def failure_json(failure: Failure | None) -> dict[str, object] | None:
    """A failure as data."""
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "type": failure.type,
        "message": failure.message,
        "line": failure.line,
        "evidence": failure.evidence,
        "memory_curve": [list(point) for point in failure.memory_curve],
    }
