"""One attempt from the fork to the outcome: gathers the body's output, holds it to its limits, tells how it ended.

Runs in a zygote, of which all processes below belong to the attempt. Knows processes and signals; refuses to know what
a body computes.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from phelps_jupyter.runtime import ending, surroundings
from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.ending import Ended, Found, Stop
from phelps_jupyter.runtime.inbox import Inbox
from phelps_jupyter.runtime.limits import Guard, kill_all, survivors
from phelps_jupyter.runtime.line import Message
from phelps_jupyter.runtime.measures import Curve, Kills, Meters
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.pressure import HostGuard
from phelps_jupyter.runtime.processes import PR_SET_PDEATHSIG, control_process, open_end
from phelps_jupyter.runtime.transcript import Pipe, Stream, Transcript

Body = Callable[[Order, str, Pipe], None]
"""Runs an order; gets the zygote's folder."""
CALM_TICK = 0.030
TICK = 0.010
NEAR_TICK = 0.003
GRACE = 2.0
"""Seconds that a body has to clean up."""
DEAF = 0.4
"""Seconds after which a body that was interrupted and does not heed it, as it is in compiled code, is killed."""
STUCK = 5.0
"""Seconds after SIGKILL for which a process may wait for a device; then it may do so for ever."""
PORTION = 1 << 16
PORTIONS = 16
ASKING = (signal.SIGTERM, signal.SIGINT)
"""Signals that ask a process to end."""


class Plot(NamedTuple):
    """What a zygote has for all its attempts.

    ``body`` runs the order in the process that it is called in, and does not return; ``note`` tells others of an order;
    ``shared``: bytes that each body shares with it, for the stock of libraries.
    """

    folder: str
    inbox: Inbox
    body: Body
    kills: Kills
    note: Callable[[Order], None]
    shared: int = 0


