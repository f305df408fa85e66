"""Ready-made documents and events, and how a test plays them. Knows what a session answers at once, and no more.

Every task here binds its own name, and reads others by theirs; a plain cell is told by its name alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.events import Action, Event
from phelps_jupyter.core.graph import Graph, Node
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    Bindings,
    Cell,
    CellId,
    Digest,
    Engine,
    EngineId,
    Failure,
    FailureKind,
    Host,
    HostId,
    Key,
    Options,
    Record,
    Resources,
    RunId,
    Task,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.runs import Run

GB = 10**9


def task(name: str, *reads: str, code: str = "", after: Iterable[str] = (), **options: object) -> Task:
    """A task that binds its own name. ``options``: fields of Resources and of Options."""
    body = f"{name} = {code or name}({', '.join(reads)})"
    asked = {
        field: options.pop(field) for field in ("cpus", "memory", "time", "label", "gpus", "alone") if field in options
    }
    return Task(
        name=TaskName(name),
        cell=CellId(f"cell-{name}"),
        body=body,
        options=Options(after=tuple(map(TaskName, after)), resources=Resources(**asked), **options),
        bindings=Bindings(reads=frozenset(reads), writes=frozenset({name}), code=Digest(body)),
    )


def graph(*cells: Task | str, problems: Mapping[str, Failure] | None = None) -> Graph:
    """The graph of these cells, in document order."""
    found = [_node(index, cell) for index, cell in enumerate(cells)]
    places = {name: node.cell for node in found for name in node.bindings.writes}
    inputs = {node.cell: {name: places.get(name) for name in sorted(node.bindings.reads)} for node in found}
    after = {
        node.cell: tuple(places[other] for other in node.task.options.after)
        for node in found
        if node.task and node.task.options.after
    }
    following: dict[CellId, list[CellId]] = defaultdict(list)
    for node in found:
        for above in dict.fromkeys([*inputs[node.cell].values(), *after.get(node.cell, ())]):
            if above is not None:
                following[above].append(node.cell)
    return Graph(
        nodes={node.cell: node for node in found},
        tasks={node.task.name: node.cell for node in found if node.task},
        inputs=inputs,
        after=after,
        writes={node.cell: node.bindings.writes for node in found},
        problems={places[name]: (failure,) for name, failure in (problems or {}).items()},
        following={cell: tuple(readers) for cell, readers in following.items()},
        ranks={node.cell: node.index for node in found},
    )


def _node(index: int, cell: Task | str) -> Node:
    if isinstance(cell, str):
        return Node(CellId(f"cell-{cell}"), index, None, Bindings(writes=frozenset({cell}), code=Digest(f"{cell} = 1")))
    return Node(cell.cell, index, cell, cell.bindings)


def document(*cells: Task | str, problems: Mapping[str, Failure] | None = None) -> ev.DocumentChanged:
    """The document is these cells now."""
    return ev.DocumentChanged(0.0, graph(*cells, problems=problems))


LOAD = document(task("load"))
CHAIN = document(task("load"), task("clean", "load"), task("fit", "clean"))
DIAMOND = document(task("load"), task("left", "load"), task("right", "load"), task("join", "left", "right"))
THREE = document(task("a"), task("b"), task("c"))


def engine(
    name: str,
    host: str = "box",
    *labels: str,
    cpus: int = 4,
    memory: int = 8 * GB,
    gpus: Iterable[str] = (),
    apart: bool = False,
) -> ev.EngineJoined:
    """An engine joins."""
    slot = Engine(EngineId(name), HostId(host), frozenset(labels))
    return ev.EngineJoined(0.0, slot, Host(slot.host, host, cpus, memory, tuple(gpus), apart))


ONE_ENGINE = engine("0")
SETTLED_ENGINES = ev.EnginesSettled(0.0)


def ask(
    *tasks: str, forced: bool = False, confirm: bool = True, renewed: Iterable[str] = (), **seconds: float
) -> ev.RunRequested:
    """Somebody wants these tasks fresh. ``seconds``: predicted, by task."""
    return ev.RunRequested(
        1.0,
        tuple(map(TaskName, tasks)),
        forced=forced,
        took={TaskName(name): Usage(long) for name, long in seconds.items()},
        renewed=frozenset(map(TaskName, renewed)),
        confirm=confirm,
    )


def cancel(*tasks: str) -> ev.CancelRequested:
    """Stop these tasks; all, when none is named."""
    return ev.CancelRequested(2.0, tuple(map(TaskName, tasks)) or None)


def leaves(name: str) -> ev.EngineLeft:
    """An engine is gone."""
    return ev.EngineLeft(3.0, EngineId(name), "killed")


def started(run: int, attempt: int = 1) -> ev.AttemptStarted:
    """The body runs."""
    return ev.AttemptStarted(4.0, RunId(run), attempt)


def done(run: int, attempt: int = 1, value: str = "value", size: int = 8) -> ev.AttemptDone:
    """The attempt ended well."""
    return ev.AttemptDone(5.0, RunId(run), attempt, (version("out", value, size),), Usage(1.0))


def failed(run: int, attempt: int = 1, kind: FailureKind = FailureKind.CODE, peak: int = 0) -> ev.AttemptFailed:
    """The attempt ended badly."""
    return ev.AttemptFailed(5.0, RunId(run), attempt, Failure(kind, f"{kind} it was"), Usage(1.0, peak))


def version(name: str, value: str, size: int = 8) -> Version:
    """A version whose digest is the value itself."""
    return Version(name, Digest(value), size, f"str {value}")


def record(name: str, key: str, value: str = "value") -> Record:
    """A stored result of a task."""
    return Record(Key(key), TaskName(name), "a.ipynb", name, (), (version("out", value),), Usage(7.0), "box:0", 0.0)


class Remembering(Machine):
    """A machine with every run that it ever had, for tests that ask what became of those it has dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.ever: dict[RunId, Run] = {}

    def handle(self, event: Event) -> list[Action]:
        actions = super().handle(event)
        self.ever.update(self.runs.by_id)
        return actions


