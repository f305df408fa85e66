"""Facts about the machine that this process runs on.

Standard library alone: it is loaded by itself where an engine runs.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import NamedTuple

NEEDED = ("cloudpickle", "xxhash", "psutil", "IPython")


class Facts(NamedTuple):
    """``boot`` tells one boot of one machine from all others; ``missing``: packages that must be installed first."""

    pid: int
    name: str
    boot: str
    cpus: int
    memory: int
    missing: tuple[str, ...]
    python: str
    """Its minor version: code of one can't be read by another."""


def facts() -> Facts:
    missing = tuple(name for name in NEEDED if find_spec(name) is None)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Facts(os.getpid(), socket.gethostname(), boot(), cpus(), memory(), missing, python)


def environment_at_start() -> dict[str, str]:
    """The variables that this process began with; where the system doesn't tell, those that it has now."""
    with suppress(OSError), open("/proc/self/environ", "rb") as file:
        pairs = (os.fsdecode(each).partition("=") for each in file.read().split(b"\0") if each)
        return {name: value for name, _, value in pairs}
    return dict(os.environ)


def reverted() -> dict[str, str | None]:
    """What takes a child process back to the variables that this process began with; None for what was not there."""
    start = environment_at_start()
    return {
        name: start.get(name) for name in start.keys() | os.environ.keys() if start.get(name) != os.environ.get(name)
    }


def boot() -> str:
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()
    return socket.gethostname()


def place() -> str:
    """Where numbers of processes mean what they mean here."""
    with suppress(OSError):
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()


def cpus() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes of the machine, or of the container that we are in."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError), open("/sys/fs/cgroup/memory.max") as file:
        return min(total, int(file.read()))
    return total
