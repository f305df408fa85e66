"""What is measured of an attempt beside the ends of its processes: bytes read and written, memory of its last seconds.

Knows /proc, and the system's count of processes that it ended for want of memory; decides nothing. Runs in a zygote,
which has a single thread, and of which all processes below belong to the attempt.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

WINDOW = 10.0
"""Seconds before the end of which the memory is told."""
POINTS = 20
SPACING = 0.01
"""Seconds between points that are kept."""


class Transfer(NamedTuple):
    """Bytes that went through calls that read and write: files, pipes, sockets. Pages of mapped files don't count."""

    read: int
    written: int


class Curve:
    """Memory over time, of the last seconds."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, int]] = deque()

    def note(self, seconds: float, held: int) -> None:
        """So many bytes, so long after the beginning."""
        if self._points and seconds - self._points[-1][0] < SPACING:
            # What is near a limit is looked at more often: the most counts.
            seconds, held = self._points[-1][0], max(self._points.pop()[1], held)
        self._points.append((seconds, held))
        while seconds - self._points[0][0] > WINDOW:
            self._points.popleft()

    def points(self) -> tuple[tuple[float, int], ...]:
        """At most ``POINTS`` of them, each the most that was held in its part of the time."""
        if len(self._points) <= POINTS:
            return tuple((round(seconds, 3), held) for seconds, held in self._points)
        first, last = self._points[0][0], self._points[-1][0]
        parts: dict[int, tuple[float, int]] = {}
        for seconds, held in self._points:
            part = min(int((seconds - first) / (last - first) * POINTS), POINTS - 1)
            parts[part] = (round(seconds, 3), max(held, parts.get(part, (0.0, 0))[1]))
        return tuple(parts.values())


class Meters:
    """Counts from now on: what processes below have done that ended since, unless ``look`` tells of something else."""

    def __init__(self, look: Callable[[], Transfer | None] | None = None) -> None:
        self._look = look or _below
        self._before = self._look()

    def transfer(self) -> Transfer | None:
        """None where the system doesn't tell."""
        now = self._look()
        if now is None or self._before is None:
            return None
        return Transfer(now.read - self._before.read, now.written - self._before.written)


class Kills:
    """Processes that the system ended for want of memory, as far as it tells. To look takes longer than to fork."""

    def __init__(self) -> None:
        self._seen = _kills()

    def look(self) -> None:
        """Count from now on."""
        self._seen = _kills()

    def has_more(self) -> bool:
        """Whether there is one since the last look."""
        return _kills() > self._seen


def transferred(pid: int) -> Transfer | None:
    """Of a process, and of its children that have ended."""
    return _transfer(_text(f"/proc/{pid}/io"))


def _below() -> Transfer | None:
    """Of children that have ended, with theirs: what this process tells of itself holds that, its only thread not."""
    told = _text("/proc/self/io")
    whole, own = _transfer(told), _transfer(_text(f"/proc/self/task/{os.getpid()}/io"))
    if whole is None or own is None:
        return None
    # To have read the first of the two is part of the second.
    return Transfer(whole.read - own.read + len(told), whole.written - own.written)


def _transfer(told: str) -> Transfer | None:
    found = re.match(r"rchar: (\d+)\nwchar: (\d+)\n", told)
    return Transfer(int(found[1]), int(found[2])) if found else None


def _kills() -> int:
    """How often it did so in our group of processes; where that is not told, on the whole machine."""
    for path in (f"/sys/fs/cgroup{_group()}/memory.events", "/proc/vmstat"):
        found = re.search(r"^oom_kill (\d+)$", _text(path), re.MULTILINE)
        if found:
            return int(found[1])
    return 0


def _group() -> str:
    found = re.search(r"^0::(/.*)$", _text("/proc/self/cgroup"), re.MULTILINE)
    return found[1].rstrip("/") if found else ""


def _text(path: str) -> str:
    """Nothing, where it is not there."""
    with suppress(OSError), open(path) as file:
        return file.read()
    return ""
