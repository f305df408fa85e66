"""Engines without a cluster: zygotes directly under the kernel. The smallest thing that keeps the port's word."""

from __future__ import annotations

import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.core.model import Engine, EngineId, Host, HostId
from phelps_jupyter.ports import Notify
from phelps_jupyter.runtime import attempts, host, shipment
from phelps_jupyter.runtime.keeper import Keeper, Setting
from phelps_jupyter.runtime.line import Line, Message
from phelps_jupyter.runtime.news import news, order_message
from phelps_jupyter.runtime.orders import Order, Outcome

logger = logging.getLogger(__name__)
NO_ENGINE = (
    "--isolation engine: the body is to run in an engine's own process, and without a cluster there are no engines; "
    "run with a cluster (--cluster local), or leave the option out"
)
SEND = 0.05
"""Seconds between tries to send what a zygote does not take at once."""


class SoloEngines:
    """``count`` slots of this machine, one for each cpu unless it is given. ``store``: folder of the store."""

    def __init__(self, store: str, notify: Notify, count: int | None = None) -> None:
        self._notify = notify
        self._facts = host.facts()
        self._count = count or self._facts.cpus
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wakes, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._shipment = shipment.pack()
        # What cells have changed since comes with each order.
        self._setting = Setting(store, attempts.owner(), host.reverted(), tied=False)
        self._keepers: dict[EngineId, Keeper] = {}
        self._listening: dict[EngineId, Line] = {}
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def start(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="phelps-solo", daemon=True)
                self._thread.start()
            self._command(self._open)

    def submit(self, engine: EngineId, order: Order) -> None:
        self._command(lambda: self._submit(engine, order))

    def kill(self, run: int, attempt: int) -> None:
        self._command(lambda: self._cancel(Message("cancel", run, attempt)))

    def close(self) -> None:
        with self._lock:
            self._closing.set()
            thread = self._thread
        if thread is not None:
            self._command(lambda: None)
            thread.join()
        self._selector.close()
        self._wakes.close()
        self._waker.close()

    def describe(self) -> str:
        return f"{self._count} engines without a cluster on {self._facts.name}"

    def holds(self, digest: str) -> bool:
        """All is in the store."""
        del digest
        return False

    def bring(self, digest: str) -> None:
        raise FileNotFoundError(f"{digest} is in no other place than the store")

    def drop(self, digests: Sequence[str]) -> None:
        """Nothing is anywhere else."""

    def _install(self) -> str:
        return shipment.install(self._shipment)

    def _command(self, command: Callable[[], None]) -> None:
        self._commands.put(command)
        with suppress(OSError):
            # Closed meanwhile: then nobody waits for commands. Full: then it wakes anyhow.
            self._waker.send(b".")

    def _run(self) -> None:
        self._selector.register(self._wakes, selectors.EVENT_READ)
        while not self._closing.is_set():
            try:
                self._turn()
            except Exception as error:
                # The thread must live: everybody waits for it.
                logger.exception("the engines failed")
                why = f"the engines failed: {error!r}"
                # Before they leave: who has lost an attempt with one asks for others.
                self._notify(EnginesFailed(time.time(), why, tuple(self._keepers)))
                self._shut(why)
        self._shut("closed")

    def _turn(self) -> None:
        self._wait()
        while not self._commands.empty():
            self._commands.get()()
        for engine, keeper in self._keepers.items():
            for message in keeper.hear():
                self._notify(news(message))
            self._listen(engine, keeper)

    def _open(self) -> None:
        if self._keepers:
            return
        engines = [EngineId(str(number)) for number in range(self._count)]
        self._keepers = {engine: Keeper(self._setting, self._install) for engine in engines}
        here = Host(HostId(self._facts.boot), self._facts.name, self._count, self._facts.memory, self._facts.gpus)
        for engine in engines:
            self._notify(EngineJoined(time.time(), Engine(engine, here.id), here))
        self._notify(EnginesSettled(time.time()))
        for keeper in self._keepers.values():
            keeper.open()

    def _shut(self, why: str) -> None:
        keepers, self._keepers = self._keepers, {}
        for line in self._listening.values():
            self._selector.unregister(line)
        self._listening.clear()
        for keeper in keepers.values():
            # One may take its time: the others end meanwhile.
            keeper.dismiss()
        for engine, keeper in keepers.items():
            keeper.close()
            self._notify(EngineLeft(time.time(), engine, why))

    def _submit(self, engine: EngineId, order: Order) -> None:
        if order.isolation == "engine":
            self._notify(Outcome(order.run, order.attempt, "declaration", message=NO_ENGINE))
        elif engine in self._keepers:
            self._keepers[engine].tell(order_message(order))
        else:
            gone = f"engine {engine} is gone"
            self._notify(Outcome(order.run, order.attempt, "lost", message=gone, evidence=gone))

    def _wait(self) -> None:
        """Until there is a command, or a zygote says something."""
        pending = any(line.pending for line in self._listening.values())
        for key, _ in self._selector.select(SEND if pending else None):
            if key.fileobj is self._wakes:
                self._wakes.recv(1 << 16)

    def _listen(self, engine: EngineId, keeper: Keeper) -> None:
        """To the zygote that is there now."""
        before = self._listening.get(engine)
        if before is keeper.line:
            return
        if before is not None:
            self._selector.unregister(before)
            del self._listening[engine]
        if keeper.line is not None:
            self._selector.register(keeper.line, selectors.EVENT_READ)
            self._listening[engine] = keeper.line

    def _cancel(self, message: Message) -> None:
        for keeper in self._keepers.values():
            keeper.tell(message)
