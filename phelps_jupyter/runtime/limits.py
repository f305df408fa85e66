"""What a tree of processes uses: anonymous memory, counted cheaply, and who belongs to the tree.

Knows /proc; refuses to know what a limit is for. Mapped files never count: their pages can be given back.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

PAGE = os.sysconf("SC_PAGE_SIZE")
LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
"""Whether this kernel lists children (nearly all do; sandboxes like gVisor don't)."""


def descendants(root: int, but_for: Callable[[int], bool] = lambda _: False) -> list[int]:
    """All processes below ``root``, whatever session or group they put themselves in. ``but_for``: those that are left
    out, with all below them."""
    found: list[int] = []
    open_ends = [root]
    while open_ends:
        below = [pid for pid in _children(open_ends.pop()) if not but_for(pid)]
        found += below
        open_ends += below
    return found


def anonymous(pid: int) -> int:
    """Resident anonymous bytes of one process; 0 when it is gone. Pages shared since a fork count in both."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            fields = file.read().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * PAGE if len(fields) > 2 else 0


def proportional(pid: int) -> int:
    """As ``anonymous``, but a page shared by n processes counts 1/n in each. Slow: the kernel walks the pages."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return 0
    # Kernels before 5.4 don't tell the anonymous share apart: then the plain count has to do.
    shares = [int(line.split()[1]) << 10 for line in lines if line.startswith(b"Pss_Anon:")]
    return shares[0] if shares else anonymous(pid)


class Guard:
    """Watches the tree below ``root``; ``peak`` is the most it was seen to hold.

    ``shared``: bytes that each of these processes shares with ``root``, and that are not to count. ``find``: gives
    those that count, where these are not all below it.
    """

    def __init__(
        self, root: int, limit: int | None, shared: int = 0, find: Callable[[int], list[int]] = descendants
    ) -> None:
        self._root = root
        self._find = find
        self._limit = limit
        self._shared = shared
        self._looks = 0
        self._pids: list[int] = []
        self._counted = 0
        self._excess = 0
        self._exact_after = 0.0
        self.peak = 0

    def look(self) -> int:
        """Anonymous bytes held now."""
        # A process that just appeared may wait for a few looks: to find it costs more than to count it.
        if self._looks % 5 == 0:
            self._pids = self._find(self._root)
        self._looks += 1
        self._counted = sum(max(0, anonymous(pid) - self._shared) for pid in self._pids)
        if len(self._pids) < 2:
            self._excess = 0
            self.peak = max(self.peak, self._counted)
        elif self._counted - self._excess > self.peak and time.monotonic() >= self._exact_after:
            self.peak = max(self.peak, self._measure())
        return max(self._counted - self._excess, 0)

    def _measure(self) -> int:
        """What is held, each shared page counted once; how much was counted twice is kept until the next time."""
        began = time.monotonic()
        held = sum(proportional(pid) for pid in self._pids)
        ended = time.monotonic()
        self._excess = self._counted - held
        # At most a tenth of a cpu goes into walking pages.
        self._exact_after = ended + 10 * (ended - began)
        return held

    def exceeded(self, held: int) -> bool:
        if self._limit is None or held <= self._limit:
            return False
        if len(self._pids) < 2:
            return True
        held = self._measure()
        self.peak = max(self.peak, held)
        return held > self._limit

    def near(self, held: int) -> bool:
        """So close to the limit that a look every few milliseconds is worth its price."""
        return self._limit is not None and held > 0.6 * self._limit


def signal_all(root: int, number: int) -> bool:
    """Send a signal to every process below ``root``; whether there was one."""
    below = descendants(root)
    for pid in below:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return bool(below)


def kill_all(root: int) -> bool:
    """SIGKILL to every process below ``root``; whether there was one."""
    return signal_all(root, signal.SIGKILL)


def survivors(root: int) -> list[str]:
    """In words: the processes below ``root`` that SIGKILL did not end, and why not."""
    return [_told(pid) for pid in descendants(root)]


def _told(pid: int) -> str:
    name, owner = "gone", os.getuid()
    with suppress(OSError), open(f"/proc/{pid}/comm") as file:
        name, owner = file.read().strip(), os.stat(f"/proc/{pid}").st_uid
    why = "it waits for a device, or for a file system" if owner == os.getuid() else f"it belongs to user {owner} now"
    return f"process {pid} ({name}) can't be ended: {why}"


def _children(pid: int) -> list[int]:
    if not LISTED:
        return [child for child in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(child) == pid]
    found: list[int] = []
    # A child hangs below the thread that started it.
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _parent(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])
    return 0
