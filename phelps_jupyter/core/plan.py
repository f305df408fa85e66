"""Turns a request into runs with frozen edges, each after all that it needs. Asks no engine and steps no state."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.events import RunRequested
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Options, Resources, RunId, Task, TaskName, Usage
from phelps_jupyter.core.runs import Run, Runs

DEFAULT_SECONDS = 1.0
"""Predicted length of a task that never ran."""
LITTLE = 64 * 2**20
"""Bytes: who holds no more goes anywhere."""
_BITS_FORESEEN = 4
"""So many bits of what was held are told apart."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request comes to."""

    superseded: tuple[Run, ...]
    """Open runs of older code, and those that wait for them: to be cancelled; the plan holds them anew."""
    made: tuple[Run, ...]
    lengthened: tuple[Run, ...]
    """Runs that were open already, on whose end more hangs now."""


def plan(graph: Graph, runs: Runs, request: RunRequested) -> Plan:
    """Plan the request's targets and their upstream. Runs that are open already, or stand, serve again."""
    runs.took.update(request.took)
    targets = [task for task in request.targets if task in graph.tasks]
    order = upstream(graph, targets)
    superseded = _superseded(graph, runs, order, request.renewed)
    if superseded:
        replanned = dict.fromkeys(run.task.name for run in superseded if run.task.name in graph.tasks)
        order = upstream(graph, [*targets, *replanned])
    drawing = _Drawing(graph, runs, request, superseded)
    made = [run for task in order if (run := drawing.draw(task)) is not None]
    return Plan(tuple(superseded), tuple(made), weigh(runs, made))


def providers(graph: Graph, task: TaskName) -> Mapping[str, TaskName]:
    """The tasks that this task takes values from: name -> task. Plain cells' values are captured instead."""
    found: dict[str, TaskName] = {}
    if declared(graph, task).still:
        return found
    for name, provider in graph.inputs[graph.tasks[task]].items():
        source = graph.nodes[provider].task if provider is not None else None
        if source is not None:
            found[name] = source.name
    return found


def needed(graph: Graph, task: TaskName) -> tuple[TaskName, ...]:
    """The tasks that must have ended well before this one can start: its providers and ``--after``."""
    if declared(graph, task).still:
        return ()
    above = (graph.nodes[cell].task for cell in graph.needed(graph.tasks[task]))
    return tuple(dict.fromkeys(other.name for other in above if other is not None))


def upstream(graph: Graph, targets: Iterable[TaskName]) -> tuple[TaskName, ...]:
    """The targets and every task they need, each after all that it needs; else in document order."""
    found = closure(targets, lambda task: needed(graph, task))
    return tuple(sorted(found, key=lambda task: graph.ranks[graph.tasks[task]]))


def is_current(graph: Graph, runs: Runs, run: Run) -> bool:
    """Its task is still declared as it was when the run was planned, and reads from the same tasks.

    Comments and formatting do not count: nothing that runs is killed for them.
    """
    if run.task.name not in graph.tasks:
        return False
    sources = {name: runs[source].task.name for name, source in run.providers.items()}
    return _says(declared(graph, run.task.name)) == _says(run.task) and sources == providers(graph, run.task.name)


def _says(task: Task) -> tuple[CellId, Options, Digest]:
    return task.cell, task.options, task.bindings.code


def outdated(graph: Graph, runs: Runs, tasks: Iterable[TaskName]) -> tuple[TaskName, ...]:
    """Of these tasks and all they need, those with an open run that rests on older code or values.

    A request finds out only after it was planned that a task above has other inputs now; asking for these once more,
    with nothing to confirm, plans them anew on the newer run.
    """
    order = upstream(graph, [task for task in tasks if task in graph.tasks])
    found = {run.task.name for run in _outdated(graph, runs, runs.open_of(order), frozenset())}
    return tuple(task for task in order if task in found)


def declared(graph: Graph, name: TaskName) -> Task:
    """The task of this name."""
    task = graph.nodes[graph.tasks[name]].task
    assert task is not None
    return task


def _superseded(graph: Graph, runs: Runs, tasks: Iterable[TaskName], renewed: frozenset[TaskName]) -> list[Run]:
    """Open runs of older code or values of these tasks, all that wait for those, and the same of what is replanned."""
    found: dict[RunId, Run] = {}
    looked_at: set[TaskName] = set()
    while more := [task for task in tasks if task not in looked_at]:
        looked_at.update(more)
        new = _with_readers(runs, _outdated(graph, runs, runs.open_of(more), renewed))
        found.update((run.id, run) for run in new)
        tasks = upstream(graph, [run.task.name for run in new if run.task.name in graph.tasks])
    return [found[run] for run in sorted(found)]


