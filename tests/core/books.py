"""The simulation's own books: what it knows of hosts, runs and attempts, and the steps that the contract allows.

Imports no table, limit or key of what it is there to check: those are written down here once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import EngineId, Key, RunId, Task
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.snapshot import task_view

PLAIN = "setting"
"""The name that the one plain cell provides; its value changes behind the tasks' backs."""

ENDED_WELL = {"done", "reused"}
ENDED = ENDED_WELL | {"failed", "skipped", "blocked", "cancelled"}
MOVES = {
    "waiting": {"ready", "reused", "failed", "skipped", "blocked", "cancelled"},
    "ready": {"submitted", "failed", "cancelled"},
    "submitted": {"running", "done", "ready", "failed", "cancelled"},
    "running": {"done", "ready", "failed", "cancelled"},
}


def reachable(state: str) -> set[str]:
    """The states that one event can take a run to: a chain of allowed steps."""
    found, stack = {state}, [state]
    while stack:
        new = MOVES.get(stack.pop(), set()) - found
        found |= new
        stack += new
    return found


WAYS = {state: reachable(state) for state in [*MOVES, *ENDED]}


@dataclass(frozen=True, slots=True)
class Place:
    """A host as the simulation offers it."""

    name: str
    cpus: int
    memory: int
    gpus: tuple[str, ...] = ()


@dataclass(slots=True)
class Booked:
    """A run as it was when it was first seen."""

    run: Run
    task: Task
    providers: Mapping[str, RunId]
    needs: frozenset[RunId]
    state: str = "waiting"
    setting: int | None = None
    """Value of the plain cell when the run's captures were made."""
    key: Key | None = None
    proved: int = 0
    """How many keys had been made when its own was, the last time."""
    attempts: int = 0
    losses: int = 0
    forgotten: bool = False
    ending: object = None
    """What could be seen of it when it settled."""


@dataclass(slots=True)
class Live:
    """An attempt that an engine holds."""

    engine: EngineId
    host: str
    cpus: int
    memory: int
    gpus: tuple[str, ...] = ()
    wanted: bool = True
    """Not killed."""


def told(task: Task, given: Mapping[str, str], setting: int | None) -> str:
    """A result and its key at once: the code, and what it is given."""
    own = {**given, PLAIN: str(setting)} if PLAIN in task.bindings.reads else given
    return f"{task.bindings.code}({', '.join(f'{name}={own[name]}' for name in sorted(own))})"


def look(run: Run) -> tuple[object, ...]:
    """What can be seen of a run."""
    return (run.state, run.attempt, run.engine, run.outputs, run.failure, run.failures, run.usage, run.key, run.root)


def picture_of(machine: Machine) -> list[object]:
    """The snapshot of all tasks, and every run."""
    views: list[object] = [task_view(machine, task) for task in machine.graph.tasks]
    return views + [look(run) for run in machine.runs.by_id.values()]
