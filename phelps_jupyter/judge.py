"""Judges tasks without running anything: by the index, the notebook as it is now, and what can be looked at."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from phelps_jupyter.absence import absence_reasons
from phelps_jupyter.adapters.files import Files, as_condition
from phelps_jupyter.adapters.presence import Presence
from phelps_jupyter.adapters.sources import ModuleSources, installed
from phelps_jupyter.adapters.surroundings import Surroundings, added_path
from phelps_jupyter.asked import Asked
from phelps_jupyter.cell_sights import CellSights, SightsLook
from phelps_jupyter.core.files import touches
from phelps_jupyter.core.freshness import (
    ALWAYS,
    NEVER_RAN,
    Judgement,
    Reason,
    Verdict,
    awaits_input,
    compare,
    distinct,
    judge,
    once,
    stands,
    without,
)
from phelps_jupyter.core.graph import Graph, changed
from phelps_jupyter.core.holds import LAPSED, Hold, HoldKind, accepted, expired, of_kind, unknown
from phelps_jupyter.core.lineage import Lineages
from phelps_jupyter.core.members import digest_of, name_of
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Record, Task, TaskName, Version
from phelps_jupyter.core.setters import SettingLineages, may_set
from phelps_jupyter.outside import Outside
from phelps_jupyter.parts import (
    GIVES_NONE,
    ground_parts,
    lacking,
    may_tell_others,
    outputs_of,
    seed_text,
    settings_origin,
)
from phelps_jupyter.ports import Index, Store

if TYPE_CHECKING:
    from phelps_jupyter.records.located import Locator
    from phelps_jupyter.records.reasons import Explanation

RECORDS_LOOKED_AT = 20
"""Of each task: an undone edit brings back one of its last results."""


@dataclass(slots=True)
class Judge:
    """One look at all tasks of a notebook. Needs no kernel."""

    graph: Graph
    notebook: str
    store: Store | Presence
    index: Index
    now: Surroundings
    start: str = ""
    """The folder that the notebook's kernel starts in, where it is not the one of ``now``."""
    at: float = field(default_factory=time.time)
    """When it looks: results have an age."""
    sights: CellSights | None = None
    """What plain cells were seen to use; None: what the index knows of it."""
    answers: Mapping[TaskName, Part] = field(default_factory=dict)
    """The values of ``--uptodate`` that the kernel found last."""
    _judged: dict[TaskName, Judgement] = field(default_factory=dict)
    _found: Locator | None = None
    _last: Mapping[TaskName, Record] | None = None
    _alike: Mapping[Digest, Sequence[Record]] | None = None
    _held: Mapping[TaskName, Sequence[Hold]] | None = None
    look: SightsLook = field(init=False)
    outside: Outside = field(init=False)
    """Where parts of the kinds ``OUTSIDE`` are looked up."""
    asked: Asked = field(init=False)
    _lineages: Lineages = field(init=False)
    _setters: SettingLineages | None = None

    def __post_init__(self) -> None:
        start = self.start or self.now.folder
        self._look_at(Outside(self.now, start, Files(start, self.index), ModuleSources(self.now.path)))

    def _look_at(self, outside: Outside) -> None:
        self.outside = outside
        self.asked = Asked(self.graph, outside, self.now.folder)
        self.look = SightsLook(self.sights or CellSights(self.index), outside.files, self._is_settled)
        self._lineages = Lineages(self.graph, self._version_of, self.look.of)

    def moved_to(self, graph: Graph) -> Judge:
        """The judge of the notebook after an edit. It looks at the outside no more: what stood before the edit stands.

        Judged anew are the cells that the edit touched, and all below them.
        """
        judge = replace(self, graph=graph, sights=self.look.sights, _found=None, _alike=None, _judged={})
        judge._look_at(self.outside)
        moved = set(self._touched(graph))
        touched = set(graph.downstream(moved))
        if not (self._resettled(graph, touched) or may_tell_others(self.graph, graph, moved)):
            judge._setters = self._settings
            anew = {task.name for cell in touched if (task := graph.nodes[cell].task) is not None}
            judge._judged = {task: self._judged[task] for task in self._judged.keys() & graph.tasks.keys() - anew}
        return judge

    def _touched(self, graph: Graph) -> Iterator[CellId]:
        old = self.graph
        anew = changed(old, graph)
        yield from anew
        gone = old.nodes.keys() - graph.nodes.keys()
        relinked = [cell for cell in (*anew, *gone) if old.inputs.get(cell) != graph.inputs.get(cell)]
        tables = [table.get(cell, {}) for cell in relinked for table in (old.inputs, graph.inputs)]
        for provider in {provider for inputs in tables for provider in inputs.values()}:
            # What a task keeps of its imports hangs on who reads them.
            if provider is not None and provider in graph.nodes and _kept(old, provider) != _kept(graph, provider):
                yield provider

    def _resettled(self, graph: Graph, touched: Collection[CellId]) -> bool:
        """Whether tasks may find other settings than before."""
        setters = self._settings.cells
        gone = self.graph.nodes.keys() - graph.nodes.keys()
        if not setters.isdisjoint(touched) or not setters.isdisjoint(gone):
            return True
        plain = (graph.nodes[cell] for cell in touched if graph.nodes[cell].task is None)
        return any(may_set(node.source) or not setters.isdisjoint(graph.needed(node.cell)) for node in plain)

    @property
    def _settings(self) -> SettingLineages:
        if self._setters is None:
            self._setters = SettingLineages(self.graph, self._version_of, self._lineages)
        return self._setters

    def all(self) -> dict[TaskName, Judgement]:
        """Every task's judgement, in document order."""
        for task in [task for task in self.graph.tasks if task not in self._judged]:
            self.of(task)
        return {task: self._judged[task] for task in self.graph.tasks}

    def of(self, task: TaskName) -> Judgement:
        """The judgement of one task, resting on those above it."""
        if task not in self._judged:
            judged = self._judge(task)
            if judged.reasons and judged.record is not None and judged.verdict is not Verdict.FRESH:
                judged = self._locator.located(judged, self.graph.tasks[task])
            self._judged[task] = judged
        return self._judged[task]

    def explain(self, task: TaskName, largest: float = float("inf")) -> Explanation:
        """Why a task is in its state, with what changed (of values up to so many bytes) and what it goes back to."""
        from phelps_jupyter.records.reasons import Look

        return Look(self.notebook, self.index, self.outside.sources.find, self._locator, largest).explain(task)

    @property
    def _locator(self) -> Locator:
        # Where all is fresh nobody asks for it, and it takes as long to import as to judge.
        from phelps_jupyter.records.located import Locator

        if self._found is None:
            self._found = Locator(self.graph, self.store.folder, self.of, self._version_of, installed, self.look.moved)
        return self._found

    def lineage(self, cell: CellId) -> Digest | None:
        """The lineage of a plain cell; None while a task that it rests on is not fresh."""
        return self._lineages.of(cell)

    def _is_settled(self, cell: CellId) -> bool:
        """Whether all tasks that the plain cell waits for have left the files that they leave."""
        writers = (self.graph.nodes[above].task for above in self.graph.after.get(cell, ()))
        return all(task is None or self.of(task.name).verdict is Verdict.FRESH for task in writers)

    def _judge(self, name: TaskName) -> Judgement:
        cell = self.graph.tasks[name]
        task = self.graph.nodes[cell].task
        assert task is not None
        problems = self.graph.problems.get(cell, ())
        if problems:
            return Judgement(Verdict.STALE, tuple(Reason("declaration", "", problem.message) for problem in problems))
        frozen = self._freeze(name)
        if frozen is not None:
            return self._at_hand(name, Judgement(Verdict.FRESH, (frozen.reason,), self.index.record(frozen.record)))
        if task.options.always:
            return Judgement(Verdict.STALE, (ALWAYS,))
        judged = self._by_key(name, task)
        hold = of_kind(self._holds.get(name, ()), HoldKind.ACCEPT)
        if hold is not None and judged.verdict is not Verdict.FRESH:
            judged = self._by_acceptance(task, hold, judged)
        if judged.verdict is Verdict.FRESH:
            return judged
        return replace(judged, reasons=(*judged.reasons, *absence_reasons(self.graph, task)))

    def _by_acceptance(self, task: Task, hold: Hold, judged: Judgement) -> Judgement:
        record = self.index.record(hold.record)
        if record is None:
            return judged
        record, ground = accepted(record, hold), self.ground(task)
        outside = [(part, self.current(task, part, record)) for part in (*hold.parts, *hold.conditions)]
        open_ = unknown([*((part, part.digest or None) for part in ground), *outside])
        if open_:
            return Judgement(Verdict.UNDECIDED, open_, record)
        if compare(hold.ground, ground) or any(digest != part.digest for part, digest in outside):
            return replace(judged, reasons=(*judged.reasons, LAPSED))
        reasons = (*self.asked.named_otherwise(task, hold.parts), *self._expired(task, record))
        if reasons:
            return Judgement(Verdict.STALE, (*reasons, LAPSED), record)
        return self._at_hand(task.name, Judgement(Verdict.FRESH, (hold.reason,), record))

    def ground(self, task: Task) -> tuple[Part, ...]:
        """What an acceptance of the task's result would stand on now."""

        def version_of(task: TaskName, name: str) -> Digest | None:
            fresh = self.of(task).verdict is Verdict.FRESH
            return self._version_of(task, name) or (GIVES_NONE if fresh else None)

        return ground_parts(self.graph, task, version_of, self.lineage, self._settings.of(task.cell))

    def _freeze(self, task: TaskName) -> Hold | None:
        return of_kind(self._holds.get(task, ()), HoldKind.FREEZE)

    @property
    def _holds(self) -> Mapping[TaskName, Sequence[Hold]]:
        if self._held is None:
            self._held = self.index.holds(self.notebook)
        return self._held

    def _expired(self, task: Task, record: Record) -> tuple[Reason, ...]:
        reason = expired(record, task.options.ttl, self.at)
        return () if reason is None else (reason,)

    def _by_key(self, name: TaskName, task: Task) -> Judgement:
        verdict = self._by_records(task)
        if verdict.verdict is not Verdict.FRESH or verdict.record is None:
            return verdict
        reasons = self._expired(task, verdict.record)
        if reasons:
            return Judgement(Verdict.STALE, reasons, verdict.record)
        return self._at_hand(name, verdict)

    def _by_records(self, task: Task) -> Judgement:
        last, seed = self._lasts.get(task.name), seed_text(task)
        if last is None:
            # It never ran, or its results were forgotten; under another name they may stand.
            judged = judge(self._elsewhere(task), partial(self.current, task), seed)
            return judged if judged.verdict is not Verdict.STALE else Judgement(Verdict.STALE, (NEVER_RAN,))
        now = once(last, partial(self.current, task))
        differs = self.asked.differences(task, last.parts)
        if not differs:
            if stands(last, now, seed):
                return Judgement(Verdict.FRESH, record=last)
            if awaits_input(last, now):
                return without(last, now, seed)
        earlier = self.index.history(self.notebook, task.name)[:RECORDS_LOOKED_AT]
        alike = [record for record in earlier if not self.asked.differences(task, record.parts)]
        if not differs:
            return judge([last, *alike], now, seed)
        judged = judge(alike, now, seed)
        return judged if judged.verdict is Verdict.FRESH else _otherwise(judge([last], now, seed), differs)

    def _elsewhere(self, task: Task) -> list[Record]:
        """Results of equal code, by any name: what the task is called is no part of its key."""
        if self._alike is None:
            tasks = (self.graph.nodes[cell].task for name, cell in self.graph.tasks.items() if name not in self._lasts)
            self._alike = self.index.alike({one.bindings.code for one in tasks if one is not None}, RECORDS_LOOKED_AT)
        records = self._alike.get(task.bindings.code, ())
        return [record for record in records if not self.asked.differences(task, record.parts)]

    @property
    def _lasts(self) -> Mapping[TaskName, Record]:
        # One question for all tasks: a question for each takes longer than to judge it.
        if self._last is None:
            self._last = self.index.lasts(self.notebook)
        return self._last

    def _at_hand(self, task: TaskName, verdict: Judgement) -> Judgement:
        """The verdict, if what the record made is there."""
        record = verdict.record
        if record is None:
            return Judgement(Verdict.STALE, (NEVER_RAN,))
        cell = self.graph.nodes[self.graph.tasks[task]].task
        assert cell is not None
        unkept = lacking(self.graph, cell, record)
        if unkept is not None and self._freeze(task) is None:
            return Judgement(Verdict.STALE, (unkept,), record)
        lost = next((version.name for version in record.outputs if not self.store.has(version.digest)), None)
        if lost is not None and not cell.options.temp:
            missing = Reason("output_missing", lost, f"its stored output `{lost}` is missing")
            return Judgement(Verdict.STALE, (missing,), record)
        altered = [file for file in self.outside.files.altered(record.seen) if not self.is_rewritten(task, file)]
        reasons = tuple(self.outside.files.not_left(file) for file in altered)
        return Judgement(Verdict.STALE, reasons, record) if reasons else verdict

    def is_rewritten(self, task: TaskName, file: Part) -> bool:
        """Whether a task below writes the same file: then it is that one's to have it as it should be."""
        cell = self.graph.tasks.get(task)
        below = (self.graph.nodes[one].task for one in self.graph.following.get(cell, ())) if cell is not None else ()
        records = (self._lasts.get(other.name) for other in below if other is not None)
        return any(file.name == one.name for record in records if record is not None for one in record.seen.files)

    def _version_of(self, task: TaskName, name: str) -> Digest | None:
        version = self._provided(task, name)
        return None if version is None else version.digest

    def _provided(self, task: TaskName, name: str) -> Version | None:
        judged = self.of(task)
        if judged.verdict is not Verdict.FRESH or judged.record is None:
            return None
        return next((version for version in judged.record.outputs if version.name == name), None)

    def current(self, task: Task, part: Part, record: Record) -> Digest | None:
        """A part of a record's key, or a condition, as it is now; None when it can't be known."""
        match part.kind:
            case PartKind.CODE:
                return self.asked.digest(task, part)
            case PartKind.VERSION:
                return self.asked.digest(task, part) or self.outside.digest(part)
            case PartKind.SETTING:
                return self._set(task, part)
            case PartKind.ENV:
                return self._set(task, part) if part.origin else self.outside.digest(part)
            case PartKind.INPUT | PartKind.FUNCTION:
                return self._input(task, part)
            case PartKind.UPTODATE:
                return self._answered(task, part)
            case PartKind.MODULE:
                added = added_path(record.parts)
                return None if added is None else self.outside.digest(part, added=added)
            case _:
                return self._seen(task, part, record)

    def _set(self, task: Task, part: Part) -> Digest | None:
        """A setting, or a variable that plain cells have set: as it was while these are."""
        origin = settings_origin(self._settings.of(task.cell))
        return part.digest if origin and part.origin == origin else None

    def _answered(self, task: Task, part: Part) -> Digest | None:
        """The value of ``--uptodate`` as the kernel found it last."""
        if part.name != task.options.uptodate:
            # That another expression stands there is told by `asked`.
            return part.digest
        answer = self.answers.get(task.name)
        return answer.digest if answer is not None and answer.name == part.name else None

    def _seen(self, task: Task, part: Part, record: Record) -> Digest | None:
        """A file's content, a folder's names or a path: as a cell above leaves it, if one does; else as it is."""
        if part.origin.startswith("cell:"):
            writers = [cell for cell in self.graph.after[task.cell] if self.graph.nodes[cell].task is None]
            lineages = [self._lineages.of(cell) for cell in writers]
            if part.origin not in [f"cell:{lineage}" for lineage in lineages]:
                return None
        for cell in reversed(self.graph.after[task.cell]):
            writer = self.graph.nodes[cell].task
            if writer is None or not self._may_write(writer, part):
                continue
            judged = self.of(writer.name)
            if judged.verdict is not Verdict.FRESH or judged.record is None:
                return None
            left = next((file for file in judged.record.seen.files if file.name == part.name), None)
            if left is not None and part.kind is not PartKind.FOLDER:
                return as_condition(left, part.kind)
        return self.outside.digest(part, [file.name for file in record.seen.files])

    def _may_write(self, task: Task, part: Part) -> bool:
        """By what it wrote when it ran last; where it never ran, by what its text says."""
        told = self._lasts.get(task.name)
        return part.name in task.bindings.made if told is None else touches(part, told.seen.files)

    def _input(self, task: Task, part: Part) -> Digest | None:
        name, _ = name_of(part.name)
        inputs = self.graph.inputs[task.cell]
        provider = inputs.get(name)
        if provider is None:
            # Reached through a value (a function's global, say): as good as the plain cells it came from.
            return part.digest if not part.origin else GIVES_NONE if name in inputs else None
        source = self.graph.nodes[provider].task
        if source is not None:
            version = self._provided(source.name, name)
            if version is not None:
                return digest_of(part.name, version)
            return GIVES_NONE if self.of(source.name).verdict is Verdict.FRESH else None
        lineage = self._lineages.of(provider)
        return part.digest if lineage is not None and part.origin == f"cell:{lineage}" else None


def _otherwise(judged: Judgement, differs: Sequence[Reason]) -> Judgement:
    """The judgement on a result whose task asks for something else now."""
    known = judged.reasons if judged.verdict is Verdict.STALE else ()
    return Judgement(Verdict.STALE, distinct((*known, *differs)), judged.record)


def _kept(graph: Graph, cell: CellId) -> tuple[str, ...]:
    """The names that a cell's task stores."""
    node = graph.nodes.get(cell)
    return () if node is None or node.task is None else outputs_of(graph, node.task)
