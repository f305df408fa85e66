"""A clean process beside an engine: it has imported what every body needs, and takes one order at a time, for which it
forks a body, or looks after the one that the engine itself runs.

Single-threaded, so that forking is safe; what a body does to a process forked for it is gone with that. Knows its own
folder and who started it; refuses to know what a body computes.

Its folder: ``owner.json``, ``pid`` and ``log`` (written by the keeper; the time of ``pid`` says when we last lived),
``note.json`` of the attempt that runs, ``ipython``, and what the body notes there.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import secrets
import select
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.cell import Stage
from phelps_jupyter.runtime.chaperone import Chaperone
from phelps_jupyter.runtime.host import boot, place
from phelps_jupyter.runtime.inbox import Inbox
from phelps_jupyter.runtime.keeper import LEAVES
from phelps_jupyter.runtime.limits import signal_all
from phelps_jupyter.runtime.line import Line, Message
from phelps_jupyter.runtime.measures import Kills
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.processes import PR_SET_CHILD_SUBREAPER, control_process
from phelps_jupyter.runtime.signs import Signs
from phelps_jupyter.runtime.stock import Stock
from phelps_jupyter.runtime.supervisor import ASKING, STUCK, Plot, Supervisor

OWN = frozenset({"owner.json", "log", "pid", "ipython"})


def main(arguments: Sequence[str]) -> int:
    """``FOLDER`` of its own; the number of the socket to the keeper; whether it is ``tied`` to it, or ``untied``."""
    folder, connection, bond = arguments
    # What a body leaves behind becomes our child, wherever it hid.
    control_process(PR_SET_CHILD_SUBREAPER, 1)
    # Whoever has started all this may have left other ways with signals, which go from process to process.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    line = Line(socket.socket(fileno=int(connection)))
    zygote = Zygote(folder, Inbox(line, os.getppid(), Signs(folder), tied=bond == "tied"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, zygote.give_up)
    zygote.serve()
    shutil.rmtree(folder, ignore_errors=True)
    # Nothing of ours is left to be cleaned up.
    os._exit(0)


class Zygote:
    """Runs orders until nobody is left to give any."""

    def __init__(self, folder: str, inbox: Inbox) -> None:
        self._folder = folder
        self._inbox = inbox
        self._stock = Stock()
        self._stage = Stage(folder, self._stock)
        self._kills = Kills()
        self._chaperone: Chaperone | None = None
        with open(os.path.join(folder, "owner.json")) as file:
            self._owner = json.load(file)
        # Forks share these objects' pages until they write to them.
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """Until whoever started it is gone, or the kernel."""
        while not self._inbox.is_orphaned:
            order = self._inbox.wait()
            if not self._is_wanted:
                return
            if order is None:
                self._kills.look()
                self._stock.fill(1)
            else:
                self._run(order)

    def _run(self, order: Order) -> None:
        if self._inbox.is_cancelled(order.run, order.attempt):
            self._tell(Outcome(order.run, order.attempt, "cancelled", message="cancelled"))
            return
        is_guest = order.isolation == "engine"
        if not is_guest and not self._stock.suits(order):
            # Its body would get other libraries by its imports: another zygote, without a stock, takes it.
            self._leave()
        # What it remembers of folders may be old. Forgotten here, and not in the body: there each of them costs a page.
        importlib.invalidate_caches()
        plot = Plot(self._folder, self._inbox, self._stage.run, self._kills, self._note, self._stock.size)
        self._chaperone = Chaperone(plot, order, lambda: self._is_wanted) if is_guest else None
        supervisor = self._chaperone or Supervisor(plot, order)
        outcome = supervisor.run()
        if self._inbox.is_abandoned:
            self.give_up(signal.SIGTERM)
        # To be ended in the midst of this would lose what the attempt has made.
        signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)
        wanted = self._is_wanted
        if not wanted:
            name = f"{order.run}-{order.attempt}-{secrets.token_hex(4)}"
            self._keep(order, outcome, supervisor.written(), name)
        elif outcome.ends_engine and not order.away:
            self._leave_word(order, outcome)
        self._tell(outcome)
        if self._chaperone is not None and outcome.ends_engine:
            self._chaperone.kill_engine()
            self.give_up(signal.SIGTERM)
        if supervisor.survivors:
            # Another zygote takes the next order: what can't be ended would count as the next body's.
            self._leave()
        self._clear()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)
        self._stock.note(supervisor.loaded)
        if wanted:
            self._stock.fill()

    def _leave(self) -> NoReturn:
        line = self._inbox.line
        poll = select.poll()
        poll.register(line, select.POLLOUT)
        while line.pending:
            poll.poll()
            line.flush()
        shutil.rmtree(self._folder, ignore_errors=True)
        line.close()
        os._exit(LEAVES)

    def _tell(self, outcome: Outcome) -> None:
        self._inbox.line.send(Message("outcome", outcome.run, outcome.attempt, pickle.dumps(outcome)))

    @property
    def _is_wanted(self) -> bool:
        """Whether a kernel is there that waits for outcomes; of one elsewhere nothing is known here but its silence."""
        owner = self._owner
        # Machines may be called alike.
        elsewhere = owner["place"] != place() or owner["boot"] != boot()
        lives = elsewhere or attempts.lives(owner["pid"], owner["began"], owner["boot"])
        return lives and not (self._inbox.is_orphaned or self._inbox.is_forsaken)

    def _note(self, order: Order) -> None:
        """Say what runs, when it has run for a moment, too short for a kernel to start: should its own die, the next
        one knows what to wait for."""
        part = os.path.join(self._folder, "note.part")
        try:
            with open(part, "w") as file:
                json.dump(dict(order.note), file, default=str)
            os.rename(part, os.path.join(self._folder, "note.json"))
        except OSError as error:
            # A full disk is no reason not to run.
            _log(f"what runs is not noted: {error}")

    def _leave_word(self, order: Order, outcome: Outcome) -> None:
        """For our kernel, in the store: the other way to it goes through an engine that may hear nothing."""
        with open(os.path.join(self._folder, "owner.json")) as file:
            name = attempts.last_word_name(file.read(), order.run, order.attempt)
        try:
            self._keep(order, outcome, b"", name)
        except OSError as error:
            _log(f"why the engine ends is not left in the store: {error}")

    def _keep(self, order: Order, outcome: Outcome, written: bytes, name: str) -> None:
        """Leave the outcome for the next kernel, with what was written."""
        folder = os.path.join(order.store, "attempts", name)
        os.makedirs(folder, mode=0o700)
        shutil.copy(os.path.join(self._folder, "owner.json"), folder)
        self._keep_written(os.path.join(folder, "frames"), written)
        with open(os.path.join(folder, "note.json"), "w") as file:
            json.dump(dict(order.note), file, default=str)
        part = os.path.join(folder, "outcome.part")
        with open(part, "wb") as told:
            told.write(pickle.dumps(outcome))
        # It appears whole, and last.
        os.rename(part, part.removesuffix(".part"))

    def _keep_written(self, path: str, written: bytes) -> None:
        """All of it, or nothing where the disk is full: the result is worth more, and may find place."""
        try:
            with open(path, "wb") as frames:
                frames.write(written)
        except OSError as error:
            with suppress(OSError):
                os.unlink(path)
            _log(f"what the attempt wrote is not kept: {error}")

    def _clear(self) -> None:
        """The next body finds nothing of this one."""
        with suppress(FileNotFoundError):
            for entry in [entry for entry in os.scandir(self._folder) if entry.name not in OWN]:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)
        self._stage.clear()

    def give_up(self, number: int, frame: FrameType | None = None) -> NoReturn:
        """Whoever waited for the outcome is gone, or wants it no more."""
        del frame
        if self._chaperone is not None:
            self._chaperone.send_away()
        until = time.monotonic() + STUCK
        while signal_all(os.getpid(), signal.SIGKILL) and time.monotonic() < until:
            with suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.001)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(128 + number)


def _log(text: str) -> None:
    """Into the zygote's log, if that finds place."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())
