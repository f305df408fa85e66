"""The processes of one measurement, however they were started: found by a mark in their environment, by their session,
or as children of those. Knows how to find, weigh and end them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.engines.session import Idle

MARK = "ENGINES_BENCHMARK"
"""Name of the environment variable; each measurement has a value of its own."""


def of(mark: str, leader: int | None = None) -> list[psutil.Process]:
    """Living processes of this measurement. ``leader``: the leader of its session (some tools overwrite their
    environment).
    """
    found = {process for process in psutil.process_iter() if _carries(process, mark, leader)}
    for process in list(found):
        with suppress(psutil.Error):
            found.update(process.children(recursive=True))
    return [process for process in found if _lives(process)]


def _carries(process: psutil.Process, mark: str, leader: int | None) -> bool:
    try:
        return os.getsid(process.pid) == leader or process.environ().get(MARK) == mark
    except (psutil.Error, OSError):
        return False


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def size(processes: Iterable[psutil.Process]) -> int:
    """Bytes that they hold; what several share is counted once (the sum of proportional set sizes)."""
    return sum(_size(process.pid) for process in processes)


def _size(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def idle(*users: int) -> Idle:
    """All of this measurement but these processes."""
    found = [process for process in of(os.environ[MARK], os.getsid(0)) if process.pid not in users]
    return Idle(size(found), len(found))


def end(mark: str, leader: int) -> list[str]:
    """End what is left of a measurement: asked first, then made to. Returns the commands of what had to be made to."""
    for process in of(mark, leader):
        with suppress(psutil.Error):
            process.terminate()
    until = time.monotonic() + 3.0
    while (left := of(mark, leader)) and time.monotonic() < until:
        time.sleep(0.05)
    told = []
    for process in left:
        with suppress(psutil.Error):
            told.append(" ".join(process.cmdline())[:100])
            process.kill()
    return told


def kernel_and_parent() -> tuple[int, int]:
    """In a kernel of ours: itself and who started it, both the user's."""
    return os.getpid(), os.getppid()


def await_files(paths: Iterable[str]) -> None:
    """In a kernel of ours: wait until all are there, and half a second more, until all is well under way."""
    while not all(os.path.exists(path) for path in paths):
        time.sleep(0.01)
    time.sleep(0.5)


def kill_engine(after: float) -> int:
    """In a kernel of ours: wait, then kill an engine; without a cluster, a zygote. Its pid."""
    time.sleep(max(0.0, after - time.time()))
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "ipyparallel.engine" in process.cmdline():
                process.kill()
                return process.pid
    process = psutil.Process().children()[0]
    process.kill()
    return process.pid
