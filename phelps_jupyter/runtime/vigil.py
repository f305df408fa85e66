"""Watches, in an engine, whether a kernel still says anything. When it has not for long, its zygote is left to itself:
what runs is finished and kept for the next kernel, what waits never begins.

Standard library alone: it is loaded by itself where an engine runs. Knows silence; refuses to know how words come.
"""

from __future__ import annotations

import threading
from typing import Protocol

PATIENCE = 600.0
"""Seconds without a word after which nobody is expected to come back."""
LOOK = 5.0
"""Seconds between looks."""


class Watched(Protocol):
    """A zygote, and what it was told and says."""

    def silence(self) -> float:
        """Seconds since the kernel's last word."""

    def forsake(self) -> None:
        """Let the zygote end by itself; to be called again until it has."""


class Vigil(threading.Thread):
    """Over one zygote, and those that follow it."""

    def __init__(self, post: Watched, patience: float = PATIENCE, look: float = LOOK) -> None:
        super().__init__(name="phelps-vigil", daemon=True)
        self._post = post
        self._patience = patience
        self._look = look
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._look):
            if self._post.silence() > self._patience:
                self._post.forsake()

    def stop(self) -> None:
        """Nothing is left to be watched."""
        self._over.set()
        self.join()
