"""Keeps a machine from running out of memory by attempts that nobody set a limit for: of these the newest stops first.

Knows how much the machine has left, and by small files which attempts would have to stop; refuses to know what is done
with one that was stopped.
"""

from __future__ import annotations

import os
from contextlib import suppress

from phelps_jupyter.runtime import host
from phelps_jupyter.runtime.attempts import began
from phelps_jupyter.runtime.shipment import private_folder

SHARE = 20
"""The part of the memory that is to stay free is one of so many, within these bounds."""
LEAST, MOST = 200_000_000, 1_000_000_000
LAST_RESORT = 4
"""Who runs alone may take all but one of so many parts of that."""
WORTHY = 16
"""Who holds less than one of so many parts of it is let be: to stop it would help nobody."""
EVERY = 0.03
"""Seconds between looks at the machine, while there is enough."""
SETTLING = 0.15
"""Seconds that all must agree on who is the newest: each looks many times in that."""

SILENCE = 1.0
"""Seconds after which one that does not look any more is frozen, and can't give way."""


class HostGuard:
    """For one attempt that is to give way. ``alone``: nothing else of ours runs here that could."""

    def __init__(self, *, alone: bool) -> None:
        floor = _floor()
        self._floor = floor // LAST_RESORT if alone else floor
        self._worthy = floor // WORTHY
        self._place = ""
        self._claim = ""
        self._claims: list[str] = []
        self._agreed_at = 0.0
        self._look_at = 0.0
        self.left = 0
        """Bytes that the machine had left at the last look."""

    def gives_way(self, held: int, now: float, began_at: float) -> bool:
        """Whether this attempt, which holds so much, is to be stopped now. Times are monotonic: one clock for all."""
        if now < self._look_at and not self._claim:
            return False
        self._look_at = now + EVERY
        left = host.available()
        if left is None or left >= self._floor or held < self._worthy:
            self.close()
            return False
        self.left = left
        if not self._claim:
            self._agreed_at = now
            self._put(began_at)
        claims = self._living()
        if claims != self._claims:
            # Who was the newest until now may be about to give its memory back.
            self._claims, self._agreed_at = claims, now
        return now - self._agreed_at >= SETTLING and max(claims, default="") <= self._claim

    def close(self) -> None:
        """It does not give way, or has done so."""
        if self._claim:
            with suppress(OSError):
                os.unlink(os.path.join(self._place, self._claim))
            self._claim = ""
            self._claims = []

    def _put(self, began_at: float) -> None:
        # Those that began later come later in the order of names.
        self._claim = f"{began_at:020.6f} {os.getpid()} {began(os.getpid())}"
        with suppress(OSError):
            self._place = os.path.join(private_folder(), "giving-way")
            os.makedirs(self._place, mode=0o700, exist_ok=True)
            open(os.path.join(self._place, self._claim), "w").close()

    def _living(self) -> list[str]:
        """The claims of processes that are there, and look."""
        with suppress(OSError):
            ours = os.path.join(self._place, self._claim)
            os.utime(ours)
            now = os.stat(ours).st_mtime
            # A file system may put files of its own beside them.
            claims = [claim for claim in os.listdir(self._place) if claim.count(" ") == 2]
            return sorted(claim for claim in claims if self._lives(claim) and self._looks(claim, now))
        return []

    def _looks(self, claim: str, now: float) -> bool:
        """``now``: by the clock of the file system."""
        with suppress(OSError):
            return now - os.stat(os.path.join(self._place, claim)).st_mtime < SILENCE
        return False

    def _lives(self, claim: str) -> bool:
        _, pid, at = claim.split(" ")
        if began(int(pid)) == float(at):
            return True
        with suppress(OSError):
            os.unlink(os.path.join(self._place, claim))
        return False


def is_short() -> bool:
    """Whether the machine has less left than is to stay free."""
    left = host.available()
    return left is not None and left < _floor()


def _floor() -> int:
    return min(max(host.memory() // SHARE, LEAST), MOST)
