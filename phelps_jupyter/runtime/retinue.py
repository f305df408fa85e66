"""The processes that a guest of an engine has started: those below the engine that were not there when it began.

Knows /proc; refuses to know why they are counted or signalled. Zygotes, of whatever kernel, are beside the engine and
no part of it, as is all below them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from phelps_jupyter.runtime.limits import descendants

OURS = b"from phelps_jupyter.runtime import "
"""In the command of each process that we start beside an engine."""


class Retinue:
    """``engine``: its process."""

    def __init__(self, engine: int) -> None:
        self._engine = engine
        self._before: frozenset[int] = frozenset()

    def look(self, is_before: Callable[[], bool]) -> None:
        """What is there now is not the guest's own, if it is found afterwards that it had not come."""
        below = frozenset(self._below())
        if is_before():
            self._before = below

    def pids(self) -> list[int]:
        return [pid for pid in self._below() if pid not in self._before]

    def interrupt(self) -> None:
        """Those that a terminal would interrupt together with the engine."""
        for pid in self.pids():
            with suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) == os.getpgid(self._engine):
                    os.kill(pid, signal.SIGINT)

    def _below(self) -> list[int]:
        return descendants(self._engine, but_for=_is_ours)


def _is_ours(pid: int) -> bool:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        return OURS in file.read()
    return False
