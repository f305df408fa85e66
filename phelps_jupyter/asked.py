"""What a task's cell asks to count, held against the parts that a result was made of. Told by names, not by values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from phelps_jupyter.core.freshness import Reason, compare, task_of
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.members import name_of
from phelps_jupyter.core.model import Digest, Part, PartKind, Task, TaskName
from phelps_jupyter.core.providers import is_implicit
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.outside import Outside
from phelps_jupyter.parts import UNKNOWN, may_do_without, task_parts


@dataclass(slots=True)
class Asked:
    """One look at the tasks of a graph. ``folder``: where their kernel works, for results that don't say it."""

    graph: Graph
    outside: Outside
    folder: str
    _own: dict[TaskName, Mapping[tuple[PartKind, str], Digest]] = field(default_factory=dict)
    """For each task, the parts of its key that follow from the notebook's text."""
    _files: dict[tuple[tuple[str, ...], str], tuple[Part, ...]] = field(default_factory=dict)
    """What these patterns name in this folder."""

    def digest(self, task: Task, part: Part) -> Digest:
        """What of a task's text a part stands for, as it is now; empty: nothing."""
        return self._follows(task).get((part.kind, part.name), Digest(""))

    def differences(self, task: Task, parts: Sequence[Part]) -> tuple[Reason, ...]:
        """Why a result that was made of these parts is none of what is asked for now, whatever else has changed."""
        known = {(part.kind, part.name) for part in parts}
        follows = (
            Reason(kind.value, name, f"its {name} are others")
            for kind, name in self._follows(task)
            if (kind, name) not in known
        )
        inputs = (*compare((), self.new_inputs(task, parts)), *compare(self.dropped_inputs(task, parts), ()))
        return (*follows, *inputs, *self.named_otherwise(task, parts))

    def named_otherwise(self, task: Task, parts: Sequence[Part]) -> tuple[Reason, ...]:
        """The same, of what the task's line names alone: variables, files, an expression."""
        variables = [Part(PartKind.ENV, name, UNKNOWN) for name in self.new_variables(task, parts)]
        asked = {part.name for part in parts if part.kind is PartKind.UPTODATE}
        new = {task.options.uptodate} - asked - {""}
        return (
            *compare((), [*variables, *(Part(PartKind.UPTODATE, name, UNKNOWN) for name in new)]),
            *self.new_files(task, parts),
            *compare(self.dropped(task, parts), ()),
        )

    def new_inputs(self, task: Task, parts: Sequence[Part]) -> list[Part]:
        """Inputs that ``--in`` alone names, and those that were builtins: others that the code reads came with it."""
        known = {name_of(part.name)[0] for part in parts if part.kind in (PartKind.INPUT, PartKind.FUNCTION)}
        given = [name for name in self.graph.inputs[task.cell] if is_implicit(name)]
        names = dict.fromkeys((*(task.options.inputs or ()), *given))
        new = [name for name in names if name not in known and self._is_data(task, name)]
        return [Part(PartKind.INPUT, name, UNKNOWN) for name in new]

    def dropped_inputs(self, task: Task, parts: Sequence[Part]) -> list[Part]:
        """Inputs that came from tasks and are not read any more. What functions read of plain cells shows when run."""
        inputs = self.graph.inputs[task.cell]
        return [part for part in parts if task_of(part) is not None and name_of(part.name)[0] not in inputs]

    def _is_data(self, task: Task, name: str) -> bool:
        provider = self.graph.inputs[task.cell].get(name)
        if provider is None or may_do_without(self.graph, task.cell, name):
            return False
        # A module counts under its own name.
        return name not in self.graph.nodes[provider].bindings.imports

    def new_variables(self, task: Task, parts: Sequence[Part]) -> list[str]:
        """Variables that ``--env`` names by now and did not when there were these parts."""
        known = {part.name for part in parts if part.kind is PartKind.ENV}
        return [name for name in task.options.env if name not in known]

    def new_files(self, task: Task, parts: Sequence[Part]) -> tuple[Reason, ...]:
        """Files that ``--reads`` names by now and did not when there were these parts."""
        if not task.options.reads:
            return ()
        known = {part.name for part in parts if part.kind is PartKind.FILE}
        try:
            named = self.files(task, parts)
        except DeclarationError as error:
            return (Reason("file", "", str(error)),)
        return tuple(
            Reason("file", part.name, f"file {part.name} is new to it") for part in named if part.name not in known
        )

    def dropped(self, task: Task, parts: Sequence[Part]) -> list[Part]:
        """What of these parts the task's line names no more. A file that is gone is not told."""
        named_now = {PartKind.ENV: task.options.env, PartKind.UPTODATE: (task.options.uptodate,)}
        variables = [part for part in parts if part.name not in named_now.get(part.kind, (part.name,))]
        files = [part for part in parts if part.kind is PartKind.FILE]
        if not files:
            return variables
        try:
            named = {part.name for part in self.files(task, parts)}
        except DeclarationError:
            return variables
        return [*variables, *(part for part in files if part.name not in named and self.outside.digest(part))]

    def files(self, task: Task, parts: Sequence[Part]) -> tuple[Part, ...]:
        """What ``--reads`` names now, seen from the folder of these parts. Errors: DeclarationError."""
        file = next((part for part in parts if part.kind is PartKind.FILE), None)
        place = task.options.reads, self.folder if file is None else self.outside.folder(file)
        if place not in self._files:
            self._files[place] = self.outside.files.declared(*place)
        return self._files[place]

    def _follows(self, task: Task) -> Mapping[tuple[PartKind, str], Digest]:
        """The parts that follow from the declaration alone."""
        own = self._own.get(task.name)
        if own is None:
            own = {(one.kind, one.name): one.digest for one in task_parts(self.graph, task)}
            self._own[task.name] = own
        return own
