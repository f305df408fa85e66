"""Facts about the machine that this process runs on.

Standard library alone: it is loaded by itself where an engine runs.
"""

from __future__ import annotations

import os
import socket
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


def facts() -> Facts:
    missing = tuple(name for name in NEEDED if find_spec(name) is None)
    return Facts(os.getpid(), socket.gethostname(), boot(), cpus(), memory(), missing)


def boot() -> str:
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()
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
