"""Puts each tool through each edit: first run, edit, second run, verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.precision.answers import Answers
from benchmarks.precision.project import Edit, Project
from benchmarks.precision.sandbox import AGE, BrokenRun, Sandbox
from benchmarks.precision.tool import Tool, Values
from benchmarks.precision.verdicts import Grade, Verdict, judge

Progress = Callable[[str, str, Verdict], None]
"""Told a tool's name, an edit's name and the verdict."""


@dataclass(frozen=True, slots=True)
class Column:
    """How one tool did, by the edits' names."""

    tool: Tool
    version: str
    verdicts: dict[str, Verdict]

    def count(self, grade: Grade) -> int:
        return sum(verdict.grade is grade for verdict in self.verdicts.values())


class Trial:
    """One tool. Each state before an edit is run once; every edit starts from a copy of that, under the same path."""

    def __init__(self, tool: Tool, root: Path, answers: Answers) -> None:
        self._tool, self._root, self._answers = tool, root, answers
        self._built: dict[Project, Sandbox | str] = {}

    def verdict(self, edit: Edit) -> Verdict:
        """Run the edit. A command that fails is a verdict too."""
        if edit.name in self._tool.cannot:
            return Verdict(Grade.NONE, detail=self._tool.cannot[edit.name])
        sandbox = self._ready(edit.before)
        if isinstance(sandbox, str):
            return Verdict(Grade.FAILED, detail=sandbox)
        try:
            return self._judged(edit, sandbox)
        except BrokenRun as broken:
            return Verdict(Grade.FAILED, sandbox.ran(), str(broken))

    def _judged(self, edit: Edit, sandbox: Sandbox) -> Verdict:
        sandbox.restore()
        if edit.via is not None:
            self._step(sandbox, edit.via)
        for path in edit.touched:
            sandbox.touch(path)
        times = {path: sandbox.time(path) for path in edit.timeless}
        sandbox.write(edit.after, self._tool.files(edit.after))
        for path, time_ns in times.items():
            sandbox.set_time(path, time_ns)
        values = self._step(sandbox, edit.after)
        return judge(self._answers.of(edit), sandbox.ran(), values, edit.hidden, self._tool.always)

    def _step(self, sandbox: Sandbox, project: Project, age: float = 0.0) -> Values:
        sandbox.write(project, self._tool.files(project), age)
        sandbox.forget_logs()
        return self._tool.run(sandbox, project)

    def _ready(self, project: Project) -> Sandbox | str:
        """A folder in which this state was run once; a text where that went wrong."""
        if project not in self._built:
            self._built[project] = self._build(project)
        return self._built[project]

    def _build(self, project: Project) -> Sandbox | str:
        sandbox = Sandbox(self._root / f"{self._tool.name.lower()}-{len(self._built)}")
        try:
            sandbox.write(project, self._tool.files(project), AGE)
            self._tool.prepare(sandbox)
            values = self._step(sandbox, project, AGE)
        except BrokenRun as broken:
            return f"the first run failed: {broken}"
        ran, wanted = sorted(sandbox.ran()), sorted(step.name for step in project.steps)
        if ran != wanted:
            return f"the first run ran {ran}"
        # Where a value is changed in place below, the end doesn't show what the step has made.
        fresh = {name: seen.result for name, seen in self._answers.run(project).items()}
        wrong = [name for name, value in fresh.items() if values.get(name) != value and name != "rows"]
        if wrong:
            return f"the first run shows {json.dumps({name: values.get(name) for name in wrong})}"
        sandbox.save()
        return sandbox


def run(tools: Sequence[Tool], edits: Sequence[Edit], root: Path, told: Progress) -> list[Column]:
    """The table. Tools that aren't installed must have been left out."""
    answers = Answers(root / "plain")
    columns = []
    for tool in tools:
        trial = Trial(tool, root, answers)
        verdicts: dict[str, Verdict] = {}
        for edit in edits:
            verdicts[edit.name] = trial.verdict(edit)
            told(tool.name, edit.name, verdicts[edit.name])
        columns.append(Column(tool, tool.version() or "?", verdicts))
    return columns
