"""Engines of a local ipyparallel cluster of our own, behind the port. Everything of ipyparallel happens in one thread.

An engine only starts supervisors and reads their folders: bodies run in processes of their own.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipyparallel as ipp
import psutil

from phelps_jupyter.adapters.ipyparallel.cluster import ASIDE, Cluster, lives
from phelps_jupyter.adapters.ipyparallel.seat import Call, Number, Seat
from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.core.model import Engine, EngineId, Host, HostId
from phelps_jupyter.ports import Notify, Started, Wrote
from phelps_jupyter.runtime import attempts, host, shipment
from phelps_jupyter.runtime.attempts import Attempt
from phelps_jupyter.runtime.host import Facts
from phelps_jupyter.runtime.launch import Reading
from phelps_jupyter.runtime.orders import Order, Outcome

START_TIMEOUT = 60.0
TICK = 0.005
IDLE_TICK = 0.25
POLL = 0.05
REPLACEMENTS = 3


class IpyparallelEngines:
    """``count`` engines on this machine, one for each cpu unless it is given. ``store``: folder of the store.

    ``lease_seconds``: how long engines stay when this process dies. ``folder``: where the cluster's own files go.
    """

    def __init__(
        self,
        store: str,
        notify: Notify,
        count: int | None = None,
        lease_seconds: float = 30.0,
        folder: str | None = None,
    ) -> None:
        self._store = store
        self._notify = notify
        self._here = host.facts()
        self._count = count or self._here.cpus
        self._lease = lease_seconds
        self._folder = folder
        self._shipment = shipment.pack()
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._cluster: Cluster | None = None
        self._seats: dict[int, Seat] = {}
        self._gone: set[int] = set()
        self._known: set[Number] = set()
        self._settle_by = 0.0
        self._replacements = 0
        self._next_check = 0.0

    def start(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="phelps-ipyparallel", daemon=True)
                self._thread.start()
            self._commands.put(self._open)

    def submit(self, engine: EngineId, order: Order) -> None:
        self._commands.put(lambda: self._submit(engine, order))

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
        plural = "" if self._count == 1 else "s"
        return f"{self._count} ipyparallel engine{plural} on {self._here.name}"

    def _run(self) -> None:
        while not self._closing.is_set():
            busy = self._settle_by or any(seat.busy or seat.running for seat in self._seats.values())
            with suppress(queue.Empty):
                self._commands.get(timeout=TICK if busy else IDLE_TICK)()
            if self._cluster is not None:
                self._look(self._cluster)
        self._shut("closed")

    def _open(self) -> None:
        if self._cluster is not None:
            return
        self._cluster = Cluster(self._lease, self._folder)
        self._gone.clear()
        self._replacements = 0
        self._settle_by = time.monotonic() + START_TIMEOUT
        try:
            self._cluster.open(self._count, self._closing)
        except Exception as error:
            # Whatever keeps a cluster from starting: launchers raise what they like.
            self._fail(f"the ipyparallel cluster could not be started: {error}")

    def _fail(self, why: str) -> None:
        self._shut(why)
        if not self._closing.is_set():
            self._notify(EnginesFailed(time.time(), why))

    def _shut(self, why: str) -> None:
        if self._cluster is None:
            return
        self._cluster.close()
        self._cluster = None
        self._settle_by = 0.0
        for seat in self._seats.values():
            self._bid_farewell(seat, why)
        self._seats.clear()

    def _bid_farewell(self, seat: Seat, why: str) -> None:
        for attempt in seat.running.values():
            attempts.abandon(attempt.folder)
        if seat.joined:
            self._notify(EngineLeft(time.time(), seat.id, why))

    def _look(self, cluster: Cluster) -> None:
        for number in cluster.ids():
            if number not in self._seats and number not in self._gone:
                self._welcome(cluster, number)
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + POLL
            self._check(cluster)
            self._poll()
        for seat in list(self._seats.values()):
            reply = seat.advance()
            if reply is not None and self._cluster is not None:
                cluster.forget(seat.view, reply)
        if self._settle_by:
            self._settle()

    def _welcome(self, cluster: Cluster, number: int) -> None:
        try:
            view = cluster.view(number)
        except (LookupError, ipp.error.IPythonError):
            # It left between being listed and being asked for.
            return
        seat = self._seats[number] = Seat(EngineId(str(number)), view, self._shipment)

        def fail(error: Exception) -> None:
            self._fail(f"engine {seat.id} can't take the runtime: {error}")

        seat.ask(Call("facts", (), lambda facts: self._join(seat, Facts(*facts)), fail))

    def _join(self, seat: Seat, facts: Facts) -> None:
        if facts.missing:
            command = f"python -m pip install {' '.join(facts.missing)}"
            self._fail(f"{facts.name} lacks what tasks need; run there: {command}")
            return
        if facts.boot == self._here.boot and psutil.pid_exists(facts.pid):
            seat.process = psutil.Process(facts.pid)
        seat.joined = True
        place = Host(HostId(facts.boot), facts.name, self._count, facts.memory)
        self._notify(EngineJoined(time.time(), Engine(seat.id, place.id), place))

    def _check(self, cluster: Cluster) -> None:
        """Who is gone: by the hub's word, and sooner by a look at the processes of this machine."""
        if not cluster.controller_lives():
            self._fail("the ipyparallel controller ended")
            return
        present = set(cluster.ids())
        for number, seat in list(self._seats.items()):
            if number not in present:
                self._lose(cluster, number, "it left the cluster, or its heartbeat stopped")
            elif seat.process is not None and not lives(seat.process):
                self._lose(cluster, number, "its process ended")

    def _lose(self, cluster: Cluster, number: int, why: str) -> None:
        seat = self._seats.pop(number)
        self._gone.add(number)
        if seat.process is not None and lives(seat.process):
            # An engine that was frozen never registers again.
            seat.process.kill()
        self._bid_farewell(seat, why)
        if self._replacements < REPLACEMENTS:
            self._replacements += 1
            self._replace(cluster)
        elif not self._seats:
            self._settle_by = time.monotonic()

    def _replace(self, cluster: Cluster) -> None:
        try:
            cluster.add_engine()
            self._settle_by = time.monotonic() + START_TIMEOUT
        except Exception as error:
            # As in _open. The other engines go on.
            self._notify(EnginesFailed(time.time(), f"an engine could not be replaced: {error}"))

    def _settle(self) -> None:
        joined = sum(seat.joined for seat in self._seats.values())
        late = time.monotonic() > self._settle_by
        if joined >= self._count or (late and joined):
            self._settle_by = 0.0
            self._notify(EnginesSettled(time.time()))
        elif late:
            self._fail(f"no ipyparallel engine is left, or none registered within {START_TIMEOUT:.0f} s")

    def _submit(self, engine: EngineId, order: Order) -> None:
        number = (order.run, order.attempt)
        if number in self._known:
            return
        self._known.add(number)
        seat = next((seat for seat in self._seats.values() if seat.id == engine), None)
        if seat is None:
            self._notify(Outcome(*number, "lost", message=f"engine {engine} is gone", evidence="engine is gone"))
            return
        attempt = seat.running[number] = attempts.new(order)

        def fail(error: Exception) -> None:
            del seat.running[number]
            text = f"the attempt could not be started: {error}"
            self._notify(Outcome(*number, "lost", message=text, evidence=str(error)))

        given_back = {name: os.environ.get(name) for name in ASIDE}
        arguments = (attempt.folder, tuple(attempts.files(order)), given_back)
        seat.ask(Call("start", arguments, _ignore, fail, number))

    def _kill(self, number: Number) -> None:
        for seat in self._seats.values():
            attempt = seat.running.get(number)
            if attempt is None:
                continue
            if seat.withdraw(number):
                del seat.running[number]
                self._notify(Outcome(*number, "cancelled", message="cancelled"))
            else:
                seat.ask(Call("cancel", (attempt.folder,), _ignore, _ignore), first=True)

    def _poll(self) -> None:
        for seat in self._seats.values():
            if seat.running and not seat.busy:
                asked = list(seat.running.values())
                requests = [(attempt.folder, attempt.offset) for attempt in asked]
                seat.ask(Call("read", (requests,), self._reader(seat, asked), _ignore))

    def _reader(self, seat: Seat, asked: list[Attempt]) -> Callable[[Any], None]:
        def take(readings: list[tuple[Any, ...]]) -> None:
            for attempt, reading in zip(asked, readings, strict=True):
                self._tell(seat, attempt, Reading(*reading))

        return take

    def _tell(self, seat: Seat, attempt: Attempt, reading: Reading) -> None:
        run, number = attempt.order.run, attempt.order.attempt
        news = attempt.take(reading)
        if news.started:
            self._notify(Started(run, number))
        if news.frames:
            self._notify(Wrote(run, number, news.frames))
        if news.outcome is not None:
            if news.outcome.kind == "done":
                self._replacements = 0
            del seat.running[run, number]
            self._notify(news.outcome)
            attempts.remove(attempt.folder)


def _ignore(_: object) -> None:
    """Nothing follows from the answer."""
