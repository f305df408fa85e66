"""Results that somebody accepted or froze, as a kernel meets them when it proves a run. Decides by `core.holds`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phelps_jupyter.core.freshness import Reason, compare
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.holds import Hold, HoldKind, accepted, covers, of_kind, pinned
from phelps_jupyter.core.lineage import Lineages, SightsOf, VersionOf
from phelps_jupyter.core.model import Digest, Key, Part, Record, Task, TaskName
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.setters import SettingLineages
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.parts import GIVES_NONE, ground_parts
from phelps_jupyter.ports import Index

Missing = Callable[[Record], Reason | None]
"""What of a record is not as it should be now, or not there; None: nothing."""


def last_used(index: Index, notebook: str, task: TaskName, number: int) -> Record | None:
    """The record of this number; where the task stands on it, as it was when it was last used."""
    last = index.last(notebook, task)
    return last if last is not None and last.number == number else index.record(number)


@dataclass(frozen=True, slots=True)
class Stands:
    """A record that stands for a run because it is held, and why."""

    record: Record
    reason: Reason


@dataclass(frozen=True, slots=True)
class Ground:
    """A task as the notebook has it, and the versions that the tasks above it have given."""

    graph: Graph
    task: Task
    version_of: VersionOf
    sights_of: SightsOf

    def parts(self) -> tuple[Part, ...]:
        """What an acceptance would stand on now."""
        lineages = Lineages(self.graph, self.version_of, self.sights_of)
        settings = SettingLineages(self.graph, self.version_of, lineages)
        return ground_parts(self.graph, self.task, self._given, lineages.of, settings.of(self.task.cell))

    def _given(self, task: TaskName, name: str) -> Digest:
        return self.version_of(task, name) or GIVES_NONE


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held of one notebook."""

    notebook: str
    index: Index

    def frozen(self, run: Run, missing: Missing) -> Stands | None:
        """The frozen result of the run's task. Errors: DeclarationError when it is gone, or the run was forced."""
        hold = self._of(run.task.name, HoldKind.FREEZE)
        if hold is None:
            return None
        if run.forced:
            raise DeclarationError(f"{run.task.name} is frozen, and does not run by force: unfreeze it first")
        record = last_used(self.index, self.notebook, run.task.name, hold.record)
        lost = None if record is None else missing(record)
        if record is None or lost is not None:
            told = "its result is gone" if lost is None else lost.text
            raise DeclarationError(f"{run.task.name} is frozen, and {told}: unfreeze it, and run it")
        return Stands(record, hold.reason)

    def accepted(self, ground: Ground, key: Key, parts: Sequence[Part], unfit: Missing) -> Stands | None:
        """The accepted result of a task, if all is as it was accepted; from now on it goes with this very key."""
        task = ground.task.name
        hold = self.acceptance(task)
        record = None if hold is None else last_used(self.index, self.notebook, task, hold.record)
        if hold is None or record is None or not covers(hold, record, parts) or compare(hold.ground, ground.parts()):
            return None
        record = accepted(record, hold)
        if unfit(record) is not None:
            return None
        if hold.key is None:
            self.index.hold(self.notebook, task, pinned(hold, key, parts))
        return Stands(record, hold.reason)

    def acceptance(self, task: TaskName) -> Hold | None:
        """The acceptance that a task has, whether it holds or not."""
        return self._of(task, HoldKind.ACCEPT)

    def _of(self, task: TaskName, kind: HoldKind) -> Hold | None:
        return of_kind(self.index.holds(self.notebook).get(task, ()), kind)
