"""Keys, verdicts and reasons: whether a stored result may stand, and why not. Knows parts and records, no values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import xxhash

from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record, TaskName


class Verdict(StrEnum):
    """Whether a task's result may stand; derived, never stored."""

    FRESH = "fresh"
    STALE = "stale"
    UNDECIDED = "undecided"


Current = Callable[[Part, Record], Digest | None]
"""The digest now of a part of a record, or of a condition; None if it can't be known."""

UPSTREAM = "upstream"
EDITED = "edited"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a verdict, as data; ``text`` says it to people."""

    kind: str
    """A part's kind, or never_ran, output_missing, forced, always, expired, opaque, seed, declaration, upstream, edited
    (a plain cell that it comes from), not_loaded, absent (a name), lapsed (an acceptance). Of a fresh task: accepted,
    frozen."""
    name: str
    text: str
    before: str = ""
    after: str = ""
    old: Part | None = None
    """The part of the key as it was, with what it was made from."""
    new: Part | None = None
    """The part as it is. None beside an ``old``: it is no longer there, or can't be known."""
    place: str = ""
    """Where it is: ``cell 4``, ``helpers.py:12``."""
    upstream: TaskName | None = None
    """The task that it hangs on."""

    @property
    def hangs(self) -> bool:
        """It is no reason of its own: the task that it hangs on has them."""
        return self.kind == UPSTREAM and self.upstream is not None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons, and the record that stands if it is fresh."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    record: Record | None = None


NEVER_RAN = Reason("never_ran", "", "it never ran")
FORCED = Reason("forced", "", "it was forced")
ALWAYS = Reason("always", "", "it is declared --always")
RESEEDED = Reason("seed", "", "its seed changed, and it draws random numbers")


def key_of(parts: Iterable[Part]) -> Key:
    """The key: a digest over all parts, in no order, each by kind, name and digest."""
    state = xxhash.xxh3_128()
    for part in sorted(parts):
        for text in (part.kind.value, part.name, part.digest):
            field = text.encode("utf-8", "surrogatepass")
            state.update(len(field).to_bytes(8, "little") + field)
    return Key(state.hexdigest())


def compare(before: Sequence[Part], after: Sequence[Part]) -> tuple[Reason, ...]:
    """What changed between two makings of one key, the code first."""
    old = {(part.kind, part.name): part for part in before}
    new = {(part.kind, part.name): part for part in after}
    order = {kind: place for place, kind in enumerate(PartKind)}
    places = sorted(old.keys() | new.keys(), key=lambda place: (order[place[0]], place[1]))
    return tuple(_reason(old.get(place), new.get(place)) for place in places if _differ(old.get(place), new.get(place)))


def compare_records(before: Record, after: Record) -> tuple[Reason, ...]:
    """What changed between two results, files that both were seen to use included."""
    seen = {(part.kind, part.name): part for part in after.seen.conditions}
    both = [(part, seen[part.kind, part.name]) for part in before.seen.conditions if (part.kind, part.name) in seen]
    files = compare([old for old, _ in both], [new for _, new in both])
    return distinct((*compare(before.parts, after.parts), *files))


