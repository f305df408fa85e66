"""Judges tasks without running anything: by the index, the notebook as it is now, and what can be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from phelps_jupyter.adapters.files import file_digest, file_parts
from phelps_jupyter.adapters.sources import ModuleSources, installed
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.freshness import ALWAYS, Judgement, Reason, Verdict, judge
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages
from phelps_jupyter.core.model import Digest, Part, PartKind, Record, Task, TaskName
from phelps_jupyter.core.modules import project_digest, reach_of, version_digest
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.outcomes import seed_text
from phelps_jupyter.ports import Index, Store
from phelps_jupyter.proof import env_parts, settings_lineage, task_parts

RECORDS_LOOKED_AT = 20
"""Of each task: an undone edit brings back one of its last results."""


@dataclass(slots=True)
class Judge:
    """One look at all tasks of a notebook. Needs no kernel."""

    graph: Graph
    notebook: str
    store: Store
    index: Index
    now: Surroundings
    start: str = ""
    """The folder that the notebook's kernel starts in, where it is not the one of ``now``."""
    _judged: dict[TaskName, Judgement] = field(default_factory=dict)
    _sources: ModuleSources = field(init=False)
    _lineages: Lineages = field(init=False)

    def __post_init__(self) -> None:
        self._sources = ModuleSources(self.now.path)
        self._lineages = Lineages(self.graph, self._version_of)

    def all(self) -> dict[TaskName, Judgement]:
        """Every task's judgement, in document order."""
        for task in self.graph.tasks:
            self.of(task)
        return {task: self._judged[task] for task in self.graph.tasks}

    def of(self, task: TaskName) -> Judgement:
        """The judgement of one task, resting on those above it."""
        if task not in self._judged:
            self._judged[task] = self._judge(task)
        return self._judged[task]

    def _judge(self, name: TaskName) -> Judgement:
        cell = self.graph.tasks[name]
        task = self.graph.nodes[cell].task
        assert task is not None
        problems = self.graph.problems.get(cell, ())
        if problems:
            return Judgement(Verdict.STALE, tuple(Reason("declaration", "", problem.message) for problem in problems))
        if task.options.always:
            return Judgement(Verdict.STALE, (ALWAYS,))
        last = self.index.last(self.notebook, name)
        records = [*([last] if last else []), *self.index.history(self.notebook, name)[:RECORDS_LOOKED_AT]]
        verdict = judge(records, lambda part: self._current(task, part), seed_text(task))
        new_files = self._new_files(task, verdict.record)
        if verdict.verdict is Verdict.FRESH and new_files:
            return Judgement(Verdict.STALE, new_files, verdict.record)
        if verdict.verdict is Verdict.FRESH and verdict.record is not None:
            return self._at_hand(verdict, verdict.record)
        return verdict

    def _at_hand(self, verdict: Judgement, record: Record) -> Judgement:
        lost = next((version.name for version in record.outputs if not self.store.has(version.digest)), None)
        if lost is None:
            return verdict
        missing = Reason("output_missing", lost, f"its stored output `{lost}` is missing")
        return Judgement(Verdict.STALE, (missing,), record)

    def _new_files(self, task: Task, record: Record | None) -> tuple[Reason, ...]:
        """Files that ``--reads`` names by now and did not then."""
        if record is None or not task.options.reads:
            return ()
        files = [part for part in record.parts if part.kind is PartKind.FILE]
        known = {part.name for part in files}
        folder = self._folder(files[0]) if files else self.now.folder
        try:
            names = [part.name for part in file_parts(task.options.reads, folder)]
        except DeclarationError as error:
            return (Reason("file", "", str(error)),)
        return tuple(Reason("file", name, f"file {name} is new to it") for name in names if name not in known)

    def _version_of(self, task: TaskName, name: str) -> Digest | None:
        judged = self.of(task)
        if judged.verdict is not Verdict.FRESH or judged.record is None:
            return None
        return next((version.digest for version in judged.record.outputs if version.name == name), None)

    def _current(self, task: Task, part: Part) -> Digest | None:
        match part.kind:
            case PartKind.CODE:
                return self._declared(task, part)
            case PartKind.VERSION:
                return self._version(task, part)
            case PartKind.MODULE:
                return self._module(part)
            case PartKind.FILE:
                return self._file(part)
            case PartKind.ENV:
                text = self.now.env.get(part.name)
                return Digest("") if text is None else env_parts({part.name: text})[0].digest
            case PartKind.SETTING:
                lineage = settings_lineage(self.graph, task.cell)
                return part.digest if part.origin == f"cells:{lineage}" else None
            case PartKind.INPUT | PartKind.FUNCTION:
                return self._input(task, part)

    def _module(self, part: Part) -> Digest:
        try:
            return project_digest(part.name, reach_of(part), self._sources.find) or Digest("")
        except DeclarationError:
            return Digest("")

    def _file(self, part: Part) -> Digest:
        file = Path(self._folder(part), part.name)
        try:
            return file_digest(file) if file.is_file() else Digest("")
        except OSError:
            return Digest("")

    def _folder(self, part: Part) -> str:
        """The folder that the body ran in."""
        return str(Path(self.start or self.now.folder, part.origin))

    def _declared(self, task: Task, part: Part) -> Digest:
        parts = {(own.kind, own.name): own.digest for own in task_parts(self.graph, task)}
        return parts.get((part.kind, part.name), Digest(""))

    def _version(self, task: Task, part: Part) -> Digest:
        own = self._declared(task, part)
        if own:
            return own
        found = installed(part.name)
        return Digest("") if found is None else version_digest(found.version)

    def _input(self, task: Task, part: Part) -> Digest | None:
        provider = self.graph.inputs[task.cell].get(part.name)
        if provider is None:
            # Reached through a value (a function's global, say): as good as the plain cells it came from.
            return part.digest if not part.origin else None
        source = self.graph.nodes[provider].task
        if source is not None:
            return self._version_of(source.name, part.name)
        lineage = self._lineages.of(provider)
        return part.digest if lineage is not None and part.origin == f"cell:{lineage}" else None
