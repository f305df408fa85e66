"""A process of this machine, and whether it lives: asked by a descriptor, where the system has these, for a microsecond
instead of fifty.

Knows one process; refuses to know what it does.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress

import psutil


class Life:
    """Of the process with this number. Errors: psutil.NoSuchProcess, where there is none."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._descriptor = -1
        self._poll = select.poll()
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):
                self._descriptor = os.pidfd_open(pid)
                self._poll.register(self._descriptor, select.POLLIN)

    def goes_on(self) -> bool:
        """Whether it has not ended, whether or not its parent has taken note of that."""
        if self._descriptor >= 0:
            return not self._poll.poll(0)
        try:
            return self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def end(self) -> None:
        """Kill it, unless it has ended."""
        with suppress(psutil.NoSuchProcess):
            self._process.kill()

    def close(self) -> None:
        """Nobody asks any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
