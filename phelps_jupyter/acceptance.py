"""What it takes to accept a task's last result as it is, and to freeze it. Looks through a judge; stores nothing."""

from __future__ import annotations

from dataclasses import replace

from phelps_jupyter.core.freshness import Judgement, Verdict
from phelps_jupyter.core.holds import OUTSIDE, Hold, HoldKind, accepted, unknown
from phelps_jupyter.core.model import Part, PartKind, Record, Task, TaskName
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.holdings import last_used
from phelps_jupyter.judge import Judge
from phelps_jupyter.parts import env_parts, outputs_of

_FINAL = ("declaration", "always", "output_missing", "never_ran")
"""Kinds of reasons in spite of which no result can be accepted."""


def acceptance(judge: Judge, name: TaskName) -> Hold | None:
    """The acceptance of the task's last result as all is now; None: the task is fresh as it is.

    Errors: DeclarationError when there is nothing to accept, or what it would rest on can't be known now.
    """
    judged = judge.of(name)
    if judged.verdict is Verdict.FRESH:
        return None
    task, record = _declared(judge, name), _complete(judge, name, judged.record or _last(judge, name))
    _check(judge, task, record, judged)
    dropped = judge.asked.dropped(task, record.parts)
    parts = [part for part in record.parts if part.kind in OUTSIDE and part not in dropped]
    then = accepted(record, Hold(HoldKind.ACCEPT, record.number, judge.at, conditions=record.seen.conditions))
    now = [(part, judge.current(task, part, then)) for part in (*parts, *record.seen.conditions)]
    ground = judge.ground(task)
    still_open = unknown([*((part, part.digest or None) for part in ground), *now])
    if still_open:
        told = "; ".join(dict.fromkeys(reason.text for reason in still_open))
        raise DeclarationError(f"{name} can't be accepted yet: {told}; run or accept that first")
    found = [replace(part, digest=digest, detail="") for part, digest in now if digest is not None]
    because = tuple(dict.fromkeys(reason.text for reason in judged.reasons if reason.kind != "lapsed"))
    new = (*_new_files(judge, task, record), *_new_variables(judge, task, record))
    outside, conditions = (*found[: len(parts)], *new), tuple(found[len(parts) :])
    return Hold(HoldKind.ACCEPT, record.number, judge.at, because, ground, outside, conditions)


def freeze(judge: Judge, name: TaskName) -> Hold:
    """The freeze of the task's last result. Errors: DeclarationError when there is none."""
    return Hold(HoldKind.FREEZE, _complete(judge, name, _last(judge, name)).number, judge.at)


def _declared(judge: Judge, name: TaskName) -> Task:
    task = judge.graph.nodes[judge.graph.tasks[name]].task
    assert task is not None
    return task


def _last(judge: Judge, name: TaskName) -> Record:
    record = judge.index.last(judge.notebook, name)
    if record is None:
        raise DeclarationError(f"{name} has no result yet: run it first")
    return record


def _complete(judge: Judge, name: TaskName, found: Record) -> Record:
    """The record as the index has it, with its outputs at hand."""
    record = last_used(judge.index, judge.notebook, name, found.number)
    assert record is not None
    lost = next((version.name for version in record.outputs if not judge.store.has(version.digest)), None)
    if lost is not None:
        raise DeclarationError(
            f"the last result of {name} is not complete: its stored output `{lost}` is missing; run it"
        )
    return record


def _check(judge: Judge, task: Task, record: Record, judged: Judgement) -> None:
    final = next((reason for reason in judged.reasons if reason.kind in _FINAL), None)
    if final is not None:
        raise DeclarationError(f"the last result of {task.name} can't be accepted: {final.text}")
    made = {version.name for version in record.outputs} | record.left_out.keys()
    then = next(part for part in record.parts if (part.kind, part.name) == (PartKind.CODE, "outputs"))
    wanted = outputs_of(judge.graph, task)
    lacking = [name for name in wanted if name not in made]
    if lacking and judge.current(task, then, record) != then.digest:
        raise DeclarationError(
            f"the last result of {task.name} has no `{lacking[0]}`, which the cell binds now: run it"
        )
    inputs = (*judge.asked.new_inputs(task, record.parts), *judge.asked.dropped_inputs(task, record.parts))
    if inputs and not any(reason.kind == PartKind.CODE for reason in judged.reasons):
        raise DeclarationError(f"the last result of {task.name} was made from other inputs than --in names: run it")


def _new_files(judge: Judge, task: Task, record: Record) -> tuple[Part, ...]:
    if not judge.asked.new_files(task, record.parts):
        return ()
    known = {part.name for part in record.parts if part.kind is PartKind.FILE}
    return tuple(part for part in judge.asked.files(task, record.parts) if part.name not in known)


def _new_variables(judge: Judge, task: Task, record: Record) -> tuple[Part, ...]:
    return env_parts(judge.now.variables(judge.asked.new_variables(task, record.parts)))