def _outdated(graph: Graph, runs: Runs, opened: Iterable[Run], renewed: frozenset[TaskName]) -> list[Run]:
    """Those that rest on older code or values, their own or that of a run that they need, however far above."""
    above: dict[RunId, Run] = {}
    stack = list(opened)
    while stack:
        run = stack.pop()
        if run.id not in above:
            above[run.id] = run
            stack += [runs[need] for need in run.needs]
    current: dict[RunId, bool] = {}
    for number in sorted(above):
        run = above[number]
        current[number] = all(current[need] for need in run.needs) and is_current(graph, runs, run)
        if not run.settled:
            overtaken = any(_is_overtaken(runs, runs[need]) for need in run.needs)
            current[number] = current[number] and not overtaken and run.task.name not in renewed
    return [run for run in above.values() if not run.settled and not current[run.id]]


def _is_overtaken(runs: Runs, run: Run) -> bool:
    """Its task has gone on with another key since."""
    return run.key is not None and runs.newest_key(run.task.name) not in (None, run.key)


def _with_readers(runs: Runs, first: Iterable[Run]) -> list[Run]:
    found: dict[RunId, Run] = {}
    stack = list(first)
    while stack:
        run = stack.pop()
        if run.id not in found:
            found[run.id] = run
            stack += [reader for reader in runs.waiting_on(run) if run.id in reader.needs]
    return list(found.values())


@dataclass(slots=True)
class _Drawing:
    """A plan in the making: which run serves each task so far."""

    graph: Graph
    runs: Runs
    request: RunRequested
    superseded: Sequence[Run]
    serving: dict[TaskName, RunId] = field(default_factory=dict)
    replaced: dict[TaskName, Run] = field(init=False)
    gone: frozenset[RunId] = field(init=False)
    targets: frozenset[TaskName] = field(init=False)

    def __post_init__(self) -> None:
        self.replaced = {run.task.name: run for run in self.superseded}
        self.gone = frozenset(run.id for run in self.superseded)
        self.targets = frozenset(self.request.targets)

    def draw(self, task: TaskName) -> Run | None:
        """Have the task served; returns its run if one had to be made."""
        run = self._open_run(task) or self._standing_run(task)
        if run is not None:
            self.serving[task] = run.id
            return None
        run = self._make(task)
        self.runs.add(run)
        self.serving[task] = run.id
        return run

    def _open_run(self, task: TaskName) -> Run | None:
        run = next((run for run in reversed(self.runs.open_of([task])) if run.id not in self.gone), None)
        if run is not None and task in self.targets:
            self.runs.ask_for(run, forced=self.request.forced)
        return run

    def _standing_run(self, task: TaskName) -> Run | None:
        """The task's last run, where nothing can have changed since: not what it is, nor what it needs."""
        if self.request.confirm or task in self.targets or task in self.replaced:
            return None
        last = self.runs.of(task)
        if last is None or not is_current(self.graph, self.runs, last):
            return None
        return last if last.needs == self._needs(task) else None

    def _needs(self, task: TaskName) -> frozenset[RunId]:
        return frozenset(self.serving[other] for other in needed(self.graph, task))

    def _make(self, task: TaskName) -> Run:
        says, older = declared(self.graph, task), self.replaced.get(task)
        target = task in self.targets
        took = self.runs.took.get(task)
        return Run(
            id=self.runs.new_id(),
            task=says,
            providers={name: self.serving[source] for name, source in providers(self.graph, task).items()},
            needs=self._needs(task),
            resources=says.options.resources if took is None else foreseen(says.options, took),
            target=target or (older is not None and older.target),
            forced=(self.request.forced and target) or (older is not None and older.forced),
            awaited=older is not None and older.awaited,
            retries_left=says.options.retries,
            seconds=DEFAULT_SECONDS if took is None else took.seconds,
            requested_at=self.request.at,
        )


def foreseen(options: Options, took: Usage) -> Resources:
    """With the memory that the last run held, rounded up: tasks that hold about the same stand in one line. Of one in
    its engine's own process is only known what the whole engine held."""
    resources = options.resources
    step = 1 << max(0, took.peak_memory.bit_length() - _BITS_FORESEEN)
    held = -(-took.peak_memory // step) * step
    counts = held > LITTLE and resources.memory is None and options.isolation == "fork"
    return replace(resources, foreseen=held) if counts else resources


def weigh(runs: Runs, made: Sequence[Run]) -> tuple[Run, ...]:
    """Remaining paths of new runs, from the ends up; what they need and is open already grows with them.

    A run is younger than all that it needs, so taking the youngest first looks at each but once.
    """
    grown: dict[RunId, Run] = {}
    for run in made:
        run.remaining = run.seconds
    heap = [-run.id for run in reversed(made)]
    waiting = {run.id for run in made}
    while heap:
        run = runs[RunId(-heapq.heappop(heap))]
        for need in (runs[need] for need in run.needs):
            if not need.settled and need.seconds + run.remaining > need.remaining:
                need.remaining = need.seconds + run.remaining
                if need.id not in waiting:
                    waiting.add(need.id)
                    grown[need.id] = need
                    heapq.heappush(heap, -need.id)
    return tuple(grown.values())
