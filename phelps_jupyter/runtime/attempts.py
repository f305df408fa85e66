"""What kernels left behind that are gone: attempts that go on or ended without them, and folders of zygotes that were
killed.

Knows files and processes; refuses to know who takes the outcomes over.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from phelps_jupyter.runtime.host import boot, place
from phelps_jupyter.runtime.orders import Frame, Outcome
from phelps_jupyter.runtime.transcript import decode

WRITING = 60.0
"""Seconds after which a folder without an outcome won't have one."""
SILENCE = 60.0
"""Seconds without a sign of a zygote's life after which it is taken to be gone, where its machine can't be asked."""


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that ended after its kernel was gone."""

    folder: str
    outcome: Outcome
    frames: tuple[Frame, ...]
    note: Mapping[str, object] = field(default_factory=dict)


def owner() -> str:
    """This process, as one that attempts belong to."""
    return json.dumps({"pid": os.getpid(), "began": began(os.getpid()), "boot": boot(), "place": place()})


def finished(store: str) -> list[Finished]:
    """Attempts with an outcome that no living kernel waits for; the caller takes them over, and removes them."""
    for folder in _below(store, "engines"):
        if (_is_gone(folder) or _is_half_removed(folder)) and not _runs(folder):
            shutil.rmtree(folder, ignore_errors=True)
    found = [_read(folder) for folder in _below(store, "attempts") if _is_gone(folder)]
    return [each for each in found if each is not None]


def running(store: str) -> list[Mapping[str, object]]:
    """What was noted of attempts that still run, and whose kernel is gone."""
    notes = []
    for folder in _below(store, "engines"):
        with suppress(OSError, ValueError), open(os.path.join(folder, "note.json")) as file:
            if _is_gone(folder) and _runs(folder):
                notes.append(json.load(file))
    return notes


def clear(store: str, owner: str) -> None:
    """Remove the folders of this owner's zygotes that are gone: one that was killed could not do so itself. And what
    they left it as their last word."""
    for folder in _below(store, "engines"):
        with suppress(OSError), open(os.path.join(folder, "owner.json")) as file:
            if file.read() == owner and not _runs(folder):
                shutil.rmtree(folder, ignore_errors=True)
    for folder in _below(store, "attempts"):
        if os.path.basename(folder).startswith(last_word_name(owner, 0, 0).removesuffix("0-0")):
            remove(folder)


def last_word_name(owner: str, run: int, attempt: int) -> str:
    """Of the folder in which a zygote leaves its kernel the outcome of an attempt for which it ends its engine. A name
    that can be told, as other machines may see late what a folder holds."""
    return f"last-{hashlib.sha256(owner.encode()).hexdigest()[:16]}-{run}-{attempt}"


def last_word(store: str, owner: str, run: int, attempt: int) -> Outcome | None:
    """Take away what was left of this attempt, if anything was."""
    folder = os.path.join(store, "attempts", last_word_name(owner, run, attempt))
    found = _read(folder) if os.path.exists(os.path.join(folder, "outcome")) else None
    remove(folder)
    return None if found is None else found.outcome


def remove(folder: str) -> None:
    """Forget an attempt's folder."""
    # First of all: another kernel that reads the rest at this moment must not take half of it for the whole.
    with suppress(OSError):
        os.unlink(os.path.join(folder, "outcome"))
    shutil.rmtree(folder, ignore_errors=True)


def _below(store: str, kind: str) -> list[str]:
    root = os.path.join(store, kind)
    with suppress(FileNotFoundError):
        return [entry.path for entry in sorted(os.scandir(root), key=lambda entry: entry.name) if entry.is_dir()]
    return []


def _is_gone(folder: str) -> bool:
    """The kernel whose folder it is ran on this machine, and is gone; or nobody says whose it is."""
    with suppress(OSError, ValueError, LookupError, TypeError), open(os.path.join(folder, "owner.json")) as file:
        owner = json.load(file)
        return bool(owner["place"] == place() and not lives(owner["pid"], owner["began"], owner["boot"]))
    return not _is_new(folder)


def _is_half_removed(folder: str) -> bool:
    """Whose it is was written before who runs in it."""
    return os.path.exists(os.path.join(folder, "pid")) and not os.path.exists(os.path.join(folder, "owner.json"))


def _runs(folder: str) -> bool:
    """Whether the zygote whose folder it is still runs, or starts. Of one of another machine only its signs tell."""
    path = os.path.join(folder, "pid")
    with suppress(OSError, ValueError, LookupError, TypeError), open(path) as file:
        told = json.load(file)
        if (told["place"], told["boot"]) == (place(), boot()):
            return began(told["pid"]) != 0
        return _now(folder) - os.path.getmtime(path) < SILENCE
    return _is_new(folder)


def _now(folder: str) -> float:
    """By the clock of the file system, which is another machine's as well."""
    look = os.path.join(os.path.dirname(folder), f"look-{secrets.token_hex(8)}")
    os.close(os.open(look, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        return os.path.getmtime(look)
    finally:
        os.unlink(look)


def _is_new(folder: str) -> bool:
    """It was made a moment ago: somebody is writing it."""
    with suppress(FileNotFoundError):
        return time.time() - os.path.getmtime(folder) < WRITING
    return False


def lives(pid: int, began_at: float, booted: str) -> bool:
    """Whether the process that began then, in this boot of the machine, is still there."""
    return booted == boot() and began(pid) == began_at


def _read(folder: str) -> Finished | None:
    """None: it has no outcome, and is removed if it won't have one. Another kernel may remove the folder meanwhile; of
    all files the outcome goes first."""
    if not os.path.exists(os.path.join(folder, "outcome")):
        if not _is_new(folder):
            shutil.rmtree(folder, ignore_errors=True)
        return None
    frames: tuple[Frame, ...] = ()
    with suppress(FileNotFoundError), open(os.path.join(folder, "frames"), "rb") as file:
        frames = decode(file.read())
    try:
        with open(os.path.join(folder, "note.json")) as note, open(os.path.join(folder, "outcome"), "rb") as told:
            return Finished(folder, pickle.load(told), frames, json.load(note))
    except FileNotFoundError:
        return None
    except Exception:
        # Whatever unpickling raises, when another version of us has written it: the task runs again.
        remove(folder)
        return None


def began(pid: int) -> float:
    """When a living process began; 0 when it is gone. In one boot, equal only for one and the same process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # Counted from the boot: a clock may be set.
            state, *fields = file.read().rpartition(b")")[2].split()
        return 0.0 if state == b"Z" else float(fields[18])
    except FileNotFoundError:
        return _told_by_system(pid)
    except ProcessLookupError:
        return 0.0


def _told_by_system(pid: int) -> float:
    """As ``began``, where there is no ``/proc``."""
    if os.path.isdir("/proc/self"):
        return 0.0
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return 0.0
