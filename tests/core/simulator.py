"""A simulated session, cluster and store around a real machine: it performs actions, and answers late, twice or never.

After each event it checks, by its own books, what must always hold.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import invariants
from books import ENDED, ENDED_WELL, PLAIN, Booked, Live, Place, look, picture_of, told
from documents import graph

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.events import Action, Event
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    Engine,
    EngineId,
    Failure,
    FailureKind,
    Host,
    HostId,
    Key,
    Record,
    RunId,
    RunState,
    Task,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.core.plan import outdated
from phelps_jupyter.core.runs import Run

Slot = tuple[RunId, int]


@dataclass(slots=True)
class Simulation:
    """The world around one machine."""

    machine: Machine = field(default_factory=Machine)
    events: list[Event] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    setting: int = 0
    hosts: dict[str, Place] = field(default_factory=dict)
    engines: dict[EngineId, tuple[str, frozenset[str]]] = field(default_factory=dict)
    booked: dict[RunId, Booked] = field(default_factory=dict)
    live: dict[Slot, Live] = field(default_factory=dict)
    ghosts: list[Slot] = field(default_factory=list)
    """Attempts that were answered, or whose engine left: what they say now comes too late."""
    captures: deque[RunId] = field(default_factory=deque)
    proofs: deque[RunId] = field(default_factory=deque)
    prompt: bool = False
    """Captures and proofs are answered at once, as a session does."""
    records: dict[Key, Record] = field(default_factory=dict)
    executed: Counter[Key] = field(default_factory=Counter)
    starting: bool = False
    joined: int = 0
    proved: int = 0
    clock: float = 0.0

    def feed(self, make: Callable[[float], Event]) -> list[Action]:
        """Hand the machine one event, perform its actions, and look at everything."""
        self.clock += 1.0
        event = make(self.clock)
        self.events.append(event)
        actions = self.machine.handle(event)
        self._book_new_runs()
        for action in actions:
            assert action.cause is event
            self._perform(action)
        invariants.check(self)
        if self.prompt:
            self.answer_all()
        return actions

    def _book_new_runs(self) -> None:
        for run in self.machine.runs.by_id.values():
            if run.id not in self.booked:
                assert run.task == self.tasks[run.task.name]
                assert {name: self.booked[source].task.name for name, source in run.providers.items()} == {
                    name: name for name in run.task.bindings.reads if name != PLAIN
                }
                assert {self.booked[need].task.name for need in run.needs} == self._wants(run.task)
                self.booked[run.id] = Booked(run, run.task, dict(run.providers), run.needs)

    def _wants(self, task: Task) -> set[str]:
        return (set(task.bindings.reads) | set(task.options.after)) - {PLAIN}

    def _perform(self, action: Action) -> None:
        match action:
            case ev.Capture(run=run):
                self.captures.append(run)
            case ev.Prove(run=run):
                self._asked_to_prove(run)
            case ev.StartEngines():
                assert not self.engines
                self.starting = True
            case ev.Submit():
                self._submit(action)
            case ev.Kill(run=run, attempt=attempt):
                assert self.live[run, attempt].engine == action.engine
                assert self.live[run, attempt].wanted
                self.live[run, attempt].wanted = False
            case ev.Store(run=run):
                self._store(self.booked[run].run)
            case ev.Show(run=run):
                assert run in self.machine.runs.by_id
            case ev.Forget(run=run):
                assert self.booked[run].state in ENDED
                self.booked[run].forgotten = True

    def _asked_to_prove(self, run: RunId) -> None:
        booked = self.booked[run]
        assert booked.setting is not None
        assert all(self.booked[need].run.state in ENDED_WELL for need in booked.needs)
        self.proofs.append(run)

    def _submit(self, action: ev.Submit) -> None:
        booked = self.booked[action.run]
        assert booked.state not in ENDED
        assert booked.losses < 3
        assert all(self.booked[need].run.state in ENDED_WELL for need in booked.needs)
        assert action.attempt == booked.attempts + 1
        assert not any(run == action.run for run, _ in self.live)
        assert action.engine not in {live.engine for live in self.live.values()}
        if not self.runs_anyway(action.run):
            others = [self.booked[run] for run, _ in self._counting() if run != action.run]
            # One that goes whatever is known may come later, and overtake.
            assert booked.key not in [other.key for other in others if other.proved < booked.proved]
        host, labels = self.engines[action.engine]
        asked = action.resources
        assert asked.label is None or asked.label in labels or asked.label == host
        assert (action.gpus is None) == (asked.gpus is None)
        assert len(action.gpus or ()) == (asked.gpus or 0)
        cpus = self.hosts[host].cpus if asked.cpus == "all" or asked.alone else asked.cpus
        booked.attempts = action.attempt
        self.live[action.run, action.attempt] = Live(action.engine, host, cpus, asked.memory or 0, action.gpus or ())

    def _counting(self) -> list[Slot]:
        return [slot for slot, live in self.live.items() if live.wanted]

    def runs_anyway(self, run: RunId) -> bool:
        """Whether it is never reused."""
        found = self.booked[run].run
        return found.forced or found.task.options.always

    def _store(self, run: Run) -> None:
        key = self.booked[run.id].key
        assert key is not None
        self.records[key] = Record(key, run.task.name, "", "", (), run.outputs, Usage(), "", self.clock)
        if not self.runs_anyway(run.id):
            self.executed[key] += 1

    def change_document(self, tasks: Iterable[Task]) -> None:
        """The cells are these now."""
        self.tasks = {task.name: task for task in tasks}
        found = graph(PLAIN, *self.tasks.values())
        self.feed(lambda at: ev.DocumentChanged(at, found))

    def change_setting(self) -> None:
        """The plain cell provides another value from now on."""
        self.setting += 1

    def request(self, targets: Iterable[str], *, forced: bool = False, confirm: bool = True) -> None:
        """Somebody wants these tasks fresh."""
        names = tuple(TaskName(target) for target in targets)
        before = {run: booked.state for run, booked in self.booked.items()}
        renewed = frozenset(
            booked.task.name for booked in self.booked.values() if booked.state not in ENDED and not self._holds(booked)
        )
        keys = self._newest_keys()
        self.feed(lambda at: ev.RunRequested(at, names, forced, confirm=confirm, renewed=renewed))
        stack = self._above(names)
        assert all(self._holds(self.booked[max(self._runs_of(name))]) for name in names)
        for run in stack:
            booked = self.booked[run]
            assert booked.state != "cancelled" or (before.get(run) == "cancelled" and not confirm)
            assert booked.task == self.tasks[booked.task.name]
            self._check_rests_on(booked, [need for need in booked.needs if need in before], keys)
        if self.prompt:
            self._look_again(names)

    def _look_again(self, names: Iterable[TaskName]) -> None:
        """What the proofs have brought to light is planned anew, as a session does; then all is as new as it can be."""
        for _ in self.tasks:
            again = outdated(self.machine.graph, self.machine.runs, names)
            if again:
                self.feed(lambda at, again=again: ev.RunRequested(at, again, confirm=False))
        keys = self._newest_keys()
        for run in self._above(names):
            self._check_rests_on(self.booked[run], self.booked[run].needs, keys)

    def _check_rests_on(self, booked: Booked, needs: Iterable[RunId], newest: Mapping[str, Key]) -> None:
        """An open run does not take the value of a run when its task has gone on with another key."""
        if booked.state not in ENDED:
            above = [self.booked[need] for need in needs]
            assert all(need.key in (None, newest.get(need.task.name)) for need in above)

    def _newest_keys(self) -> dict[str, Key]:
        known = (booked for booked in self.booked.values() if booked.state not in ENDED - ENDED_WELL)
        return {booked.task.name: booked.key for booked in known if booked.key is not None}

    def _runs_of(self, name: str) -> list[RunId]:
        return [run for run, booked in self.booked.items() if booked.task.name == name]

    def _above(self, names: Iterable[str]) -> list[RunId]:
        """The runs that serve these tasks, and all that those need."""
        found = [max(self._runs_of(name)) for name in names]
        for run in found:
            found += [need for need in self.booked[run].needs if need not in found]
        return found

    def _holds(self, booked: Booked) -> bool:
        """What was captured for the run, if anything, is what the plain cell provides now."""
        return PLAIN not in booked.task.bindings.reads or booked.setting in (None, self.setting)

    def cancel(self, tasks: Iterable[str] | None) -> None:
        """Stop the runs of these tasks, or all."""
        names = None if tasks is None else tuple(TaskName(task) for task in tasks)
        self.feed(lambda at: ev.CancelRequested(at, names))

    def join(self, place: Place, labels: frozenset[str] = frozenset()) -> None:
        """A new engine joins on a host."""
        name = EngineId(str(self.joined))
        self.joined += 1
        self.hosts.setdefault(place.name, place)
        self.engines[name] = (place.name, labels)
        self.starting = False
        there = self.hosts[place.name]
        host = Host(HostId(there.name), there.name, there.cpus, there.memory, there.gpus)
        self.feed(lambda at: ev.EngineJoined(at, Engine(name, host.id, labels), host))

    def leave(self, engine: EngineId) -> None:
        """An engine is gone; what it held may still answer."""
        del self.engines[engine]
        lost = [slot for slot, live in self.live.items() if live.engine == engine]
        for slot in lost:
            self.booked[slot[0]].losses += self.counts(slot)
            del self.live[slot]
        self.ghosts += lost
        self.feed(lambda at: ev.EngineLeft(at, engine, "it was killed"))

    def answer_capture(self, failing: RunState | None = None) -> None:
        """The oldest capture is made, or can't be."""
        run = self.captures.popleft()
        self.booked[run].setting = self.setting
        failure = Failure(FailureKind.DECLARATION, "it can't be had")
        if failing is None:
            self.feed(lambda at: ev.Captured(at, run))
        else:
            self.feed(lambda at: ev.CaptureFailed(at, run, failing, failure))

    def answer_proof(self, *, failing: bool = False) -> None:
        """The oldest key asked for is made, or can't be."""
        run = self.proofs.popleft()
        if failing:
            failure = Failure(FailureKind.DECLARATION, "a file is missing")
            self.feed(lambda at: ev.ProofFailed(at, run, failure))
            return
        key = self._key(run)
        if self.booked[run].state not in ENDED:
            self.proved += 1
            self.booked[run].key, self.booked[run].proved = key, self.proved
        self.feed(lambda at: ev.Proved(at, run, key, self.records.get(key)))

    def _key(self, run: RunId) -> Key:
        booked = self.booked[run]
        given = {name: self.booked[source].run.outputs[0].digest for name, source in booked.providers.items()}
        return Key(told(booked.task, given, booked.setting))

    def answer_all(self) -> None:
        """Captures and proofs, until none is asked for."""
        while self.captures or self.proofs:
            if self.captures:
                self.answer_capture()
            else:
                self.answer_proof()

    def start(self, slot: Slot) -> None:
        """An attempt says that its body runs."""
        before = self._looks()
        self.feed(lambda at: ev.AttemptStarted(at, *slot))
        if not self.counts(slot):
            assert self._looks() == before

    def succeed(self, slot: Slot) -> None:
        """An attempt says that it ended well."""
        booked = self.booked[slot[0]]
        given = {name: self.booked[source].run.outputs[0].digest for name, source in booked.providers.items()}
        made = (Version("out", told(booked.task, given, booked.setting), 8, ""),)
        self._end(slot, lambda at: ev.AttemptDone(at, *slot, made, Usage(1.0)))

    def fail(self, slot: Slot, kind: FailureKind, peak: int = 0) -> None:
        """An attempt says that it ended badly."""
        failure = Failure(kind, f"{kind} it was")
        self.booked[slot[0]].losses += kind is FailureKind.LOST and self.counts(slot)
        self._end(slot, lambda at: ev.AttemptFailed(at, *slot, failure, Usage(1.0, peak)))

    def _end(self, slot: Slot, make: Callable[[float], Event]) -> None:
        counts, before = self.counts(slot), self._looks()
        held = self.live.pop(slot, None)
        self.ghosts.append(slot)
        actions = self.feed(make)
        if counts:
            return
        after = self._looks()
        assert after[slot[0]] == before[slot[0]]
        if held is None:
            assert after == before
            assert [action for action in actions if not isinstance(action, ev.Forget)] == []
        moved = {run for run in after if after[run] != before[run]}
        assert moved == {action.run for action in actions if isinstance(action, ev.Submit)}

    def counts(self, slot: Slot) -> bool:
        """Whether the attempt is live, and wanted."""
        return slot in self.live and self.live[slot].wanted

    def _looks(self) -> dict[RunId, object]:
        return {run: look(booked.run) for run, booked in self.booked.items()}

    def drain(self) -> None:
        """Everything is answered, by an engine that takes anything; then all is asked for once more."""
        labels = frozenset(task.options.resources.label or "" for task in self.tasks.values())
        labels |= frozenset(booked.task.options.resources.label or "" for booked in self.booked.values())
        self.join(Place("giant", 1_000, 1_000_000, ("0", "1")), labels)
        self._answer_everything()
        self.request(self.tasks)
        self._answer_everything()

    def _answer_everything(self) -> None:
        self.answer_all()
        while self.live:
            slot = next(iter(self.live))
            if self.counts(slot):
                self.succeed(slot)
            else:
                self.fail(slot, FailureKind.LOST)
            self.answer_all()

    def check_end(self) -> None:
        """What holds when everything was answered: each task shows what a run of all, from top to bottom, would."""
        assert {booked.state for booked in self.booked.values()} <= ENDED
        assert not self.captures
        assert not self.proofs
        assert all(count == 1 for count in self.executed.values())
        for run in sorted(self.booked):
            if self.booked[run].state in ENDED_WELL:
                assert self.booked[run].run.outputs[0].digest == self._evaluate(run)
        worth: dict[str, str] = {}
        for name, task in self.tasks.items():
            run = self.machine.runs[self.machine.runs.latest[TaskName(name)]]
            worth[name] = told(task, {read: worth[read] for read in task.bindings.reads if read != PLAIN}, self.setting)
            assert run.good
            assert run.outputs[0].digest == worth[name]

    def check_kept(self) -> None:
        """At the end there is nothing but the runs that tell of a task or of its newest key, and what they need."""
        self.feed(ev.EnginesSettled)
        stack = list(self.machine.runs.latest.values())
        well = [run for run, booked in self.booked.items() if booked.key is not None and booked.state in ENDED_WELL]
        stack += {self.booked[run].task.name: run for run in sorted(well)}.values()
        wanted: set[RunId] = set()
        while stack:
            run = stack.pop()
            wanted.add(run)
            stack += self.booked[run].needs
        assert self.machine.runs.by_id.keys() == wanted

    def _evaluate(self, run: RunId) -> str:
        """What a run is worth, from the declarations it was planned with and what was captured for it."""
        booked = self.booked[run]
        given = {name: self._evaluate(source) for name, source in booked.providers.items()}
        return told(booked.task, given, booked.setting)

    def picture(self) -> list[object]:
        """All that can be seen of the machine."""
        return picture_of(self.machine)
