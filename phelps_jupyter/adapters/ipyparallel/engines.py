"""Engines of a local ipyparallel cluster of our own, behind the port. Everything of ipyparallel happens in one thread.

ipyparallel starts the engines, finds them and tells who is gone. Orders and what comes back go by a channel of our own;
where that does not reach, by requests through ipyparallel. Bodies run in processes of their own, beside the engine's,
or in the engine's where their task says so.
"""

from __future__ import annotations

import logging
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.cluster import Cluster
from phelps_jupyter.adapters.ipyparallel.correspondence import Correspondence
from phelps_jupyter.adapters.ipyparallel.found import Connection, FoundCluster
from phelps_jupyter.adapters.ipyparallel.freight import Freight
from phelps_jupyter.adapters.ipyparallel.own import OwnCluster
from phelps_jupyter.adapters.ipyparallel.reception import Reception
from phelps_jupyter.adapters.ipyparallel.seat import Seat, described, end_all
from phelps_jupyter.core.events import EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.core.model import EngineId
from phelps_jupyter.ports import Notice, Notify
from phelps_jupyter.runtime import host
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.recent import Recent

START_TIMEOUT = 60.0
TICK = 0.005
IDLE_TICK = 0.25
POLL = 0.05
REPLACEMENTS = 3
logger = logging.getLogger(__name__)


