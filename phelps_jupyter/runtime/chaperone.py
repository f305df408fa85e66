"""One attempt whose body is a guest in the engine's own process: it waits until the engine takes it in, and is then
watched like any other. Limits and cancels that it does not heed end the engine.

Runs in a zygote, whose parent is the engine. Knows the engine's process; refuses to know what a body does there.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from phelps_jupyter.runtime import pressure
from phelps_jupyter.runtime.ending import Ended, Stop
from phelps_jupyter.runtime.inbox import LOOK
from phelps_jupyter.runtime.limits import Guard
from phelps_jupyter.runtime.lodging import Guest, Lodging
from phelps_jupyter.runtime.measures import Meters, transferred
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.retinue import Retinue
from phelps_jupyter.runtime.supervisor import CALM_TICK, DEAF, Plot, Supervisor

PATIENCE = 3.0
"""Seconds after which an engine whose body was interrupted, and does not heed it, is killed: longer than for a body of
its own process, as more is lost."""
AGAIN = 2.0
"""Seconds after which it is interrupted once more: Python drops one that comes while an object is destroyed."""
LAST_WORD = 10.0
"""Seconds that the kernel has to hear why an engine is killed. While a body holds the interpreter's lock, nothing goes
through the engine; a kernel whose store the engine sees finds it there."""

BROKEN_OFF = "the engine broke the attempt off, and did not tell how it ended"


class Chaperone(Supervisor):
    """Of one order. ``is_wanted``: whether anybody waits for its outcome; ``is_stuck``: the engine has to be killed,
    for the sake of a limit or a cancel."""

    def __init__(self, zygote: Plot, order: Order, is_wanted: Callable[[], bool]) -> None:
        super().__init__(zygote, order)
        self._is_wanted = is_wanted
        self._look_at = time.monotonic() + LOOK
        self._engine = os.getppid()
        self._lodging = Lodging(zygote.folder)
        self._retinue = Retinue(self._engine)
        self._guard = Guard(self._engine, order.memory, find=lambda engine: [engine, *self._retinue.pids()])
        self._control = -1
        self._cpu_before = 0.0
        self._again_at = float("inf")
        self.is_stuck = False

    @property
    def _runs(self) -> bool:
        return self._transcript.begun and self._ended is None

    def _begin(self) -> None:
        self._retinue.look(lambda: True)
        control, out, err = self._lodging.lay_out(Guest(self._order, dict(os.environ)))
        self._dial = self._lodging.dial()
        self._control = control
        self._pipes = {control: None, out: "stdout", err: "stderr"}
        for reader in self._pipes:
            self._poll.register(reader, select.POLLIN)
        self._tell("wanted", self._zygote.folder.encode())
        while not self._transcript.begun and self._ended is None and not self._inbox.is_abandoned:
            self._await()
        self._began = time.monotonic()
        self._meters = Meters(partial(transferred, self._engine))
        self._cpu_before = cpu_seconds(self._engine)
        if self._runs:
            # No process of its own: nobody is to end one by that number.
            self._tell("started", b"0")

    def _await(self) -> None:
        """The engine has other work, the user's for one; that may take any time."""
        self._gather(CALM_TICK)
        # Not when it has begun: by then it may have started something.
        self._retinue.look(self._lodging.waits)
        self._inbox.take()
        self._reap()
        unwanted = self._inbox.is_cancelled(self._order.run, self._order.attempt) or self._is_forsaken()
        if unwanted and self._lodging.withdraw():
            self._stop = Stop("cancelled", 0, 0.0)
            self._ended = Ended(0, 0)

    def _is_forsaken(self) -> bool:
        """The next kernel begins anew what has not begun."""
        if time.monotonic() < self._look_at:
            return False
        self._look_at = time.monotonic() + LOOK
        return not self._is_wanted()

    def send_away(self) -> None:
        """The zygote ends: nobody waits for it any more."""
        if self._runs and os.getppid() == self._engine:
            self._interrupt()
        self._lodging.withdraw()

    def _end(self, stop: Stop, kill_at: float) -> None:
        self._gather(0)
        if not self._is_over:
            super()._end(stop, kill_at + PATIENCE - DEAF)
            self._again_at = time.monotonic() + AGAIN

    def _decide(self, now: float) -> None:
        if self._stop is not None and now > self._again_at:
            self._again_at = float("inf")
            self._interrupt()
        super()._decide(now)

    def _interrupt(self) -> None:
        self._dial.ask()
        # What the engine does when the body has ended is its user's.
        with suppress(ProcessLookupError):
            if not self._dial.is_over:
                os.kill(self._engine, signal.SIGINT)
                self._retinue.interrupt()

    def _kill(self) -> None:
        """Only once it was told why: what ends the engine ends the way to the kernel."""
        self._gather(0)
        if not self._is_over:
            self.is_stuck = True
            self._ended = Ended(-signal.SIGKILL, 0)

    def kill_engine(self) -> None:
        """With what its guest has started, and as soon as the kernel has heard why: that goes through the engine."""
        self._kill_those(self._retinue.pids())
        until = time.monotonic() + LAST_WORD
        # What the body takes meanwhile is not to cost others theirs.
        while not self._is_heard and time.monotonic() < until and not pressure.is_short():
            line = self._inbox.line
            select.select([line], [line] if line.pending else [], [], CALM_TICK)
            self._inbox.take()
        self._kill_those([self._engine, *self._retinue.pids()])

    @property
    def _is_heard(self) -> bool:
        """Or nobody is left to whom it could be told."""
        return self._inbox.line.closed or self._inbox.is_heard(self._order.run, self._order.attempt)

    def _kill_those(self, pids: Iterable[int]) -> None:
        # When it has ended, its number may be another's.
        for pid in pids if os.getppid() == self._engine else ():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def run(self) -> Outcome:
        told = super().run()
        if self._stop is None and not self._transcript.report:
            told = replace(told, kind="lost", message=BROKEN_OFF, evidence=BROKEN_OFF)
        return replace(told, ends_engine=self.is_stuck)

    def _reap(self) -> bool:
        """Its report is the last that comes of a guest, and then the pipe's end; its process goes on."""
        if self._ended is None and self._is_over:
            self._ended = Ended(0, 0)
        return False

    @property
    def _is_over(self) -> bool:
        return bool(self._transcript.report) or self._control not in self._pipes

    def _sweep(self) -> None:
        """What it left behind in the engine stays."""
        if self._runs:
            self.send_away()
            self._ended = Ended(-signal.SIGKILL, 0)
        self._gather(0)
        self._cpu = max(cpu_seconds(self._engine) - self._cpu_before, 0.0)


def cpu_seconds(pid: int) -> float:
    """Of a process, and of its children that have ended; none when it is gone."""
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0
