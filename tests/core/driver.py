"""Drives a machine as fast as it will go: every run succeeds, nothing is checked; takes the machine's own time only."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from documents import done, engine, graph, task

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.events import Event
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import Key


@dataclass(slots=True)
class Drive:
    """One request for every task of a graph, from the first event to the last."""

    graph: Graph
    machine: Machine = field(default_factory=Machine)
    engines: int = 8
    costs: list[float] = field(default_factory=list)
    """Seconds of each event, in order."""

    def run(self) -> list[str]:
        """Returns the tasks in the order they were submitted."""
        ran: list[str] = []
        live: deque[ev.Submit] = deque()
        waiting = deque(self._first())
        while waiting or live:
            event = waiting.popleft() if waiting else done(live[0].run, live.popleft().attempt)
            for action in self._time(event):
                match action:
                    case ev.Capture(run=run):
                        waiting.append(ev.Captured(1.0, run))
                    case ev.Prove(run=run):
                        waiting.append(ev.Proved(1.0, run, Key(str(run)), None))
                    case ev.Submit():
                        live.append(action)
                        ran.append(str(self.machine.runs[action.run].task.name))
                        waiting.append(ev.AttemptStarted(1.0, action.run, action.attempt))
        return ran

    def _first(self) -> list[Event]:
        joining = [engine(str(number), f"host-{number // 4}") for number in range(self.engines)]
        wanted = ev.RunRequested(0.0, tuple(self.graph.tasks))
        return [ev.DocumentChanged(0.0, self.graph), *joining, ev.EnginesSettled(0.0), wanted]

    def _time(self, event: Event) -> list[ev.Action]:
        begun = time.perf_counter()
        actions = self.machine.handle(event)
        self.costs.append(time.perf_counter() - begun)
        return actions


def big_graph(size: int) -> Graph:
    """Half of the tasks in chains of a hundred, half in fans: a task, 48 that read it, and one that reads them all."""
    tasks = []
    for block in range(size // 100):
        name = f"b{block}"
        if block % 2:
            tasks += [task(f"{name}_{i}", *([f"{name}_{i - 1}"] if i else [])) for i in range(100)]
        else:
            for half in ("x", "y"):
                leaves = [task(f"{name}{half}_{i}", f"{name}{half}", memory=i % 3 * 10**9 or None) for i in range(48)]
                tasks += [task(f"{name}{half}"), *leaves, task(f"{name}{half}_all", *[leaf.name for leaf in leaves])]
    return graph(*tasks)
