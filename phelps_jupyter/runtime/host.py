"""Facts about the machine that this process runs on.

Standard library alone: it is loaded by itself where an engine runs.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from typing import NamedTuple

GPUS = "/proc/driver/nvidia/gpus"
"""Where NVIDIA's driver lists those that this machine, or this container, has."""
PATIENCE = 10.0
"""Seconds that nvidia-smi has to answer: it may have to load the driver."""
GROUP = "/sys/fs/cgroup"
"""Of a container: its own."""
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
    gpus: tuple[str, ...] = ()
    """Those that this process may use, as CUDA names them."""


def facts() -> Facts:
    missing = tuple(name for name in NEEDED if find_spec(name) is None)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Facts(os.getpid(), socket.gethostname(), boot(), cpus(), memory(), missing, python, gpus())


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
    with suppress(OSError, ValueError), open(f"{GROUP}/memory.max") as file:
        return min(total, int(file.read()))
    return total


def available() -> int | None:
    """Bytes that can be had before the machine, or our container, swaps or kills; None where the system doesn't say."""
    kilobytes = _number("/proc/meminfo", rb"MemAvailable:\s+(\d+)")
    free = [] if kilobytes is None else [kilobytes << 10]
    limit = _number(f"{GROUP}/memory.max", rb"(\d+)")
    if limit is not None:
        used, mapped = (
            _number(f"{GROUP}/memory.current", rb"(\d+)"),
            _number(f"{GROUP}/memory.stat", rb"inactive_file (\d+)"),
        )
        # Pages of files can be given back.
        free.append(limit - (used or 0) + (mapped or 0))
    return min(free, default=None)


def _number(path: str, pattern: bytes) -> int | None:
    with suppress(OSError), open(path, "rb") as file:
        found = re.search(pattern, file.read())
        return None if found is None else int(found[1])
    return None


def gpus() -> tuple[str, ...]:
    """NVIDIA's; those of the machine by number, unless ``CUDA_VISIBLE_DEVICES`` names what we may use."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(_leading(named))
    return tuple(map(str, range(_gpu_count())))


def _leading(named: str) -> list[str]:
    """As CUDA reads them: what follows something that names none is not there either."""
    found: list[str] = []
    for name in map(str.strip, named.split(",")):
        if not re.fullmatch(r"\d+|(GPU|MIG)-\S+", name):
            break
        found.append(name)
    return list(dict.fromkeys(found))


def _gpu_count() -> int:
    with suppress(OSError):
        return len(os.listdir(GPUS))
    # Under WSL the driver lists nothing.
    program = shutil.which("nvidia-smi")
    with suppress(OSError, subprocess.SubprocessError):
        if program is not None:
            told = subprocess.run([program, "-L"], capture_output=True, timeout=PATIENCE, check=True, text=True)
            return len(re.findall(r"^GPU \d+:", told.stdout, re.MULTILINE))
    return 0