@dataclass(slots=True)
class Kernel:
    """What a session does at once: holds captures, makes keys, keeps records."""

    machine: Machine
    records: dict[Key, Record] = field(default_factory=dict)
    submitted: list[ev.Submit] = field(default_factory=list)

    def feed(self, *events: Event) -> list[Action]:
        """Feed the events and what answers them; returns all actions."""
        told: list[Action] = []
        for event in events:
            waiting = [event]
            for one in waiting:
                actions = self.machine.handle(one)
                told += actions
                waiting += [answer for action in actions if (answer := self._perform(action)) is not None]
        return told

    def _perform(self, action: Action) -> Event | None:
        match action:
            case ev.Capture(run=run):
                return ev.Captured(1.0, run)
            case ev.Prove(run=run):
                key = key_of_run(self.machine, run)
                return ev.Proved(1.0, run, key, self.records.get(key))
            case ev.Store(run=run):
                stored = self.machine.runs[run]
                key = key_of_run(self.machine, run)
                self.records[key] = record(stored.task.name, key, stored.outputs[0].digest)
            case ev.Submit():
                self.submitted.append(action)
        return None

    def finish(self, *events: Event) -> list[str]:
        """Feed the events, then let every attempt end well; returns what ran, in order."""
        self.submitted.clear()
        self.feed(*events)
        ran = []
        for submit in self.submitted:
            run = self.machine.runs[submit.run]
            ran.append(str(run.task.name))
            self.feed(done(run.id, submit.attempt, value=f"made by {key_of_run(self.machine, run.id)}"))
        return ran


def key_of_run(machine: Machine, run: RunId) -> Key:
    """A key of the body and the values it is given."""
    found = machine.runs[run]
    given = [f"{name}={machine.runs[source].outputs[0].digest}" for name, source in sorted(found.providers.items())]
    return Key(f"{found.task.body} {' '.join(given)}")


def play(machine: Machine, *events: Event) -> list[Action]:
    """Feed the events to a machine in a kernel that has stored nothing yet; returns all actions."""
    return Kernel(machine).feed(*events)


def states(machine: Machine) -> dict[str, str]:
    """The state of each task's run, by name."""
    return {str(name): machine.runs[run].state.value for name, run in machine.runs.latest.items()}


def submitted(machine: Machine, actions: Iterable[Action]) -> list[str]:
    """The tasks that were submitted, in order."""
    return [str(machine.runs[action.run].task.name) for action in actions if isinstance(action, ev.Submit)]


def killed(machine: Remembering, actions: Iterable[Action]) -> list[str]:
    """The tasks whose attempts were killed, in order."""
    return [str(machine.ever[action.run].task.name) for action in actions if isinstance(action, ev.Kill)]


def sourced(*sources: str) -> ev.DocumentChanged:
    """The document of these cells, as the graph sees it."""
    notebook = Notebook()
    notebook.read([Cell(CellId(source.split()[1]), source) for source in sources], 0.0)
    return ev.DocumentChanged(0.0, notebook.graph())
