"""Translates what engines report into events and records. No state, no effects."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from phelps_jupyter.core.events import AttemptDone, AttemptFailed
from phelps_jupyter.core.members import name_of
from phelps_jupyter.core.model import (
    Digest,
    Ended,
    Failure,
    FailureKind,
    Key,
    Part,
    PartKind,
    Record,
    Seen,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.core.model import RunId as RunNumber
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError, PhelpsError
from phelps_jupyter.parts import seed_text
from phelps_jupyter.runtime.attempts import Finished
from phelps_jupyter.runtime.orders import Outcome, Sighting, Stored


def attempt_event(outcome: Outcome, at: float) -> AttemptDone | AttemptFailed:
    """The event that tells the machine how an attempt ended."""
    usage = _usage(outcome)
    run = RunNumber(outcome.run)
    if outcome.kind == "done":
        outputs = tuple(_version(stored) for stored in outcome.outputs)
        return AttemptDone(
            at, run, outcome.attempt, outputs, usage, outcome.changed, outcome.left_out, outcome.drew, seen_of(outcome)
        )
    return AttemptFailed(at, run, outcome.attempt, _failure(outcome), usage, seen_of(outcome))


def unless_lost(outcome: Outcome, has_lost: Callable[[Digest], bool]) -> Outcome:
    """As it was told, if all that it has made is there; else the attempt has to be made again."""
    lost = [stored.name for stored in outcome.outputs if has_lost(Digest(stored.digest))]
    if outcome.kind != "done" or not lost:
        return outcome
    why = (
        f"`{lost[0]}` was removed from the store while it ran, as an equal value of a --temp task nobody reads any more"
    )
    return replace(outcome, kind="lost", message=why, evidence=why)


def note_of(run: Run, notebook: str, parts: tuple[Part, ...]) -> dict[str, object]:
    """What stays beside an attempt, so that a later kernel can record its result."""
    return {
        "key": run.key,
        "task": run.task.name,
        "notebook": notebook,
        "source": run.task.body,
        # Plain data: the engine's side knows none of our types.
        "parts": [[part.kind.value, part.name, part.digest, part.detail, part.origin, part.source] for part in parts],
        "engine": run.place,
        "seed": seed_text(run.task),
        "writes": run.task.options.writes,
    }


def record_of_finished(finished: Finished, transcript: str, at: float) -> Record:
    """The record of an attempt that ended well after its kernel was gone."""
    note: Mapping[str, Any] = finished.note
    outcome = finished.outcome
    outputs = tuple(_version(stored) for stored in outcome.outputs)
    parts = tuple(Part(PartKind(kind), *rest) for kind, *rest in note["parts"])
    return Record(
        key=Key(note["key"]),
        task=TaskName(note["task"]),
        notebook=note["notebook"],
        source=note["source"],
        parts=parts,
        outputs=outputs,
        usage=_usage(outcome),
        engine=note["engine"],
        at=at,
        transcript=transcript,
        left_out=outcome.left_out,
        changed=outcome.changed,
        reusable=_is_reusable(outputs, seen_of(outcome), parts, outcome.changed),
        seed=note["seed"] if outcome.drew else "",
        seen=seen_of(outcome),
        writes=tuple(note["writes"]),
    )


def seen_of(outcome: Outcome) -> Seen:
    """What the body was seen to use and to leave of the file system."""
    told = outcome.sightings
    return Seen(_seen_parts(told.read), _seen_parts(told.wrote), frozenset(told.kept), told.unwatched, told.torn)


def _seen_parts(sightings: Iterable[Sighting]) -> tuple[Part, ...]:
    return tuple(Part(PartKind(one.kind), one.name, Digest(one.digest)) for one in sightings)


def _is_reusable(outputs: Iterable[Version], seen: Seen, parts: Iterable[Part], changed: Collection[str]) -> bool:
    # A value that was changed in place is handed on with items that the key does not know.
    partly = {name for name, item in (name_of(part.name) for part in parts if part.kind is PartKind.INPUT) if item}
    return not (seen.torn or partly.intersection(changed) or any(version.opaque for version in outputs))


def _version(stored: Stored) -> Version:
    digest = Digest(stored.digest)
    return Version(
        stored.name,
        digest,
        stored.size,
        stored.summary,
        stored.identity,
        stored.opaque,
        tuple(stored.modules),
        {key: Digest(member) for key, member in stored.members.items()},
    )


def _usage(outcome: Outcome) -> Usage:
    told = (outcome.seconds, outcome.peak_memory, outcome.cpu_seconds, outcome.read_bytes, outcome.written_bytes)
    return Usage(*told)


def _failure(outcome: Outcome) -> Failure:
    # A cancelled attempt's answer no longer counts; the machine lets it pass by its number.
    kind = FailureKind.LOST if outcome.kind == "cancelled" else FailureKind(outcome.kind)
    told = (outcome.message, outcome.error_type, outcome.line, outcome.traceback, outcome.evidence)
    return Failure(kind, *told, outcome.memory_curve)


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
        reusable=_is_reusable(run.outputs, run.seen, parts, run.changed),
        seed=seed_text(run.task) if run.drew else "",
        seen=run.seen,
        writes=run.task.options.writes,
    )


def ended_of(run: Run) -> Ended:
    """How a run that has settled ended."""
    return Ended(run.state, run.attempt, run.place, run.failure)


def failure_of(error: Exception) -> Failure:
    """The user's declaration, the store, or a bug of ours: in each case the run fails, and the session goes on."""
    line = error.line if isinstance(error, DeclarationError) else None
    if isinstance(error, PhelpsError):
        return Failure(FailureKind.DECLARATION, str(error), type(error).__name__, line)
    told = "".join(traceback.format_exception(error))
    return Failure(FailureKind.DECLARATION, f"a bug of Phelps: {error!r}", type(error).__name__, traceback=told)


def notice_of(error: Exception) -> str:
    """An error that ends no run, as people are told it."""
    if isinstance(error, PhelpsError):
        return str(error)
    return "a bug of Phelps, please report it:\n" + "".join(traceback.format_exception(error))
