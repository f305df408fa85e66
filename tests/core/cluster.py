"""A large cluster around a real machine, on a clock of its own: runs take as long as they take, engines leave and come.

Keeps its own books of what each engine and host holds and of what has ended, and asks the machine for nothing of it.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from documents import done, engine, graph, task

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.events import Action, Event
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import EngineId, HostId, Key, RunId, Task, TaskName, Usage

MEMORY = 16
AWAY = 2.0
"""Seconds until an engine that was lost is replaced."""
Slot = tuple[RunId, int]


@dataclass(frozen=True, slots=True)
class Part:
    """Tasks that are asked for together, and how long each takes."""

    tasks: Sequence[Task]
    seconds: Mapping[str, float]

    def longest_path(self) -> float:
        """Seconds. A task comes after all that it reads."""
        ends: dict[str, float] = {}
        for one in self.tasks:
            ends[one.name] = self.seconds[one.name] + max((ends[name] for name in one.bindings.reads), default=0.0)
        return max(ends.values())


@dataclass(slots=True)
class Cluster:
    """``engines``: of each host; one for each cpu unless it is given. ``losses``: of so many in a thousand attempts."""

    dice: Random
    hosts: int = 1
    cpus: int = 4
    engines: int = 0
    losses: int = 0
    machine: Machine = field(default_factory=Machine)
    clock: float = 0.0
    work: float = 0.0
    """Cpu seconds that were held, or that nobody could hold as the engine was away."""
    least: float = 0.0
    """When the last part could have ended at the earliest, had there been no end of engines."""
    costs: list[float] = field(default_factory=list)
    """Seconds of CPU that each event took."""
    live: dict[Slot, tuple[EngineId, HostId, float]] = field(default_factory=dict)
    submits: Counter[RunId] = field(default_factory=Counter)
    lost: Counter[RunId] = field(default_factory=Counter)
    ended: set[RunId] = field(default_factory=set)
    stored: Counter[TaskName] = field(default_factory=Counter)
    cpus_held: Counter[HostId] = field(default_factory=Counter)
    memory_held: Counter[HostId] = field(default_factory=Counter)
    began: dict[str, float] = field(default_factory=dict)
    """When each task's last attempt did."""
    busy: dict[EngineId, Slot] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    _agenda: list[tuple[float, int, Event]] = field(default_factory=list)
    _booked: int = 0

    def __post_init__(self) -> None:
        each = self.engines or self.cpus
        for number in range(self.hosts * each):
            self.feed(engine(str(number), f"host-{number // each}", cpus=self.cpus, memory=MEMORY))
        self.feed(ev.EnginesSettled(0.0))

    def ask(self, part: Part, *, known: bool = True) -> None:
        """The document is these tasks now, and all of them are asked for."""
        self.seconds.update(part.seconds)
        self.least = max(self.least, self.clock + part.longest_path())
        names = tuple(one.name for one in part.tasks)
        told = {TaskName(name): Usage(long * self.dice.uniform(0.9, 1.1)) for name, long in part.seconds.items()}
        self.feed(ev.DocumentChanged(self.clock, graph(*part.tasks)))
        self.feed(ev.RunRequested(self.clock, names, took=told if known else {}))

    def go_on(self, until: int = 0) -> None:
        """Until so many attempts are live, or none ever will be."""
        while self._agenda and len(self.live) >= until:
            self.clock, _, event = heapq.heappop(self._agenda)
            self.feed(replace(event, at=self.clock))

    def feed(self, event: Event) -> None:
        """One event, and what is answered at once."""
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            self._note(event)
            begun = time.thread_time()
            actions = self.machine.handle(event)
            self.costs.append(time.thread_time() - begun)
            for action in actions:
                answer = self._perform(action)
                if answer is not None:
                    waiting.append(answer)

    def _perform(self, action: Action) -> Event | None:
        match action:
            case ev.Capture(run=run):
                return ev.Captured(self.clock, run)
            case ev.Prove(run=run):
                return ev.Proved(self.clock, run, Key(str(run)), None)
            case ev.Submit():
                return self._submit(action)
            case ev.Store(run=run):
                assert run in self.ended
                self.stored[self.machine.runs[run].task.name] += 1
            case ev.Kill() | ev.StartEngines():
                raise AssertionError(action)
        return None

    def _submit(self, submit: ev.Submit) -> Event:
        slot, host = (submit.run, submit.attempt), self.machine.fleet.engines[submit.engine].host
        name = self.machine.runs[submit.run].task.name
        asked = self.machine.runs[submit.run].task.options.resources
        assert isinstance(asked.cpus, int)
        assert submit.run not in self.ended
        assert submit.engine not in self.busy
        assert self.submits[submit.run] == self.lost[submit.run]
        self.submits[submit.run] += 1
        self.cpus_held[host] += asked.cpus
        self.memory_held[host] += asked.memory or 0
        assert self.cpus_held[host] <= self.cpus
        assert self.memory_held[host] <= MEMORY
        self.busy[submit.engine] = slot
        self.began[name] = self.clock
        self.live[slot] = submit.engine, host, self.clock
        self._schedule(slot, self.seconds[name])
        return ev.AttemptStarted(self.clock, submit.run, submit.attempt)

    def _schedule(self, slot: Slot, seconds: float) -> None:
        """The attempt ends; or its engine does, and one in two such attempts answers all the same, late and twice."""
        answer = done(*slot)
        if self.dice.randrange(1000) >= self.losses:
            self._book(seconds, answer)
            if self.losses and not self.dice.randrange(100):
                self._book(seconds + self.dice.random(), answer)
            return
        gone, host, _ = self.live[slot]
        lasts = self.dice.uniform(0.0, seconds)
        self._book(lasts, ev.EngineLeft(self.clock + lasts, gone, "killed"))
        self._book(lasts + AWAY, engine(f"{gone}'", host, cpus=self.cpus, memory=MEMORY))
        self.work += AWAY
        if self.dice.randrange(2):
            self._book(seconds, answer)
            self._book(2 * seconds, answer)

    def _book(self, seconds: float, event: Event) -> None:
        self._booked += 1
        heapq.heappush(self._agenda, (self.clock + seconds, self._booked, event))

    def _note(self, event: Event) -> None:
        if isinstance(event, ev.AttemptDone):
            slot = (event.run, event.attempt)
            if slot in self.live:
                self.ended.add(event.run)
                self._let_go(slot)
        elif isinstance(event, ev.EngineLeft):
            slot = self.busy[event.engine]
            self.lost[slot[0]] += 1
            self._let_go(slot)

    def _let_go(self, slot: Slot) -> None:
        held, host, since = self.live.pop(slot)
        asked = self.machine.runs[slot[0]].task.options.resources
        assert isinstance(asked.cpus, int)
        del self.busy[held]
        self.cpus_held[host] -= asked.cpus
        self.memory_held[host] -= asked.memory or 0
        self.work += asked.cpus * (self.clock - since)

    @property
    def bound(self) -> float:
        """Seconds that no schedule could have done it in less: those of the longest path, or with all cpus busy."""
        return max(self.least, self.work / (self.cpus * self.hosts))


def mixture(dice: Random, name: str, size: int) -> Part:
    """Fans, chains and random graphs of a hundred tasks each; most take one cpu and short, a few four or long."""
    tasks: list[Task] = []
    for block in range(size // 100):
        names = [f"{name}_{block}_{place}" for place in range(100)]
        for place, one in enumerate(names):
            reads = _reads(dice, block % 4, names[:place])
            cpus = dice.choices([1, 2, 4], [80, 15, 5])[0]
            memory = dice.choices([None, 2, 6], [6, 3, 1])[0]
            tasks.append(task(one, *dict.fromkeys(reads), cpus=cpus, memory=memory))
    return Part(tasks, {one.name: min(10.0, 0.8 * dice.paretovariate(2.0)) for one in tasks})


def _reads(dice: Random, kind: int, above: list[str]) -> list[str]:
    match kind:
        case 0:
            return above[1:] if len(above) == 99 else above[:1]
        case 1:
            return above[-10:-9]
        case _:
            return [dice.choice(above) for _ in range(dice.randrange(3)) if above]
