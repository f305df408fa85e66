"""Attempts as the kernel's side sees them: their folders, what came back from them, which were left behind.

Knows files and bytes; refuses to know where supervisors run and who is told.
"""

from __future__ import annotations

import json
import os
import pickle
import secrets
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from phelps_jupyter.runtime.host import boot
from phelps_jupyter.runtime.launch import Files, Reading
from phelps_jupyter.runtime.orders import Frame, Order, Outcome
from phelps_jupyter.runtime.transcript import decode

STOPPING = 5.0
STARTING = 60.0
"""Seconds after which a supervisor that has not started its body won't."""


@dataclass(frozen=True, slots=True)
class News:
    """What is new of an attempt."""

    started: bool
    """For the first time."""
    frames: tuple[Frame, ...]
    outcome: Outcome | None


@dataclass(slots=True)
class Attempt:
    """One that was started and has not ended."""

    order: Order
    folder: str
    offset: int = 0
    started: bool = False

    def take(self, reading: Reading) -> News:
        """News from what was read at ``offset``."""
        self.offset += len(reading.frames)
        first = reading.started and not self.started
        self.started = self.started or reading.started
        outcome = None
        if reading.outcome:
            outcome = pickle.loads(reading.outcome)
        elif reading.gone:
            outcome = Outcome(self.order.run, self.order.attempt, "lost", message=reading.gone, evidence=reading.gone)
        return News(first, decode(reading.frames), outcome)


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that ended after its kernel was gone."""

    folder: str
    outcome: Outcome
    frames: tuple[Frame, ...]
    note: Mapping[str, object] = field(default_factory=dict)


def new(order: Order) -> Attempt:
    """An attempt with a folder of its own, yet to be made."""
    return Attempt(order, os.path.join(order.store, "attempts", f"{order.run}-{order.attempt}-{secrets.token_hex(4)}"))


def files(order: Order) -> Files:
    """What is written into the folder before the supervisor starts."""
    owner = json.dumps({"pid": os.getpid(), "began": began(os.getpid()), "boot": boot(), "host": socket.gethostname()})
    return Files(pickle.dumps(order), json.dumps(dict(order.note), default=str), owner)


def finished(store: str) -> list[Finished]:
    """Attempts with an outcome that no living kernel waits for; the caller takes them over, and removes them."""
    root = os.path.join(store, "attempts")
    if not os.path.isdir(root):
        return []
    orphans = [
        folder for folder in (os.path.join(root, name) for name in sorted(os.listdir(root))) if _orphaned(folder)
    ]
    for folder in orphans:
        if not _promising(folder):
            remove(folder)
    return [found for found in map(_read, orphans) if found is not None]


def remove(folder: str) -> None:
    """Forget an attempt's folder."""
    # First of all: another kernel that reads the rest at this moment must not take half of it for the whole.
    with suppress(OSError):
        os.unlink(os.path.join(folder, "outcome"))
    shutil.rmtree(folder, ignore_errors=True)


def abandon(folder: str) -> None:
    """End an attempt whose engine is gone, and forget its folder."""
    with suppress(OSError, ValueError, psutil.Error), open(os.path.join(folder, "pid")) as file:
        supervisor = psutil.Process(json.load(file)["supervisor"])
        if folder in supervisor.cmdline():
            supervisor.terminate()
            supervisor.wait(STOPPING)
    remove(folder)


def _orphaned(folder: str) -> bool:
    """Its kernel ran on this machine, and is gone; or went before it had said who it was."""
    with suppress(OSError, ValueError), open(os.path.join(folder, "owner.json")) as file:
        owner = json.load(file)
        return bool(owner["host"] == socket.gethostname() and not lives(owner["pid"], owner["began"], owner["boot"]))
    return not _starts(folder)


def _promising(folder: str) -> bool:
    """It has an outcome, or a supervisor that may still write one."""
    if os.path.exists(os.path.join(folder, "outcome")):
        return True
    with suppress(OSError, ValueError), open(os.path.join(folder, "pid")) as file:
        return began(json.load(file)["supervisor"]) != 0
    return _starts(folder)


def _starts(folder: str) -> bool:
    """It was made a moment ago, and is not what a kernel that was killed left of one that it was removing."""
    if os.path.exists(os.path.join(folder, "pid")):
        return False
    with suppress(FileNotFoundError):
        return time.time() - os.path.getmtime(folder) < STARTING
    return False


def lives(pid: int, began_at: float, booted: str) -> bool:
    """Whether the process that began then, in this boot of the machine, is still there."""
    # The clock that start times are counted from may be set by a second or so.
    return booted == boot() and abs(began(pid) - began_at) < 5


def _read(folder: str) -> Finished | None:
    """None: it has no outcome. Another kernel may remove the folder meanwhile; of all files the outcome goes first."""
    if not os.path.exists(os.path.join(folder, "outcome")):
        return None
    frames: tuple[Frame, ...] = ()
    with suppress(FileNotFoundError), open(os.path.join(folder, "frames"), "rb") as file:
        frames = decode(file.read())
    with suppress(FileNotFoundError), open(os.path.join(folder, "note.json")) as file:
        note = json.load(file)
        with open(os.path.join(folder, "outcome"), "rb") as told:
            return Finished(folder, pickle.load(told), frames, note)
    return None


def began(pid: int) -> float:
    """When a living process began; 0 when it is gone. Equal only for one and the same process."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return 0.0
