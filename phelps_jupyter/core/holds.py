"""What lets a result stand, or fall, beside its key: that somebody accepted it or froze it, and its age.

Knows records, parts and where parts come from; no index, and no clock: time comes as data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from phelps_jupyter.core.freshness import UPSTREAM, Reason, key_of, may_change, task_of, unasked
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record, TaskName
from phelps_jupyter.core.nodes import Node

OUTSIDE = frozenset(
    {
        PartKind.VERSION,
        PartKind.MODULE,
        PartKind.FILE,
        PartKind.FOLDER,
        PartKind.PATH,
        PartKind.ENV,
        PartKind.UPTODATE,
    }
)
"""Kinds of parts that can change while the notebook's text and the index's records stay as they are. All others follow
from these two alone: `standing` relies on it."""


class HoldKind(StrEnum):
    """How a result is held."""

    ACCEPT = "accept"
    """It stands in spite of some changes, until anything changes further."""
    FREEZE = "freeze"
    """It stands whatever changes."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A task's result that stands because somebody said so. All but the first three are of acceptances alone."""

    kind: HoldKind
    record: int
    """The number of the result's record."""
    at: float
    """Seconds since the epoch."""
    because: tuple[str, ...] = ()
    """The reasons, in words, in spite of which it stands."""
    ground: tuple[Part, ...] = ()
    """What the notebook and the tasks above made of the task then."""
    parts: tuple[Part, ...] = ()
    """Parts of the key that lie outside of the notebook, as they were then."""
    conditions: tuple[Part, ...] = ()
    """What the body was once seen to use of the file system, as it was then."""
    key: Key | None = None
    """The key as it was then. Only a kernel can tell it: the first one that meets the acceptance."""

    @property
    def reason(self) -> Reason:
        """Why the result stands."""
        if self.kind is HoldKind.FREEZE:
            return Reason("frozen", "", "it is frozen: its result stands until it is unfrozen")
        return Reason("accepted", "", f"accepted in spite of: {'; '.join(self.because)}")


LAPSED = Reason("lapsed", "", "its result was accepted before this change")


def unknown(parts: Iterable[tuple[Part, Digest | None]]) -> tuple[Reason, ...]:
    """Of parts with their digests now, those that can't be known, as reasons."""
    return tuple(_unknown(part) for part, digest in parts if digest is None)


def _unknown(part: Part) -> Reason:
    if part.kind is PartKind.UPTODATE:
        return unasked(part)
    task = task_of(part)
    if task is not None:
        return Reason(UPSTREAM, part.name, may_change(part, f"task {task} is not fresh"), old=part, upstream=task)
    return Reason("not_loaded", part.name, may_change(part, "a task that it comes from is not fresh"), old=part)


def of_kind(holds: Iterable[Hold], kind: HoldKind) -> Hold | None:
    """The hold of this kind, if there is one."""
    return next((hold for hold in holds if hold.kind is kind), None)


def held_still(graph: Graph, frozen: Iterable[TaskName]) -> Graph:
    """The graph with these tasks, as far as there are any, marked as still."""
    cells = [graph.tasks[task] for task in frozen if task in graph.tasks]
    still = {cell: _still(graph.nodes[cell]) for cell in cells}
    return replace(graph, nodes={**graph.nodes, **still}) if still else graph


def _still(node: Node) -> Node:
    assert node.task is not None
    return replace(node, task=replace(node.task, still=True, options=replace(node.task.options, always=False)))


def accepted(record: Record, hold: Hold) -> Record:
    """The record as it was accepted: as if made then, and from the files that were there."""
    return replace(record, at=hold.at, reusable=True, seen=replace(record.seen, conditions=hold.conditions))


def covers(hold: Hold, record: Record, parts: Sequence[Part]) -> bool:
    """Whether a key made of these parts differs from the record's in nothing but what was accepted.

    The ground is compared by the caller. Whoever accepts without a kernel knows of a changed cell that it gives another
    value, and not which: until the first kernel has pinned the key, what hangs on changed code may be as it is.
    """
    if hold.key is not None:
        return key_of(parts) == hold.key
    before, now, told = (_by_place(some) for some in (record.parts, parts, hold.parts))
    free = any(_is_moved(before[place], now[place]) for place in before.keys() & now.keys())
    places = before.keys() | now.keys()
    return all(_is_covered(before.get(place), now.get(place), told.get(place), free=free) for place in places)


def pinned(hold: Hold, key: Key, parts: Iterable[Part]) -> Hold:
    """The acceptance with the key that a kernel has found for it."""
    return replace(hold, key=key, parts=tuple(part for part in parts if part.kind in OUTSIDE))


def _by_place(parts: Iterable[Part]) -> dict[tuple[PartKind, str], Part]:
    return {(part.kind, part.name): part for part in parts}


def _is_moved(before: Part, now: Part) -> bool:
    """Whether the code is other code, or a value comes from other code."""
    return before.origin != now.origin or (before.kind is PartKind.CODE and before.digest != now.digest)


def _is_covered(before: Part | None, now: Part | None, told: Part | None, *, free: bool) -> bool:
    if told is not None:
        return now.digest == told.digest if now is not None else free or not told.digest
    if before is None:
        return free
    if now is None:
        # Of what the task's line names no more, acceptances tell nothing.
        return free or before.kind in (PartKind.FILE, PartKind.ENV)
    if before.kind is PartKind.CODE or before.origin != now.origin or now.origin.startswith("task:"):
        # The ground tells.
        return True
    return before.digest == now.digest or (free and not now.origin)


def expired(record: Record, ttl: float | None, at: float) -> Reason | None:
    """That a result is older than ``--ttl`` allows; None: it is not."""
    if ttl is None or at - record.at <= ttl:
        return None
    return Reason("expired", "", f"its result is older than {duration_text(ttl)}")


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def duration_text(seconds: float) -> str:
    """``1 d``, ``1 h 30 min``, ``0.5 s``."""
    words = []
    for length, unit in _UNITS:
        count, seconds = divmod(seconds, length)
        words += [f"{count:.0f} {unit}"] if count else []
    words += [f"{seconds:g} s"] if seconds or not words else []
    return " ".join(words)
