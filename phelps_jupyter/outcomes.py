"""Translates what engines report into events and records. No state, no effects."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from phelps_jupyter.core.events import AttemptDone, AttemptFailed
from phelps_jupyter.core.model import (
    Digest,
    Failure,
    FailureKind,
    Key,
    Part,
    PartKind,
    Record,
    Task,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.core.model import RunId as RunNumber
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError, PhelpsError
from phelps_jupyter.runtime.attempts import Finished
from phelps_jupyter.runtime.digests import digest_bytes
from phelps_jupyter.runtime.orders import Outcome, Stored


def attempt_event(outcome: Outcome, at: float) -> AttemptDone | AttemptFailed:
    """The event that tells the machine how an attempt ended."""
    usage = Usage(outcome.seconds, outcome.peak_memory, outcome.cpu_seconds)
    run = RunNumber(outcome.run)
    if outcome.kind == "done":
        outputs = tuple(_version(stored) for stored in outcome.outputs)
        return AttemptDone(at, run, outcome.attempt, outputs, usage, outcome.changed, outcome.left_out, outcome.drew)
    return AttemptFailed(at, run, outcome.attempt, _failure(outcome), usage)


def note_of(run: Run, notebook: str, parts: tuple[Part, ...]) -> dict[str, object]:
    """What stays beside an attempt, so that a later kernel can record its result."""
    return {
        "key": run.key,
        "task": run.task.name,
        "notebook": notebook,
        "source": run.task.body,
        # Plain data: the engine's side knows none of our types.
        "parts": [[part.kind.value, part.name, part.digest, part.detail, part.origin] for part in parts],
        "engine": run.place,
        "seed": seed_text(run.task),
    }


def record_of_finished(finished: Finished, transcript: str, at: float) -> Record:
    """The record of an attempt that ended well after its kernel was gone."""
    note: Mapping[str, Any] = finished.note
    outcome = finished.outcome
    outputs = tuple(_version(stored) for stored in outcome.outputs)
    return Record(
        key=Key(note["key"]),
        task=TaskName(note["task"]),
        notebook=note["notebook"],
        source=note["source"],
        parts=tuple(Part(PartKind(kind), *rest) for kind, *rest in note["parts"]),
        outputs=outputs,
        usage=Usage(outcome.seconds, outcome.peak_memory, outcome.cpu_seconds),
        engine=note["engine"],
        at=at,
        transcript=transcript,
        left_out=outcome.left_out,
        changed=outcome.changed,
        reusable=not any(version.opaque for version in outputs),
        seed=note["seed"] if outcome.drew else "",
    )


def seed_text(task: Task) -> str:
    """The task's seed as records hold it."""
    seed = seed_of(task)
    return "none" if seed is None else str(seed)


def seed_of(task: Task) -> int | None:
    """The seed of a task's generators: declared, or derived from its name; None: left unseeded."""
    match task.options.seed:
        case "none":
            return None
        case "task":
            return int(digest_bytes(task.name.encode())[:8], 16)
        case int(seed):
            return seed


def _version(stored: Stored) -> Version:
    digest = Digest(stored.digest)
    return Version(
        stored.name, digest, stored.size, stored.summary, stored.identity, stored.opaque, tuple(stored.modules)
    )


def _failure(outcome: Outcome) -> Failure:
    # A cancelled attempt's answer no longer counts; the machine lets it pass by its number.
    kind = FailureKind.LOST if outcome.kind == "cancelled" else FailureKind(outcome.kind)
    return Failure(kind, outcome.message, outcome.error_type, outcome.line, outcome.traceback, outcome.evidence)


def record_of(run: Run, notebook: str, parts: tuple[Part, ...], transcript: str, at: float) -> Record:
    """The record of a run that is done."""
    assert run.key is not None
    return Record(
        key=run.key,
        task=run.task.name,
        notebook=notebook,
        source=run.task.body,
        parts=parts,
        outputs=run.outputs,
        usage=run.usage,
        engine=run.place,
        at=at,
        transcript=transcript,
        left_out=run.left_out,
        changed=run.changed,
        reusable=not any(version.opaque for version in run.outputs),
        seed=seed_text(run.task) if run.drew else "",
    )


def failure_of(error: Exception) -> Failure:
    """The user's declaration, the store, or a bug of ours: in each case the run fails, and the session goes on."""
    line = error.line if isinstance(error, DeclarationError) else None
    if isinstance(error, PhelpsError):
        return Failure(FailureKind.DECLARATION, str(error), type(error).__name__, line)
    told = "".join(traceback.format_exception(error))
    return Failure(FailureKind.DECLARATION, f"a bug of Phelps: {error!r}", type(error).__name__, traceback=told)
