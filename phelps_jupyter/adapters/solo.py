"""Engines without a cluster: supervisors directly under the kernel. The smallest thing that keeps the port's word."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesSettled
from phelps_jupyter.core.model import Engine, EngineId, Host, HostId
from phelps_jupyter.ports import Notify, Started, Wrote
from phelps_jupyter.runtime import attempts, host, launch, shipment
from phelps_jupyter.runtime.attempts import Attempt
from phelps_jupyter.runtime.orders import Order, Outcome

LOOK = 0.02
"""Seconds between looks at the attempts that run."""


@dataclass(slots=True)
class _Books:
    """What the thread keeps: attempts that run, and all that were ever started."""

    running: dict[tuple[int, int], Attempt] = field(default_factory=dict)
    known: set[tuple[int, int]] = field(default_factory=set)


class SoloEngines:
    """``count`` slots of this machine, one for each cpu unless it is given. ``store``: folder of the store."""

    def __init__(self, store: str, notify: Notify, count: int | None = None) -> None:
        self._store = store
        self._notify = notify
        self._facts = host.facts()
        self._count = count or self._facts.cpus
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._books = _Books()
        self._shipment = shipment.pack()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="phelps-solo", daemon=True)
                self._thread.start()

    def submit(self, engine: EngineId, order: Order) -> None:
        del engine
        self._commands.put(lambda: self._submit(order))

    def kill(self, run: int, attempt: int) -> None:
        self._commands.put(lambda: self._kill((run, attempt)))

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            thread = self._thread
        if thread is not None:
            self._commands.put(lambda: None)
            thread.join()

    def describe(self) -> str:
        return f"{self._count} engines without a cluster on {self._facts.name}"

    def _run(self) -> None:
        engines = [EngineId(str(number)) for number in range(self._count)]
        here = Host(HostId(self._facts.boot), self._facts.name, self._count, self._facts.memory)
        for engine in engines:
            self._notify(EngineJoined(time.time(), Engine(engine, here.id), here))
        self._notify(EnginesSettled(time.time()))
        while not self._closing.is_set():
            self._wait()
            for attempt in list(self._books.running.values()):
                self._look(attempt)
        folders = [attempt.folder for attempt in self._books.running.values()]
        launch.stop(folders)
        for folder in folders:
            attempts.remove(folder)
        for engine in engines:
            self._notify(EngineLeft(time.time(), engine, "closed"))

    def _wait(self) -> None:
        """Carry out the next command; while attempts run, wait for one no longer than until the next look."""
        try:
            self._commands.get(timeout=LOOK if self._books.running else None)()
        except queue.Empty:
            return

    def _submit(self, order: Order) -> None:
        number = (order.run, order.attempt)
        if number in self._books.known:
            return
        self._books.known.add(number)
        attempt = attempts.new(order)
        try:
            launch.start(attempt.folder, attempts.files(order), shipment.install(self._shipment), {}, tied=False)
        except OSError as error:
            self._notify(
                Outcome(*number, "lost", message=f"the attempt could not be started: {error}", evidence=str(error))
            )
            return
        self._books.running[number] = attempt

    def _kill(self, number: tuple[int, int]) -> None:
        attempt = self._books.running.get(number)
        if attempt is not None:
            launch.cancel(attempt.folder)

    def _look(self, attempt: Attempt) -> None:
        order = attempt.order
        news = attempt.take(launch.read(attempt.folder, attempt.offset))
        if news.started:
            self._notify(Started(order.run, order.attempt))
        if news.frames:
            self._notify(Wrote(order.run, order.attempt, news.frames))
        if news.outcome is not None:
            del self._books.running[order.run, order.attempt]
            self._notify(news.outcome)
            attempts.remove(attempt.folder)
