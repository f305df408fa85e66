"""Outlives a kernel that died without closing its cluster: lets running attempts finish, then ends the cluster.

Knows its kernel as the process that started it, and the cluster by a variable in the environment of each process.
A program of its own: ``python -P warden.py FOLDER LEASE_SECONDS``.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

MARK = "IPP_PROFILE_DIR"
ZYGOTE = "phelps_jupyter.runtime import zygote"
FOLDER_AT = -3
"""Among its arguments: where its folder is."""
LOOK = 0.25
GRACE = 5.0


def main(arguments: Sequence[str]) -> int:
    folder, lease = arguments[0], float(arguments[1])
    kernel = os.getppid()
    while os.getppid() == kernel and _lives(kernel):
        if not os.path.isdir(folder):
            return 0
        time.sleep(LOOK)
    until = time.monotonic() + lease
    while time.monotonic() < until or attempts_run(members(folder)):
        # To find the members, every process is looked at.
        time.sleep(4 * LOOK)
    end(members(folder))
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def members(folder: str) -> list[psutil.Process]:
    """Controller, engines and their nannies: all that were started with this folder as their profile."""
    return [process for process in psutil.process_iter() if _mark(process) == folder]


def attempts_run(engines: Sequence[psutil.Process]) -> bool:
    """Whether a zygote of theirs has a child, or a body runs in the engine itself."""
    below = [child for engine in engines for child in descendants(engine)]
    return any(_is_zygote(process) and (descendants(process) or _has_guest(process)) for process in below)


def descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end(processes: Sequence[psutil.Process], grace: float = GRACE) -> None:
    """SIGTERM, and SIGKILL for those that stay."""
    for process in processes:
        _signal(process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=GRACE)


def _signal(send: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        send()


def _lives(pid: int) -> bool:
    try:
        # The parent of a killed kernel may take its time to notice.
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _is_zygote(process: psutil.Process) -> bool:
    try:
        return any(ZYGOTE in argument for argument in process.cmdline())
    except psutil.Error:
        return False


def _has_guest(zygote: psutil.Process) -> bool:
    """Whether the engine beside it has taken an order that lay in its folder."""
    try:
        folder = zygote.cmdline()[FOLDER_AT]
    except (psutil.Error, IndexError):
        return False
    return os.path.exists(os.path.join(folder, "guest", "taken"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
