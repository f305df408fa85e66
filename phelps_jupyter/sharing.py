"""The cpus of this machine, which other kernels use as well: what we hold and want is noted, what we may hold is found.

Knows this machine and the clock; refuses to know what runs. Its state belongs to the session's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from phelps_jupyter.core.events import HostShared
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import HostId, RunState
from phelps_jupyter.core.placement import cpus_on
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.shares import Stake
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Ledger
from phelps_jupyter.runtime import host

EVERY = 0.1
"""Seconds between looks at the ledger while something runs or is ready."""
NOTHING = Stake(0, 0)
ONE = 1
"""What a kernel may begin before it has looked: each may hold one cpu whatever the others hold."""


class Sharing:
    """Of one session. ``say``: told of errors of the ledger; without one all is ours."""

    def __init__(self, ledger: Ledger, say: Callable[[Exception], None]) -> None:
        self._ledger = ledger
        self._say = say
        self._host = HostId(host.boot())
        self._cpus = host.cpus()
        self._stake = NOTHING
        self._look_at = 0.0
        self._allowed = 0
        self._failed = False
        self._waits: Run | None = None
        self._waits_since = 0.0

    def patience(self) -> float | None:
        """Seconds until `look` has something to do; None: for ever."""
        return None if self._stake == NOTHING else max(0.0, self._look_at - time.monotonic())

    def look(self, machine: Machine) -> HostShared | None:
        """What we may hold from now on, if that has changed."""
        room = machine.fleet.rooms.get(self._host)
        if room is None:
            self.leave()
            # The next engine finds a room of which all is free.
            self._allowed = 0
            return None
        if self._stake != NOTHING and time.monotonic() < self._look_at:
            return None
        run = self._wait(machine)
        wide = 0 if run is None else cpus_on(room.host, run.resources)
        held, wanted = min(room.cpus_held, self._cpus), machine.wanted(self._cpus, room.cpus_held)
        stake = Stake(held, min(wanted, self._cpus), min(wide, self._cpus), self._waits_since)
        allowed = self._ask(stake, room.host.cpus)
        self._stake = stake
        changed, self._allowed = allowed != self._allowed, allowed
        return HostShared(time.time(), self._host, allowed) if changed else None

    def leave(self) -> None:
        """Nothing of ours runs any more."""
        if self._stake != NOTHING:
            self._stake = NOTHING
            self._told(self._ledger.leave)

    def _wait(self, machine: Machine) -> Run | None:
        """The run that others are to give way to. One that comes to wait before it takes its place in line."""
        before, self._waits = self._waits, machine.wide(self._host)
        if self._waits is None:
            self._waits_since = 0.0
        elif before is None or (before is not self._waits and before.state is not RunState.READY):
            self._waits_since = time.monotonic()
        return self._waits

    def _ask(self, stake: Stake, most: int) -> int:
        if stake == NOTHING:
            self.leave()
            return ONE
        self._look_at = time.monotonic() + EVERY
        allowed = self._told(lambda: self._ledger.share(self._cpus, stake))
        # With all of the machine ours, whoever wants more engines than it has cpus has them.
        return most if allowed is None or allowed >= self._cpus else min(allowed, most)

    def _told(self, act: Callable[[], int | None]) -> int | None:
        try:
            answer = act()
        except StoreError as error:
            if not self._failed:
                self._say(error)
            self._failed = True
            return None
        self._failed = False
        return answer