class IpyparallelEngines:
    """``count`` engines on this machine, one for each cpu unless it is given. ``store``: folder of the store.

    ``lease_seconds``: how long engines stay when this process dies. ``folder``: where the cluster's own files go.
    ``connection``: to a cluster that is there; its engines are used, all of them, and left as they were.
    """

    def __init__(
        self,
        store: str,
        notify: Notify,
        count: int | None = None,
        lease_seconds: float = 30.0,
        folder: str | None = None,
        connection: Connection | None = None,
    ) -> None:
        self._store = store
        self._notify = notify
        self._count = count or host.facts().cpus
        self._lease = lease_seconds
        self._folder = folder
        self._connection = connection
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._cluster: Cluster | None = None
        self._seats: dict[int, Seat] = {}
        self._gone: set[int] = set()
        self._known = Recent()
        self._channel: Channel | None = None
        self._reception: Reception | None = None
        self._freight: Freight | None = None
        self._wakes, self._waker = socket.socketpair()
        self._wakes.setblocking(False)
        self._waker.setblocking(False)
        self._correspondence: Correspondence | None = None
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
            self._command(self._open)

    def submit(self, engine: EngineId, order: Order) -> None:
        self._command(lambda: self._submit(engine, order))

    def kill(self, run: int, attempt: int) -> None:
        self._command(lambda: self._kill((run, attempt)))

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            thread = self._thread
        if thread is not None:
            self._command(lambda: None)
            thread.join()
        self._wakes.close()
        self._waker.close()

    def _command(self, command: Callable[[], None]) -> None:
        self._commands.put(command)
        with suppress(OSError):
            # Closed meanwhile: then nobody waits for commands. Full: then it wakes anyhow.
            self._waker.send(b".")

    def describe(self) -> str:
        freight = self._freight
        return described(list(self._seats.values()), self._count) + ("" if freight is None else freight.describe())

    def holds(self, digest: str) -> bool:
        freight = self._freight
        return freight is not None and freight.holds(digest)

    def bring(self, digest: str) -> None:
        freight = self._freight
        if freight is None:
            raise FileNotFoundError("no engines are there that could hold it")
        freight.bring(digest)

    def drop(self, digests: Sequence[str]) -> None:
        freight = self._freight
        if freight is not None:
            freight.drop(digests)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._turn()
            except Exception as error:
                # The thread must live: everybody waits for it.
                logger.exception("the engines failed")
                self._fail(f"the engines failed: {error!r}")
        self._shut("closed")

    def _turn(self) -> None:
        self._wait()
        while not self._commands.empty():
            self._commands.get()()
        if self._cluster is not None and self._reception is not None and self._correspondence is not None:
            self._look(self._cluster, self._reception, self._correspondence)

    def _wait(self) -> None:
        """Until there is a command, an engine says something, or it is time to look."""
        asked = self._settle_by or any(seat.is_answering for seat in self._seats.values())
        seconds = TICK if asked else POLL if any(seat.running for seat in self._seats.values()) else IDLE_TICK
        if self._channel is not None:
            self._channel.wait(seconds, self._wakes)
        else:
            waits = select.poll()
            waits.register(self._wakes, select.POLLIN)
            waits.poll(seconds * 1000)
        with suppress(BlockingIOError):
            self._wakes.recv(1 << 16)

    def _open(self) -> None:
        if self._cluster is not None:
            return
        own = self._connection is None
        self._gone.clear()
        self._replacements = 0
        self._settle_by = time.monotonic() + START_TIMEOUT
        try:
            self._cluster = cluster = self._reached()
            self._channel = channel = Channel(cluster.folder)
            self._freight = Freight(self._store, cluster.address)
            self._reception = Reception(cluster, channel, self._store, self._freight, partial(self._refuse, cluster))
            self._correspondence = Correspondence(self._seats, channel, self._reception, self._freight, self._tell)
            self._count = cluster.open(self._closing)
        except Exception as error:
            # Whatever keeps a cluster from starting: launchers raise what they like.
            self._fail(f"the ipyparallel cluster could not be {'started' if own else 'reached'}: {error}")
            return
        if not self._count:
            self._fail("the cluster has no engines: start some, and connect to it again")

    def _reached(self) -> Cluster:
        if self._connection is None:
            return OwnCluster(self._count, self._lease, self._folder)
        return FoundCluster(self._connection)

    def _fail(self, why: str) -> None:
        if not self._closing.is_set():
            # Before they leave: who has lost an attempt with one asks for others.
            leaving = tuple(seat.id for seat in self._seats.values() if seat.joined)
            self._notify(EnginesFailed(time.time(), why, leaving))
        self._shut(why)

    def _shut(self, why: str) -> None:
        # What follows may fail in turn, and is not to begin anew then.
        cluster, self._cluster = self._cluster, None
        channel, self._channel = self._channel, None
        reception, self._reception = self._reception, None
        freight, self._freight = self._freight, None
        correspondence, self._correspondence = self._correspondence, None
        seats, self._seats = list(self._seats.values()), {}
        self._settle_by = 0.0
        if correspondence is not None:
            correspondence.end()
        if freight is not None:
            freight.settle()
        if cluster is not None and not cluster.is_ours:
            end_all(seats, channel)
        if channel is not None:
            channel.close()
        if cluster is not None:
            cluster.close()
        if freight is not None:
            freight.close()
        if reception is not None:
            reception.close()
        for seat in seats:
            self._bid_farewell(seat, why)

    def _bid_farewell(self, seat: Seat, why: str) -> None:
        if seat.life is not None:
            seat.life.close()
        if seat.joined:
            self._notify(EngineLeft(time.time(), seat.id, why))

    def _look(self, cluster: Cluster, reception: Reception, correspondence: Correspondence) -> None:
        for number in cluster.ids():
            if number not in self._seats and number not in self._gone:
                seat = reception.welcome(number)
                if seat is not None:
                    self._seats[number] = seat
        correspondence.receive()
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + POLL
            self._check(cluster)
        for seat in list(self._seats.values()):
            reply = seat.advance()
            if reply is not None and self._cluster is not None:
                cluster.forget(seat.view, reply)
        correspondence.attend()
        if self._settle_by:
            self._settle()

    def _refuse(self, cluster: Cluster, seat: Seat, why: str) -> None:
        """It can't run tasks. Of a cluster that is ours, no other one could; of one that is there, others may."""
        if seat.leaving:
            return
        seat.refused = why
        if cluster.is_ours:
            self._fail(why)

    def _check(self, cluster: Cluster) -> None:
        """Who is gone: by the hub's word, and sooner by a look at the processes of this machine."""
        if not cluster.controller_lives():
            self._fail("the ipyparallel controller ended")
            return
        present = set(cluster.ids())
        for number, seat in list(self._seats.items()):
            if number not in present:
                self._lose(cluster, number, "it left the cluster, or its heartbeat stopped")
            elif seat.life is not None and not seat.life.goes_on():
                self._lose(cluster, number, "its process ended")

    def _lose(self, cluster: Cluster, number: int, why: str) -> None:
        seat = self._seats.pop(number)
        self._gone.add(number)
        if cluster.is_ours and seat.life is not None:
            # An engine that was frozen never registers again.
            seat.life.end()
        if self._correspondence is not None:
            self._correspondence.lose(seat)
        self._bid_farewell(seat, why)
        if self._replacements < REPLACEMENTS and self._replace(cluster):
            self._replacements += 1
            self._settle_by = time.monotonic() + START_TIMEOUT
        elif all(seat.refused for seat in self._seats.values()) or (
            # None is on its way: what no other can take is to be told so.
            not self._settle_by and any(seat.joined for seat in self._seats.values())
        ):
            self._settle_by = time.monotonic()

    def _replace(self, cluster: Cluster) -> bool:
        try:
            return cluster.replace_engine()
        except Exception as error:
            # As in _open. The other engines go on.
            self._notify(EnginesFailed(time.time(), f"an engine could not be replaced: {error}"))
            return False

    def _settle(self) -> None:
        joined = sum(seat.joined for seat in self._seats.values())
        refused = [seat.refused for seat in self._seats.values() if seat.refused]
        late = time.monotonic() > self._settle_by
        if not late and joined + len(refused) < self._count:
            return
        self._settle_by = 0.0
        if joined:
            self._notify(EnginesSettled(time.time()))
        else:
            late_words = f"no ipyparallel engine is left, or none registered within {START_TIMEOUT:.0f} s"
            self._fail(next(iter(refused), late_words))

    def _submit(self, engine: EngineId, order: Order) -> None:
        number = (order.run, order.attempt)
        if not self._known.is_new(number):
            return
        seat = next((seat for seat in self._seats.values() if seat.id == engine), None)
        if seat is None or not seat.joined:
            self._notify(Outcome(*number, "lost", message=f"engine {engine} is gone", evidence="engine is gone"))
            return
        assert self._correspondence is not None
        self._correspondence.order(seat, order)

    def _kill(self, number: tuple[int, int]) -> None:
        if self._correspondence is not None:
            self._correspondence.cancel(number)

    def _tell(self, notice: Notice) -> None:
        """What an engine says."""
        if isinstance(notice, Outcome) and notice.kind == "done":
            self._replacements = 0
        self._notify(notice)