class Supervisor:
    """Of one order."""

    def __init__(self, zygote: Plot, order: Order) -> None:
        self._zygote = zygote
        self._order = order
        self._inbox = zygote.inbox
        self._transcript = Transcript(self._tell_frames)
        self._dial = Dial()
        self._guard = Guard(os.getpid(), order.memory, zygote.shared)
        # Who keeps within the limit that the user gave has a right to it.
        gives_way = order.alone or order.memory is None or order.memory != order.asked_memory
        self._host = HostGuard(alone=order.alone) if gives_way else None
        self._curve = Curve()
        self._meters = Meters()
        self._pipes: dict[int, Stream | None] = {}
        self._poll = select.poll()
        self._poll.register(self._inbox, select.POLLIN)
        self._listening = True
        self._body = 0
        self._end_of_body: int | None = None
        self._lasts = False
        self._began = time.monotonic()
        self._stop: Stop | None = None
        self._kill_at = 0.0
        self._interrupted = False
        self._held = 0
        self._ended: Ended | None = None
        self._cpu = 0.0
        self.survivors: list[str] = []
        """Processes that could not be ended, in words."""
        self.loaded: list[int] = []
        """Numbers of the libraries that the body has imported by itself."""

    def run(self) -> Outcome:
        self._begin()
        while self._ended is None and not self._inbox.is_abandoned:
            self._watch()
        self._sweep()
        if self._host is not None:
            # Its memory is given back by now: the next one may look.
            self._host.close()
        report: Outcome | None = pickle.loads(self._transcript.report) if self._transcript.report else None
        self._transcript.close()
        self.loaded = self._dial.loaded
        self._dial.close()
        self._forget_end()
        for reader in self._pipes:
            # What a process that can't be killed still holds open.
            os.close(reader)
        ended = self._ended or Ended(-signal.SIGKILL, 0)
        found = Found(self._guard.peak or ended.peak, ended.code == -signal.SIGKILL and self._zygote.kills.has_more())
        crash = ending.crash(self._zygote.folder, self._order.task)
        told = ending.outcome(self._order, ended, self._stop, report, crash, found)
        return self._measured(ending.with_survivors(told, self.survivors), found.peak)

    def _measured(self, told: Outcome, peak: int) -> Outcome:
        moved = self._meters.transfer()
        return replace(
            told,
            seconds=time.monotonic() - self._began,
            peak_memory=peak,
            cpu_seconds=self._cpu,
            read_bytes=None if moved is None else moved.read,
            written_bytes=None if moved is None else moved.written,
            memory_curve=self._curve.points() if told.kind in ("memory", "lost") else (),
        )

    def written(self) -> bytes:
        """What the body has written, as lines of a transcript."""
        return self._transcript.written()

    def _begin(self) -> None:
        control, out, err = os.pipe(), os.pipe(), os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)
        supervisor = os.getpid()
        self._began = time.monotonic()
        self._body = os.fork()
        if self._body == 0:
            # A signal to the group finds it: until the handlers are set, signals are held back.
            os.setsid()
            control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != supervisor:
                os._exit(1)
            for reader in (control[0], out[0], err[0]):
                os.close(reader)
            os.dup2(out[1], 1)
            os.dup2(err[1], 2)
            self._inbox.close()
            self._live(Pipe(control[1], (out[1], err[1]), self._dial))
        self._tell("started", str(self._body).encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
        self._listen(out, "stdout")
        self._listen(err, "stderr")
        self._listen(control, None)
        self._end_of_body = open_end(self._body)
        if self._end_of_body is not None:
            self._poll.register(self._end_of_body, select.POLLIN)

    def _listen(self, pipe: tuple[int, int], stream: Stream | None) -> None:
        reader, writer = pipe
        os.close(writer)
        os.set_blocking(reader, False)
        self._pipes[reader] = stream
        self._poll.register(reader, select.POLLIN)

    def _watch(self) -> None:
        # Output, and the end of the body, wake us anyhow.
        awaits_end = self._end_of_body is None and self._transcript.report
        hurried = awaits_end or self._guard.near(self._held)
        calm = TICK if self._order.memory is not None else CALM_TICK
        self._gather(NEAR_TICK if hurried else calm)
        self._inbox.take()
        if self._inbox.line.closed and self._listening:
            # It would wake us without end.
            self._poll.unregister(self._inbox)
            self._listening = False
        self._reap()
        if self._ended is None:
            now = time.monotonic()
            self._note_lasting(now)
            self._held = self._guard.look()
            if self._held:
                # Who is dying holds nothing any more, and that says nothing.
                self._curve.note(now - self._began, self._held)
            self._decide(now)

    def _note_lasting(self, now: float) -> None:
        """Once it has run for a moment: what takes long in comparison to that."""
        if not self._lasts and now - self._began > CALM_TICK:
            self._lasts = True
            self._zygote.kills.look()
            self._zygote.note(self._order)

    def _decide(self, now: float) -> None:
        if self._kill_at:
            if self._interrupted and self._dial.heeded:
                self._interrupted = False
                self._kill_at += GRACE - DEAF
            if now > self._kill_at:
                self._kill()
            if now > self._kill_at + STUCK:
                self._ended = Ended(-signal.SIGKILL, 0)
        elif self._transcript.report:
            self._kill_at = now + GRACE
        else:
            self._hold_to_limits(now)

    def _hold_to_limits(self, now: float) -> None:
        seconds = now - self._began
        if self._guard.exceeded(self._held):
            self._end(Stop("memory", self._held, seconds), now)
        elif self._host is not None and self._host.gives_way(self._held, now, self._began):
            self._end(Stop("memory", self._held, seconds, self._host.left), now)
        elif self._order.time is not None and seconds > self._order.time:
            self._end(Stop("timeout", self._held, seconds), now + DEAF)
        elif self._inbox.is_cancelled(self._order.run, self._order.attempt):
            self._end(Stop("cancelled", self._held, seconds), now + DEAF)

    def _end(self, stop: Stop, kill_at: float) -> None:
        self._stop = stop
        self._kill_at = kill_at
        if stop.kind == "memory":
            self._kill()
        else:
            self._interrupted = True
            self._interrupt()

    def _kill(self) -> None:
        kill_all(os.getpid())

    def _interrupt(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._body, signal.SIGINT)

    def _gather(self, wait: float) -> None:
        """Read what there is, in the order in which it was written.

        The body sends no frame while raw output is unread. So whatever lies in the pipe of frames, once raw output is
        known to wait, was sent before that; and raw output that is not known to wait yet has to wait for the next time.
        """
        if not self._inbox.line.pending:
            wait = min(wait, max(self._transcript.due(), 0))
        ready = [reader for reader, _ in self._poll.poll(wait * 1000) if reader in self._pipes]
        for reader in sorted(ready, key=lambda reader: self._pipes[reader] is not None):
            self._take(reader, self._pipes[reader])
        told = self._dial.read()
        if told is not None:
            self._transcript.count(*told)
        # What nobody takes stays here, where it is bounded.
        if self._transcript.due() <= 0 and not self._inbox.line.pending:
            self._transcript.pass_on()

    def _take(self, reader: int, stream: Stream | None) -> None:
        # A body that writes without end must not keep us from watching it.
        for _ in range(PORTIONS):
            data = self._read(reader)
            if stream is None:
                self._transcript.control(data)
            else:
                self._transcript.raw(stream, data)
            if len(data) < PORTION:
                break

    def _read(self, reader: int) -> bytes:
        try:
            data = os.read(reader, PORTION)
        except BlockingIOError:
            return b""
        if not data:
            self._poll.unregister(reader)
            os.close(reader)
            del self._pipes[reader]
        return data

    def _reap(self) -> bool:
        """Take note of who ended; whether we have children left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                # Somebody else was told of the body's end.
                self._ended = self._ended or Ended(-signal.SIGKILL, 0)
                return False
            if pid == 0:
                return True
            self._cpu += usage.ru_utime + usage.ru_stime
            if pid == self._body:
                self._ended = Ended(os.waitstatus_to_exitcode(status), usage.ru_maxrss << 10)
                self._forget_end()

    def _forget_end(self) -> None:
        """It would wake us without end."""
        if self._end_of_body is not None:
            self._poll.unregister(self._end_of_body)
            os.close(self._end_of_body)
            self._end_of_body = None

    def _sweep(self) -> None:
        """Take the last output, and end what the body left behind, unless it can't be ended."""
        self._gather(0)
        until = time.monotonic() + STUCK
        while self._reap():
            if time.monotonic() > until:
                self.survivors = survivors(os.getpid())
                break
            kill_all(os.getpid())
            self._gather(0.001)
        self._gather(0)

    def _live(self, pipe: Pipe) -> None:
        """In the body's process: it ends here."""
        code = 1
        try:
            # The shell that started all this may have left SIGINT ignored, and then a body can't be interrupted.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, self._dial.heed)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
            surroundings.set_environment(self._order)
            self._zygote.body(self._order, self._zygote.folder, pipe)
            code = 0
        except KeyboardInterrupt:
            code = 0
        except Exception as error:
            # Something of ours, or a package that it needs: the body has not even begun.
            pipe.report(pickle.dumps(ending.not_begun(self._order, error)))
        finally:
            os._exit(code)

    def _tell_frames(self, lines: bytes) -> None:
        self._tell("frames", lines)

    def _tell(self, kind: str, payload: bytes) -> None:
        self._inbox.line.send(Message(kind, self._order.run, self._order.attempt, payload))
