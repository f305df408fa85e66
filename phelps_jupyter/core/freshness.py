"""Keys, verdicts and reasons: whether a stored result may stand, and why not. Knows parts and records, no values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import xxhash

from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record


class Verdict(StrEnum):
    """Whether a task's result may stand; derived, never stored."""

    FRESH = "fresh"
    STALE = "stale"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a verdict, as data; ``text`` says it to people."""

    kind: str
    """A part's kind, or never_ran, output_missing, forced, always, opaque, upstream, not_loaded."""
    name: str
    text: str
    before: str = ""
    after: str = ""


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


def _differ(old: Part | None, new: Part | None) -> bool:
    return old is None or new is None or old.digest != new.digest


_CHANGED = {
    PartKind.CODE: "its code changed",
    PartKind.INPUT: "input `{name}` changed",
    PartKind.FUNCTION: "`{name}`, which it uses, changed",
    PartKind.MODULE: "module `{name}` changed",
    PartKind.VERSION: "{name} has another version",
    PartKind.FILE: "file {name} changed",
    PartKind.ENV: "environment variable {name} changed",
    PartKind.SETTING: "the {name} changed",
}
_NOUN = {
    PartKind.INPUT: "input `{name}`",
    PartKind.FUNCTION: "`{name}`",
    PartKind.MODULE: "module `{name}`",
    PartKind.VERSION: "{name}",
    PartKind.FILE: "file {name}",
    PartKind.ENV: "environment variable {name}",
    PartKind.SETTING: "{name}",
}


def _reason(old: Part | None, new: Part | None) -> Reason:
    part = new or old
    assert part is not None
    before, after = (old.detail if old else ""), (new.detail if new else "")
    if old and new:
        text = _CHANGED[part.kind].format(name=part.name)
        if before and after and before != after:
            text = f"{text} ({before} -> {after})"
    else:
        noun = _NOUN.get(part.kind, part.kind.value).format(name=part.name)
        text = f"{noun} is new to it" if new else f"{noun} is no longer used"
    return Reason(part.kind.value, part.name, text, before, after)


def judge(records: Sequence[Record], current: Callable[[Part], Digest | None], seed: str = "") -> Judgement:
    """Judge a task by its records, newest first; ``current`` tells a part's digest now, None if it can't be known.

    A record all of whose parts are as they were stands: its code is the task's, so it reads what the task reads. One
    that is not the newest stands as well: an undone edit brings its result back. One that hangs on another seed than
    the task's does not.
    """
    if not records:
        return Judgement(Verdict.STALE, (NEVER_RAN,))
    known: dict[tuple[Part, str], Digest | None] = {}

    def now(part: Part) -> Digest | None:
        place = (part, part.origin)
        if place not in known:
            known[place] = current(part)
        return known[place]

    for record in records:
        suits = record.reusable and record.seed in ("", seed)
        if suits and all(now(part) == part.digest for part in record.parts):
            return Judgement(Verdict.FRESH, record=record)
    latest = records[0]
    if not latest.reusable:
        return Judgement(Verdict.STALE, (opaque_reason(latest),), latest)
    changed = tuple(_changed(part, now(part)) for part in latest.parts if now(part) not in (part.digest, None))
    if changed:
        return Judgement(Verdict.STALE, changed, latest)
    if latest.seed not in ("", seed):
        return Judgement(Verdict.STALE, (RESEEDED,), latest)
    unknown = tuple(_unknown(part) for part in latest.parts if now(part) is None)
    return Judgement(Verdict.UNDECIDED, unknown, latest)


def _changed(part: Part, digest: Digest | None) -> Reason:
    assert digest is not None
    return _reason(part, Part(part.kind, part.name, digest))


def _unknown(part: Part) -> Reason:
    source = f"task {part.origin.removeprefix('task:')} is not fresh" if part.origin.startswith("task:") else ""
    noun = _NOUN.get(part.kind, part.kind.value).format(name=part.name)
    why = source or "the cells above have changed or did not run"
    return Reason("upstream" if source else "not_loaded", part.name, f"{noun} may change: {why}")


def opaque_reason(record: Record) -> Reason:
    """Why a record whose parts are all as they were is not reused."""
    part = next((version for version in record.outputs if version.opaque), None)
    if part is None:
        return Reason("always", "", "its last result is not kept for reuse")
    return Reason("opaque", part.name, f"output `{part.name}` has no digest ({part.opaque}): used, not reused")


def code_diff(before: str, after: str) -> str:
    """A unified diff of two cells, without file names; empty when equal."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))
