"""Sessions of tools whose tasks are functions and whose results are futures. Knows no tool."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from typing import Any

from benchmarks.engines import bodies, graph, processes
from benchmarks.engines.graph import Graph, Node
from benchmarks.engines.session import SLOTS, Cold, Idle, Limited, Ran, Setting, Survived

PATIENCE = 60.0
"""Seconds after which a result that has not come is given up."""
SHORT = 200
"""Characters of a message that are kept."""


class Futures(ABC):
    """A session. ``flows``: futures may be arguments, and so the tool knows the graph; else we hand over what is ready.

    Subclasses start the tool when they are made.
    """

    flows = False

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.start(setting)
        self.engines = self._warm() if setting.warm else []

    @abstractmethod
    def start(self, setting: Setting) -> None:
        """Start the tool with SLOTS engines that run one task at a time."""

    @abstractmethod
    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        """Hand over one task; a future."""

    @abstractmethod
    def close(self) -> None:
        """Stop the tool."""

    def __enter__(self) -> Futures:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """The results, in order."""
        return [future.result() for future in futures]

    def bulk(self, act: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        """One task for each item, in the tool's best way."""
        return self.gather([self.submit(act, item) for item in items])

    def result(self, future: Any, seconds: float) -> Any:
        """Errors: Late; whatever the task raised."""
        return future.result(seconds)

    def stop(self, futures: Sequence[Any]) -> None:
        """Cancel tasks, also those that run if the tool can."""
        for future in futures:
            future.cancel()

    def many(self, count: int) -> Ran:
        begun = time.time()
        self.bulk(bodies.noop, range(count))
        return Ran(begun, time.time())

    def trips(self, count: int) -> Ran:
        begun = time.time()
        for number in range(count):
            self.gather([self.submit(bodies.inc, number)])
        return Ran(begun, time.time())

    def graph(self, nodes: Graph) -> Ran:
        begun = time.time()
        wanted = graph.ends(nodes)
        if self.flows:
            futures = self._handed_over(nodes)
            results = dict(zip(wanted, self.gather([futures[number] for number in wanted]), strict=True))
        else:
            results = driven(self.submit, nodes)
        return Ran(begun, time.time(), results)

    def _handed_over(self, nodes: Graph) -> dict[int, Any]:
        futures: dict[int, Any] = {}
        for node in nodes:
            above = [futures[number] for number in node.above]
            cpus = {"cpus": node.cpus} if self.setting.counts_cpus else {}
            futures[node.number] = self.submit(node.act, *node.arguments, *above, **cpus)
        return futures

    def rehearse(self, nodes: Graph) -> None:
        self.graph(nodes)

    def survive(self, nodes: Graph, after: float) -> Survived:
        begun = time.time()
        futures = [self.submit(node.act, *node.arguments) for node in nodes]
        time.sleep(after)
        os.kill(self.engines[0], signal.SIGKILL)
        done, said = 0, set()
        for future in futures:
            try:
                self.result(future, max(0.1, begun + PATIENCE - time.time()))
                done += 1
            except Exception as error:
                said.add(told(error))
        return Survived(time.time() - begun, done, tuple(sorted(said)))

    def limit(self, hog: Node, bystanders: Graph) -> Limited:
        begun = time.time()
        future = self.submit(hog.act, *hog.arguments)
        others = [self.submit(node.act, *node.arguments) for node in bystanders]
        try:
            self.result(future, PATIENCE)
            said = ""
        except Exception as error:
            said = told(error)
        ended = time.time()
        return Limited(ended - begun, said, sum(self._ends_well(other) for other in others))

    def _ends_well(self, future: Any) -> bool:
        try:
            self.result(future, PATIENCE)
        except Exception:
            # Each tool has its own for a task that failed, was lost or came too late: only that it did is counted.
            return False
        return True

    def cancel(self, kind: str, seconds: float) -> float:
        marks = [self.setting.folder / f"{kind}-{slot}" for slot in range(SLOTS)]
        futures = [self.submit(bodies.spin, kind, seconds, str(mark)) for mark in marks]
        while not all(mark.exists() for mark in marks):
            time.sleep(0.01)
        time.sleep(0.5)
        begun = time.time()
        self.stop(futures)
        for future in [self.submit(bodies.noop, slot) for slot in range(SLOTS)]:
            self.result(future, PATIENCE)
        return time.time() - begun

    def idle(self) -> Idle:
        return processes.idle(os.getpid())

    def _warm(self) -> list[int]:
        """Run tasks until every engine has run one; the engines' processes."""
        found: set[int] = set()
        slots = 1 if self.setting.counts_cpus else SLOTS
        for _ in range(40):
            found.update(self.gather([self.submit(bodies.process_after, 0.15) for _ in range(SLOTS)]))
            if len(found) >= slots:
                break
        return sorted(found)


def told(error: BaseException) -> str:
    """What an error says, on one line."""
    kind = "no result" if isinstance(error, Late | TimeoutError) else type(error).__name__
    return f"{kind}: {' '.join(str(error).split())}"[:SHORT].rstrip(": ")


def driven(submit: Callable[..., Any], nodes: Graph) -> dict[int, Any]:
    """Run a graph with a tool that knows none: hand over what is ready, with the results that it reads."""
    by_number, readers = {node.number: node for node in nodes}, graph.below(nodes)
    missing = {node.number: len(node.above) for node in nodes}
    unread = {number: len(found) for number, found in readers.items()}
    ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
    results: dict[int, Any] = {}

    def hand_over(number: int) -> None:
        node = by_number[number]
        future = submit(node.act, *node.arguments, *(results[one] for one in node.above))
        future.add_done_callback(lambda future: ended.put((number, future)))
        for one in node.above:
            unread[one] -= 1
            if not unread[one]:
                del results[one]

    for number in [number for number, count in missing.items() if not count]:
        hand_over(number)
    for _ in nodes:
        number, future = ended.get(timeout=PATIENCE * 5)
        results[number] = future.result()
        for reader in readers[number]:
            missing[reader] -= 1
            if not missing[reader]:
                hand_over(reader)
    return results


def cold(name: str, folder: Path) -> Cold:
    """Start an interpreter that opens the tool by name, and runs one task."""
    command = [sys.executable, "-m", "benchmarks.engines.first", name, str(folder)]
    begun = time.time()
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("FIRST ")]
    if not lines:
        raise RuntimeError(f"{name} gave no result: {done.stderr[-500:]}")
    loaded, ended = map(float, lines[0])
    return Cold(ended - begun, ended - loaded)
