"""From reasons to root causes: which tasks have reasons of their own, and which ones only hang on those.

Knows judgements alone; runs nothing and looks nothing up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phelps_jupyter.core.freshness import EDITED, Judgement, Reason, Verdict
from phelps_jupyter.core.model import TaskName

NAMED = 3
"""Of many reasons of one kind, those told by name."""

_MANY = {
    "file": "files changed",
    "folder": "folders changed",
    "path": "paths appeared or are gone",
    "input": "inputs changed",
    "function": "functions and classes that it uses changed",
    "module": "modules changed",
    "version": "packages have other versions",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Where a chain of reasons begins: a reason of a task's own, or the edit of a plain cell."""

    task: TaskName | None
    reason: Reason
    through: tuple[TaskName, ...] = ()
    """The tasks between it and the one that was asked about, the nearest to that one first."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks that have the same reason, and those that may change with them."""

    reason: str
    """In words, for people."""
    tasks: tuple[TaskName, ...]
    then: tuple[TaskName, ...]


def causes(reason: Reason, judgements: Mapping[TaskName, Judgement]) -> tuple[Cause, ...]:
    """What a reason that hangs on another task comes from, the nearest first; each task is told by one way to it."""
    found: list[Cause] = []
    ways: dict[TaskName, tuple[TaskName, ...]] = {} if reason.upstream is None else {reason.upstream: ()}
    queue = list(ways)
    for task in queue:
        for other in judgements[task].reasons if task in judgements else ():
            if not other.hangs:
                found.append(Cause(task, other, ways[task]))
            elif other.upstream is not None and other.upstream not in ways:
                ways[other.upstream] = (*ways[task], task)
                queue.append(other.upstream)
    return tuple(found)


def groups(judgements: Mapping[TaskName, Judgement]) -> tuple[Group, ...]:
    """What may run, by the reasons that tasks have of their own, in the order of the first task of each."""
    own: dict[str, list[TaskName]] = {}
    then: dict[str, list[TaskName]] = {}
    under: dict[TaskName, frozenset[str]] = {}
    for task, judgement in judgements.items():
        if judgement.verdict is Verdict.FRESH:
            continue
        above = frozenset[str]().union(
            *(under.get(reason.upstream, ()) for reason in judgement.reasons if reason.upstream and reason.hangs)
        )
        reasons = [reason for reason in judgement.reasons if not reason.hangs]
        if reasons or not above:
            heading = _heading(reasons or judgement.reasons)
            own.setdefault(heading, []).append(task)
            above = frozenset({heading})
        else:
            for heading in above:
                then.setdefault(heading, []).append(task)
        under[task] = above
    return tuple(Group(heading, tuple(tasks), tuple(then.get(heading, ()))) for heading, tasks in own.items())


def _heading(reasons: Iterable[Reason]) -> str:
    """The reasons in words that do not name what only one of the tasks reads."""
    edited: dict[str, None] = {}
    others: list[Reason] = []
    for reason in reasons:
        if reason.kind == EDITED:
            edited[f"{reason.place} {'were' if reason.place.startswith('cells') else 'was'} edited"] = None
        else:
            others.append(reason)
    return "; ".join([*edited, *([summary(others)] if others else [])])


def summary(reasons: Iterable[Reason]) -> str:
    """All reasons in one line; of many of one kind, only some by name."""
    by_kind: dict[str, list[Reason]] = {}
    for reason in reasons:
        by_kind.setdefault(reason.kind, []).append(reason)
    return "; ".join(_in_words(kind, found) for kind, found in by_kind.items())


def _in_words(kind: str, reasons: list[Reason]) -> str:
    if len(reasons) <= NAMED or kind not in _MANY:
        return "; ".join(reason.text for reason in reasons)
    names = ", ".join(reason.name for reason in reasons[:NAMED])
    return f"{len(reasons)} {_MANY[kind]}: {names}, .."