def distinct(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once: a file that is declared is seen as well."""
    return tuple({(reason.kind, reason.name, reason.text): reason for reason in reasons}.values())


def _differ(old: Part | None, new: Part | None) -> bool:
    return old is None or new is None or old.digest != new.digest


_CHANGED = {
    PartKind.CODE: "its code changed",
    PartKind.INPUT: "input `{name}` changed",
    PartKind.FUNCTION: "`{name}`, which it uses, changed",
    PartKind.MODULE: "module `{name}` changed",
    PartKind.VERSION: "{name} has another version",
    PartKind.FILE: "file {name} changed",
    PartKind.FOLDER: "the files in {name} changed",
    PartKind.PATH: "{name} appeared or is gone",
    PartKind.ENV: "environment variable {name} changed",
    PartKind.SETTING: "the {name} changed",
    PartKind.UPTODATE: "the value of `--uptodate {name}` changed",
}
_NOUN = {
    PartKind.INPUT: "input `{name}`",
    PartKind.FUNCTION: "`{name}`",
    PartKind.MODULE: "module `{name}`",
    PartKind.VERSION: "{name}",
    PartKind.FILE: "file {name}",
    PartKind.FOLDER: "folder {name}",
    PartKind.PATH: "path {name}",
    PartKind.ENV: "environment variable {name}",
    PartKind.SETTING: "{name}",
    PartKind.UPTODATE: "`--uptodate {name}`",
}


def _reason(old: Part | None, new: Part | None) -> Reason:
    part = new or old
    assert part is not None
    before, after = (old.detail if old else ""), (new.detail if new else "")
    place = after or before if part.kind is PartKind.FUNCTION else ""
    if old and new:
        text = f"`{part.name}` in {place} changed" if place else _changed_text(part)
        if before and after and before != after and not place:
            text = f"{text} ({before} -> {after})"
    else:
        text = _one_sided_text(part, is_new=new is not None)
    return Reason(part.kind.value, part.name, text, before, after, old, new, place, upstream=task_of(part))


_ONE_OBJECT = ", one object"
"""Ends the name of a part that says which inputs are one object."""


def _changed_text(part: Part) -> str:
    if part.kind is PartKind.CODE and part.name:
        return f"its {part.name} are others"
    return _CHANGED[part.kind].format(name=part.name)


def _one_sided_text(part: Part, *, is_new: bool) -> str:
    if part.kind is PartKind.INPUT and part.name.endswith(_ONE_OBJECT):
        names = part.name.removesuffix(_ONE_OBJECT).replace(" and ", "` and `")
        return f"`{names}` are {'one object now' if is_new else 'no longer one object'}"
    if part.kind is PartKind.CODE and part.name:
        return _changed_text(part)
    return f"{_noun(part)} {'is new to it' if is_new else 'is no longer used'}"


def _noun(part: Part) -> str:
    return _NOUN.get(part.kind, part.kind.value).format(name=part.name)


def task_of(part: Part) -> TaskName | None:
    """The task that an input came from; None: it came from no task."""
    kind, _, name = part.origin.partition(":")
    return TaskName(name) if kind == "task" else None


def relocated(parts: Iterable[Part], now: Iterable[Part]) -> tuple[Part, ...]:
    """These parts of a key, coming from where they do in another making of the same key."""
    known = {part: part for part in now}
    found = ((part, known[part]) for part in parts)
    return tuple(replace(part, origin=one.origin, source=one.source or part.source) for part, one in found)


def once(record: Record, current: Current) -> Current:
    """The same, but each part of this record is looked at once."""
    known: dict[int, Digest | None] = {}

    def now(part: Part, other: Record) -> Digest | None:
        if other is not record:
            return current(part, other)
        # By the object: to hash a part takes longer than to look at most of them.
        place = id(part)
        if place not in known:
            known[place] = current(part, record)
        return known[place]

    return now


def _once_for_equals(current: Current) -> Current:
    """The same, but each of equal parts of several records is looked at once."""
    known: dict[tuple[Part, str, tuple[Part, ...]], Digest | None] = {}

    def now(part: Part, record: Record) -> Digest | None:
        place = part, part.origin, record.seen.files
        if place not in known:
            known[place] = current(part, record)
        return known[place]

    return now


def stands(record: Record, current: Current, seed: str) -> bool:
    """Whether a record is reusable with this seed, and all of its parts and seen conditions are as they were."""
    if not record.reusable or record.seed not in ("", seed):
        return False
    return all(current(part, record) == part.digest for part in _conditions(record))


def awaits_input(record: Record, current: Current) -> bool:
    """Whether an input of this very code that comes from a task can't be known: then no record of this code stands.

    What comes from plain cells is judged by the cells that each record knows: it may still be that of an older one.
    """
    code = (part for part in record.parts if part.kind is PartKind.CODE)
    inputs = (part for part in record.parts if part.kind is PartKind.INPUT and task_of(part) is not None)
    return all(current(part, record) == part.digest for part in code) and any(
        current(part, record) is None for part in inputs
    )


def judge(records: Sequence[Record], current: Current, seed: str = "") -> Judgement:
    """Judge a task by its records, newest first; ``current`` tells a part's digest now, None if it can't be known.

    A record all of whose parts and seen conditions are as they were stands: its code is the task's, so it reads what
    the task reads. One that is not the newest stands as well: an undone edit brings its result back. One that hangs on
    another seed than the task's does not.
    """
    if not records:
        return Judgement(Verdict.STALE, (NEVER_RAN,))
    now = once(records[0], current) if len(records) == 1 else _once_for_equals(current)
    for record in records:
        if stands(record, now, seed):
            return Judgement(Verdict.FRESH, record=record)
    return without(records[0], now, seed)


def without(latest: Record, current: Current, seed: str) -> Judgement:
    """The judgement on a task whose latest record does not stand, and of which no other one does."""
    if not latest.reusable:
        return Judgement(Verdict.STALE, (opaque_reason(latest),), latest)
    digests = [(part, current(part, latest)) for part in _conditions(latest)]
    reasons = tuple(changed(part, digest) for part, digest in digests if digest not in (part.digest, None))
    if reasons:
        return Judgement(Verdict.STALE, reasons, latest)
    if latest.seed not in ("", seed):
        return Judgement(Verdict.STALE, (RESEEDED,), latest)
    return Judgement(Verdict.UNDECIDED, tuple(_unknown(part) for part, digest in digests if digest is None), latest)


def _conditions(record: Record) -> tuple[Part, ...]:
    return (*record.parts, *record.seen.conditions)


def changed(part: Part, digest: Digest | None) -> Reason:
    """That a part has another digest now; empty: it is gone."""
    assert digest is not None
    reason = _reason(part, replace(part, digest=digest, detail="", source=""))
    if digest or (part.kind is PartKind.CODE and part.name):
        return reason
    return replace(reason, text=f"{_noun(part)} is gone", new=None)


def _unknown(part: Part) -> Reason:
    task = task_of(part)
    kind, why = "not_loaded", "the cells above have changed or did not run"
    if part.kind is PartKind.UPTODATE:
        return unasked(part)
    if task is not None:
        kind, why = UPSTREAM, f"task {task} is not fresh"
    return Reason(kind, part.name, may_change(part, why), old=part, upstream=task)


def unasked(part: Part) -> Reason:
    """That the kernel has not found the value of ``--uptodate``."""
    return Reason(
        part.kind.value, part.name, may_change(part, "the kernel finds its value when the task runs"), old=part
    )


def may_change(part: Part, why: str) -> str:
    """That a part can't be known, and why."""
    return f"{_noun(part)} may change: {why}"


def opaque_reason(record: Record) -> Reason:
    """Why a record whose parts are all as they were is not reused."""
    if record.seen.torn:
        return Reason("file", record.seen.torn[0], f"file {record.seen.torn[0]} changed while it ran")
    part = next((version for version in record.outputs if version.opaque), None)
    if part is None:
        return Reason("always", "", "its last result is not kept for reuse")
    return Reason("opaque", part.name, f"output `{part.name}` has no digest ({part.opaque}): used, not reused")


def code_diff(before: str, after: str) -> str:
    """A unified diff of two cells, without file names; empty when equal."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
