"""What front ends are told of a notebook's tasks: one picture, and from then on what has changed. Knows JSON, no wire.

The format is docs/protocol.md's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, TaskName

PROTO = 1
"""Number of the protocol: front ends that speak another one say so, and show nothing."""

Json: TypeAlias = dict[str, object]


@dataclass(slots=True)
class Board:
    """What all front ends of one kernel have been told. ``rev`` counts the changes."""

    rev: int = 0
    _tasks: dict[TaskName, Json] = field(default_factory=dict)
    _rest: Json = field(default_factory=dict)

    @property
    def tasks(self) -> list[Json]:
        """Each as it was told last, in document order."""
        return list(self._tasks.values())

    def snapshot(self) -> Json:
        """All of it: what was told last."""
        return {"type": "snapshot", "proto": PROTO, "rev": self.rev, "tasks": self.tasks} | self._rest

    def change(self, tasks: Mapping[TaskName, Json], rest: Json, order: Iterable[TaskName]) -> Json | None:
        """These tasks are so now, and there are those in ``order``. Returns what to tell; None: it is known already."""
        names = list(order)
        before = self._tasks
        after = {name: tasks.get(name, before.get(name)) for name in names}
        self._tasks = {name: told for name, told in after.items() if told is not None}
        patch: Json = {}
        changed = [told for name, told in self._tasks.items() if before.get(name) != told]
        if changed:
            patch["tasks"] = changed
        if list(self._tasks) != list(before):
            patch["order"] = list(self._tasks)
        patch |= {part: told for part, told in rest.items() if self._rest.get(part) != told}
        self._rest |= rest
        if not patch:
            return None
        self.rev += 1
        return {"type": "delta", "rev": self.rev} | patch


def needs(graph: Graph) -> dict[TaskName, list[Json]]:
    """For each task the nearest ones that it needs, with the names that it reads from each.

    ``via``: by way of plain cells alone. Without names: it comes after it for a file or by ``--after``.
    """
    beyond: dict[CellId, dict[TaskName, None]] = {}
    for cell in sorted(graph.nodes, key=graph.ranks.__getitem__):
        if graph.nodes[cell].task is None:
            beyond[cell] = _tasks_of(graph, graph.needed(cell), beyond)
    return {task: _needs_of(graph, cell, beyond) for task, cell in graph.tasks.items()}


def _needs_of(graph: Graph, cell: CellId, beyond: Mapping[CellId, dict[TaskName, None]]) -> list[Json]:
    names: dict[TaskName, list[str]] = {}
    for name, provider in sorted(graph.inputs[cell].items()):
        task = graph.nodes[provider].task if provider is not None else None
        if task is not None:
            names.setdefault(task.name, []).append(name)
    others = graph.needed(cell)
    direct = [node.task.name for other in others if (node := graph.nodes[other]).task is not None]
    found: list[Json] = [{"task": name, "names": names.get(name, []), "via": False} for name in direct]
    plain = (other for other in others if graph.nodes[other].task is None)
    through = _tasks_of(graph, plain, beyond)
    return [*found, *({"task": name, "names": [], "via": True} for name in through if name not in direct)]


def _tasks_of(
    graph: Graph, cells: Iterable[CellId], beyond: Mapping[CellId, dict[TaskName, None]]
) -> dict[TaskName, None]:
    """These where they are tasks, and what plain ones among them rest on."""
    found: dict[TaskName, None] = {}
    for cell in cells:
        task = graph.nodes[cell].task
        found |= beyond[cell] if task is None else {task.name: None}
    return found
