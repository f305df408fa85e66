"""Predicted seconds of what would run, from how long it took last time. Knows no clock and starts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.core.plan import needed


@dataclass(frozen=True, slots=True)
class Forecast:
    """``least``: seconds of the longest path, which no number of engines shortens; ``most``: all one after another."""

    least: float
    most: float
    critical_path: tuple[TaskName, ...]
    unknown: tuple[TaskName, ...]
    """Tasks that never ran: the seconds leave them out."""


def forecast(graph: Graph, tasks: Iterable[TaskName], seconds: Mapping[TaskName, float]) -> Forecast:
    """Predict a run of these tasks."""
    chosen = sorted(tasks, key=lambda task: graph.ranks[graph.tasks[task]])
    length: dict[TaskName, float] = {}
    before: dict[TaskName, TaskName | None] = {}
    for task in chosen:
        needs = [need for need in needed(graph, task) if need in length]
        before[task] = max(needs, key=length.__getitem__, default=None)
        above = before[task]
        length[task] = seconds.get(task, 0.0) + (length[above] if above else 0.0)
    path: list[TaskName] = []
    end = max(length, key=length.__getitem__, default=None)
    while end is not None:
        path.append(end)
        end = before[end]
    unknown = tuple(task for task in chosen if task not in seconds)
    most = sum(seconds.get(task, 0.0) for task in chosen)
    return Forecast(max(length.values(), default=0.0), most, tuple(reversed(path)), unknown)
