"""Keeps one zygote: starts it, hands it attempts, passes on what it says, starts another one when it has died.

Standard library alone, as what it imports: an engine loads it beside whatever version of us it has.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from shutil import rmtree
from typing import NamedTuple

from phelps_jupyter.runtime.host import boot, place
from phelps_jupyter.runtime.line import Line, Message
from phelps_jupyter.runtime.recent import Recent

PROGRAM = (
    "import sys; sys.path.insert(0, {runtime!r}); from phelps_jupyter.runtime import zygote; "
    "sys.path.remove({runtime!r}); sys.exit(zygote.main(sys.argv[1:]))"
)
OURS = ("IPP_CLUSTER_ID", "IPP_PROFILE_DIR", "IPP_CONNECTION_INFO")
PATIENCE = 5.0
"""Seconds that a zygote has to end what it runs."""
LEAVES = 75
"""Exit code of a zygote that makes room for another one after an attempt: it has begun none of the orders it has."""


class Setting(NamedTuple):
    """What a zygote is started with."""

    store: str
    owner: str
    """Who the kernel is, as JSON."""
    environment: dict[str, str | None]
    """Variables that differ from ours; None for what is not to be there."""
    tied: bool
    """It ends when this process does; else it lets its attempt finish first."""


class Keeper:
    """The zygote of one engine, in the environment as it is now. ``install`` gives the folder of our code, each time:
    it may be swept meanwhile."""

    def __init__(self, setting: Setting, install: Callable[[], str]) -> None:
        self._setting = setting
        self._install = install
        # Where a body runs in this process, that changes it for a while.
        self._environment = _environment(dict(os.environ), setting.environment)
        self._zygote: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self.line: Line | None = None
        """To the zygote that lives, if one does."""
        self._orders: dict[tuple[int, int], Message] = {}
        """Handed over and not ended, in order: the first one may run."""
        self._body = 0
        self._known = Recent()
        self._news: list[Message] = []
        self._cancelled: set[tuple[int, int]] = set()

    def open(self) -> None:
        """Start the zygote ahead of the first order. What keeps it from starting is told of the order."""
        with suppress(OSError):
            self._start()

    def _start(self) -> None:
        if self._zygote is not None:
            return
        folders = os.path.join(self._setting.store, "engines")
        os.makedirs(folders, mode=0o700, exist_ok=True)
        self._folder = tempfile.mkdtemp(prefix="zygote-", dir=folders)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._put("owner.json", self._setting.owner)
                self._zygote = self._spawn(theirs)
            except OSError:
                ours.close()
                rmtree(self._folder, ignore_errors=True)
                raise
        self.line = Line(ours)
        with suppress(OSError):
            # For whoever sweeps when we are gone; the zygote does without.
            self._put("pid", json.dumps({"pid": self._zygote.pid, "place": place(), "boot": boot()}))

    def _spawn(self, connection: socket.socket) -> subprocess.Popen[bytes]:
        bond = "tied" if self._setting.tied else "untied"
        command = [sys.executable, "-c", PROGRAM.format(runtime=self._install())]
        with open(os.path.join(self._folder, "log"), "wb") as log:
            return subprocess.Popen(
                [*command, self._folder, str(connection.fileno()), bond],
                pass_fds=[connection.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )

    def _put(self, name: str, content: str) -> None:
        with open(os.path.join(self._folder, name), "w") as file:
            file.write(content)

    def tell(self, message: Message) -> None:
        """Pass on an order, unless it was handed over before, or a word about one."""
        if message.kind == "order":
            if not self._known.is_new(message.number):
                return
            self._orders[message.number] = message
            self._hand_over([message])
        else:
            if message.kind == "cancel" and message.number in self._orders:
                self._cancelled.add(message.number)
            if self.line is not None:
                self.line.send(message)

    def forsake(self) -> None:
        """Let the zygote finish what it runs, keep that for another kernel, and end. What waits behind it is lost."""
        if self.line is not None:
            for order in [*self._orders.values()][1:]:
                self._lose(order, "the kernel said nothing for long")
            self.line.send(Message("farewell", 0, 0))

    def hear(self) -> list[Message]:
        """What the zygote has said; if it has died, of its attempt that it is gone."""
        if self.line is not None:
            self.line.flush()
            for message in self.line.receive():
                self._note(message)
            if self.line.closed:
                self._mourn()
        news, self._news = self._news, []
        return news

    def _note(self, message: Message) -> None:
        self._news.append(message)
        if message.kind == "started":
            self._body = int(message.payload)
        elif message.kind in ("outcome", "gone"):
            self._orders.pop(message.number, None)
            self._cancelled.discard(message.number)
            self._body = 0

    def _mourn(self) -> None:
        """The zygote has died: so has the attempt that it ran, if it ran one; those behind it go to the next one."""
        assert self._zygote is not None
        with suppress(subprocess.TimeoutExpired):
            # Its last word may be on its way to the log.
            self._zygote.wait(1)
        left = self._zygote.poll() == LEAVES
        why = self._end()
        waiting = list(self._orders.values())
        if waiting and not left:
            self._lose(waiting.pop(0), why)
        self._hand_over(waiting)

    def _hand_over(self, orders: Iterable[Message]) -> None:
        for order in orders:
            try:
                self._start()
            except OSError as error:
                self._lose(order, f"the attempt could not be started: {error}")
            else:
                assert self.line is not None
                self.line.send(order)
                if order.number in self._cancelled:
                    self.line.send(Message("cancel", *order.number))

    def _lose(self, order: Message, why: str) -> None:
        self._note(Message("gone", order.run, order.attempt, why.encode()))

    def dismiss(self) -> None:
        """Ask the zygote to end with all that it runs; nobody waits for it yet."""
        if self._zygote is not None:
            self._zygote.terminate()

    def close(self) -> None:
        """End the zygote with all that it runs; returns when their processes are gone."""
        if self._zygote is not None:
            self.dismiss()
            with suppress(subprocess.TimeoutExpired):
                self._zygote.wait(PATIENCE)
            self._end()

    def _end(self) -> str:
        """The story of a zygote's end. Nothing is left of it afterwards."""
        assert self._zygote is not None
        assert self.line is not None
        self._zygote.kill()
        code = self._zygote.wait()
        if self._body:
            # The body leads its group. A group without its leader can't lend its number to a new process.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._body, signal.SIGKILL)
        log = ""
        with suppress(OSError), open(os.path.join(self._folder, "log"), "rb") as file:
            log = file.read().decode("utf-8", "replace").strip()
        self.line.close()
        rmtree(self._folder, ignore_errors=True)
        self._zygote = self.line = None
        self._body = 0
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the zygote that ran the attempt ended by {how}" + (f":\n{log[-2000:]}" if log else "")


def _environment(around: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**around, **dict.fromkeys(OURS), **changes}
    return {name: value for name, value in merged.items() if value is not None} | {"PYTHONHASHSEED": "0"}
