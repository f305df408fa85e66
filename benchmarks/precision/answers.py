"""What an edit demands of each step, found out by running the project as plain Python before and after it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.precision import render
from benchmarks.precision.project import Edit, Project
from benchmarks.precision.sandbox import Sandbox

WITNESS = Path(__file__).with_name("witness.py")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a step used, and what it made, in one run from scratch."""

    used: frozenset[str]
    result: object


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edit demands.

    ``must``: the step's result differs, or there was none. ``may``: what it used differs, its result doesn't.
    ``still``: all that it used is as it was. ``fresh``: what each step makes after the edit, run from scratch.
    """

    must: frozenset[str]
    may: frozenset[str]
    still: frozenset[str]
    fresh: Mapping[str, object]


class Answers:
    """Runs each state of the project once, however many edits start or end there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Project, dict[str, Seen]] = {}

    def of(self, edit: Edit) -> Answer:
        before, after = self.run(edit.before), self.run(edit.after)
        must = {name for name, seen in after.items() if name not in before or before[name].result != seen.result}
        may = {name for name, seen in after.items() if name not in must and before[name].used != seen.used}
        unseen = [name for name in must if name in before and before[name].used == after[name].used]
        if unseen:
            raise AssertionError(f"{edit.name}: {unseen} came out otherwise, though nothing that they used has changed")
        fresh = {name: seen.result for name, seen in after.items()}
        return Answer(frozenset(must), frozenset(may), frozenset(after.keys() - must - may), fresh)

    def run(self, project: Project) -> dict[str, Seen]:
        """The project from scratch, as plain Python."""
        if project not in self._known:
            sandbox = Sandbox(self._root / str(len(self._known)))
            sandbox.write(project, {"pipeline.py": render.module(project)})
            steps = [",".join([step.name, *step.inputs]) for step in project.steps]
            told = json.loads(sandbox.call(sys.executable, "-OO", str(WITNESS), str(sandbox.site), *steps))
            # The folder's own name is no part of what a step used.
            self._known[project] = {
                name: Seen(frozenset(one.replace(str(sandbox.root), "") for one in seen["used"]), seen["result"])
                for name, seen in told.items()
            }
        return self._known[project]
