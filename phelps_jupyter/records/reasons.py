"""Reasons with their evidence: what changed, where, and what it goes back to. Reads old versions from the store.

Looks things up only when somebody asks why; a version that is gone leaves the reason with its words alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from phelps_jupyter.core.ancestry import Ancestor, edited, extract, places
from phelps_jupyter.core.causes import Cause, causes
from phelps_jupyter.core.freshness import (
    EDITED,
    Judgement,
    Reason,
    Verdict,
    compare_records,
)
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.members import digest_of, name_of
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Record, TaskName, Version
from phelps_jupyter.core.modules import Find, project_lines, reach_of
from phelps_jupyter.ports import Index
from phelps_jupyter.records.diff import diff_lines, difference
from phelps_jupyter.records.located import Locator
from phelps_jupyter.records.texts import module_text
from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.objects import stored_size
from phelps_jupyter.runtime.summaries import size_text

DEPTH = 20
"""Tasks that are gone through, one above the other, to find why a value became another one."""


class _TooLarge(Exception):
    """A value is not loaded to be compared."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A reason with what changed, in lines for people, and where it comes from."""

    reason: Reason
    difference: tuple[str, ...] = ()
    because: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a task is in its state."""

    task: TaskName
    verdict: Verdict
    told: tuple[Evidence, ...] = ()
    ran: tuple[Evidence, ...] = ()
    """Of a fresh task: why it ran when it last did."""
    note: str = ""
    """What else is to be said of a fresh task."""


@dataclass(slots=True)
class Look:
    """What reasons are told from: a notebook as it is now, the judgements on it, and what was stored."""

    notebook: str
    index: Index
    find: Find
    locator: Locator
    largest: float = math.inf
    """Bytes of a value that is loaded to be compared."""

    @property
    def graph(self) -> Graph:
        """Of the notebook."""
        return self.locator.graph

    def explain(self, task: TaskName) -> Explanation:
        """Why the task is in its state, with all that can be looked up."""
        judgement, cell = self.locator.of(task), self.graph.tasks[task]
        declared = self.graph.nodes[cell].task
        assert declared is not None
        if judgement.verdict is Verdict.FRESH and judgement.reasons:
            # Somebody holds its result.
            return Explanation(task, judgement.verdict, tuple(Evidence(reason) for reason in judgement.reasons))
        if judgement.verdict is Verdict.FRESH:
            return self._last_run(task, judgement)
        source = judgement.record.source if judgement.record is not None else declared.body
        told = tuple(self._evidence(reason, cell, source, declared.body) for reason in judgement.reasons)
        return Explanation(task, judgement.verdict, told)

    def _last_run(self, task: TaskName, judgement: Judgement) -> Explanation:
        cell, record = self.graph.tasks[task], judgement.record
        history = self.index.history(self.notebook, task)
        found = Explanation(task, judgement.verdict)
        if record is None or not history:
            maker = f"task {record.task} of {record.notebook}" if record is not None else ""
            return replace(found, note=f"its result was made by {maker}" if maker else "")
        if history[0].key != record.key:
            return replace(found, note="an earlier result stands again: all that it rests on is as it was then")
        if len(history) == 1:
            return found
        now, before = history[0], history[1]
        reasons = compare_records(before, now)
        if not reasons:
            return replace(found, note="it last ran though nothing had changed: by force, or its result was not kept")
        ran = (self._evidence(reason, cell, before.source, now.source) for reason in reasons)
        return replace(found, ran=tuple(ran))

    def _evidence(self, reason: Reason, cell: CellId, before: str, now: str) -> Evidence:
        reason, lines = self._difference(reason, cell, before, now)
        told = tuple(line for line in lines if not _is_said(line, reason))
        return Evidence(reason, told, self._because(reason))

    def _difference(self, reason: Reason, cell: CellId, before: str, now: str) -> tuple[Reason, Iterable[str]]:
        old, new = reason.old, reason.new
        if old is None:
            return reason, ()
        if reason.kind == EDITED:
            return reason, self._edits(reason, old, self.graph.inputs[cell].get(name_of(reason.name)[0]))
        if new is None:
            return reason, ()
        match old.kind:
            case PartKind.CODE:
                lines = () if old.name else diff_lines(before, now)
                return reason, (line for line in lines if not line.startswith(" # %%task"))
            case PartKind.INPUT:
                return reason, self._values(reason, old, new)
            case PartKind.FUNCTION:
                return reason, self._definitions(old, new)
            case PartKind.MODULE:
                return self._module(reason, old, new)
        return reason, ()

    def _values(self, reason: Reason, old: Part, new: Part) -> Iterable[str]:
        try:
            return difference(*(self._value(part, reason.upstream) for part in (old, new)))
        except _TooLarge:
            return [f"(over {size_text(self.largest)}, and not compared here: %phelps why does it)"]
        except (OSError, values.Unreadable):
            # A version is gone, or can't be read here.
            return ()

    def _value(self, part: Part, task: TaskName | None) -> Any:
        """What a part stands for. Errors: OSError, Unreadable, _TooLarge."""
        _, key = name_of(part.name)
        if key is None or task is None:
            return self._read(part.digest)
        record = _making(self.index.history(self.notebook, task), part.name, part.digest)
        if record is None:
            raise FileNotFoundError(part.name)
        return self._read(_made(record, part.name, part.digest)[0].digest)[key]

    def _read(self, digest: Digest) -> Any:
        if stored_size(digest, self.locator.folder) > self.largest:
            raise _TooLarge
        return values.read(digest, self.locator.folder)

    def _edits(self, reason: Reason, part: Part, provider: CellId | None) -> Iterable[str]:
        if provider is None:
            return []
        before, now = self.locator.cells(part, provider)
        return self._told_edits(reason.name, edited(before, now), part.kind is PartKind.FUNCTION)

    def _told_edits(self, name: str, found: Sequence[tuple[Ancestor, Ancestor]], is_code: bool) -> list[str]:
        lines: list[str] = []
        for old, new in found:
            texts = extract(old.source, name), extract(new.source, name)
            if not (is_code and all(texts) and texts[0] != texts[1]):
                texts = old.source, new.source
            place = places(self.graph, [new.cell]) if new.cell in self.graph.nodes else "a cell"
            lines += [*([f"{place}:"] if len(found) > 1 else []), *diff_lines(*texts)]
        return lines

    def _definitions(self, old: Part, new: Part) -> Iterable[str]:
        before, now = self.locator.kept.cells(old.source), self.locator.kept.cells(new.source)
        if not before or not now:
            return []
        texts = extract(before[-1].source, old.name), extract(now[-1].source, new.name)
        if all(texts) and texts[0] != texts[1]:
            return diff_lines(*texts)
        return self._told_edits(old.name, edited(before, now), is_code=True)

    def _module(self, reason: Reason, old: Part, new: Part) -> tuple[Reason, Iterable[str]]:
        before = self.locator.kept.text(old.source)
        after = self.locator.kept.text(new.source) or module_text(new, self.find)
        if not before or not after:
            return reason, ()
        lines = diff_lines(before, after)
        return replace(reason, place=self._line(new, before, after)), lines

    def _line(self, part: Part, before: str, after: str) -> str:
        """The first line of a module that changed, if the module is as it is said to be."""
        place = part.name.replace(".", "/") + ".py"
        now = project_lines(part.name, reach_of(part), self.find)
        if [line for _, line in now] != after.splitlines():
            return place
        old = before.splitlines()
        first = next((at for at, (_, line) in enumerate(now) if at >= len(old) or old[at] != line), len(now) - 1)
        return f"{place}:{now[first][0]}"

    def _because(self, reason: Reason) -> tuple[Cause, ...]:
        if reason.hangs:
            return causes(reason, {task: self.locator.of(task) for task in self.graph.tasks})
        if reason.old is None or reason.new is None or reason.kind != PartKind.INPUT:
            return ()
        if reason.upstream is None:
            return _distinct(self._moved_through_cells(reason.old, reason.new))
        return _distinct(self._moved(reason, (), DEPTH))

    def _moved_through_cells(self, old: Part, new: Part) -> Iterable[Cause]:
        """Why plain cells give another value: which of them was edited, or what they read of tasks."""
        before, now = self.locator.kept.cells(old.source), self.locator.kept.cells(new.source)
        cells = [one.cell for _, one in edited(before, now) if one.cell in self.graph.nodes]
        if cells:
            place = places(self.graph, cells)
            text = f"{place} {'was' if len(cells) == 1 else 'were'} edited"
            yield Cause(None, Reason(EDITED, "", text, place=place))
        known = {(one.cell, taken.name): taken for one in before for taken in one.takes}
        for taken in {taken.name: taken for one in now for taken in one.takes}.values():
            then = next((other for (_, name), other in known.items() if name == taken.name), taken)
            parts = (Part(PartKind.INPUT, taken.name, one.digest) for one in (then, taken))
            if then != taken:
                old, new = parts
                moved = Reason("input", taken.name, "", old=old, new=new, upstream=taken.task)
                yield from self._moved(moved, (), DEPTH)

    def _moved(self, reason: Reason, through: tuple[TaskName, ...], depth: int) -> Iterable[Cause]:
        """Why the task that an input comes from gives another value: by its records of then and now."""
        task = reason.upstream
        if task is None or reason.old is None or reason.new is None or not depth:
            return
        history = self.index.history(self.notebook, task)
        then, now = (_making(history, reason.name, part.digest) for part in (reason.old, reason.new))
        if then is None or now is None:
            return
        for other in compare_records(then, now):
            deeper = list(self._moved(other, (*through, task), depth - 1))
            yield from deeper or [Cause(task, other, through)]


def _distinct(found: Iterable[Cause]) -> tuple[Cause, ...]:
    """Each cause by one of the ways to it."""
    return tuple({(cause.task, cause.reason.text): cause for cause in found}.values())


def _making(history: Sequence[Record], name: str, digest: Digest) -> Record | None:
    """The newest record in which a task made this value."""
    return next((record for record in history if _made(record, name, digest)), None)


def _made(record: Record, name: str, digest: Digest) -> list[Version]:
    """The outputs that the part of an input of this name and digest stands for, or stands for an item of."""
    wanted, _ = name_of(name)
    return [one for one in record.outputs if one.name == wanted and digest_of(name, one) == digest]


def _is_said(line: str, reason: Reason) -> bool:
    """The reason's own words hold it: ``0.5 -> 0.7``."""
    before, _, after = line.partition(" -> ")
    return bool(after) and reason.before.endswith(before) and reason.after.endswith(after)
