"""Whether values come to engines that keep them in a folder of their host, and go from there. Where that has ceased, an
engine finishes what it runs and takes nothing more: what it made could not be fetched. Its host is asked to give values
again, and it takes tasks again when it does.

Knows engines that have joined; refuses to know how values travel.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from phelps_jupyter.adapters.ipyparallel.freight import Freight
from phelps_jupyter.adapters.ipyparallel.reception import Reception
from phelps_jupyter.adapters.ipyparallel.seat import Seat
from phelps_jupyter.core.events import EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.ports import Notify

PATIENCE = 5.0
"""Seconds that a host has to come back by itself, as after a break of the network."""
AGAIN = 30.0
"""Seconds after which it is asked once more."""
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Lack:
    """Of one engine, since then."""

    since: float
    ask_at: float
    told: bool = False
    """It is not to take anything, and leaves when it has nothing to do."""


class Supply:
    """For the engines of one cluster."""

    def __init__(self, reception: Reception, freight: Freight, notify: Notify) -> None:
        self._reception = reception
        self._freight = freight
        self._notify = notify
        self._lacks: dict[bytes, Lack] = {}
        self._left = False
        """Engines have left for the want of it, and not all of them are back."""

    def look(self, seat: Seat) -> None:
        """Whether it can go on, or can again."""
        is_ready = self._freight.is_ready(seat.depot)
        lack = self._lacks.get(seat.name)
        now = time.monotonic()
        if lack is None:
            if not is_ready and seat.joined:
                self._lacks[seat.name] = Lack(now, now + PATIENCE)
            return
        if not is_ready and now >= lack.ask_at and not seat.busy:
            lack.ask_at = now + AGAIN
            self._reception.serve_again(seat)
        if lack.told or (not is_ready and now - lack.since > PATIENCE):
            self._withdraw(seat, lack)
        if is_ready and not (lack.told and seat.joined):
            del self._lacks[seat.name]

    def _withdraw(self, seat: Seat, lack: Lack) -> None:
        assert seat.depot is not None
        why = f"values can't be fetched from {seat.depot.host}; it is asked again every {AGAIN:.0f} s"
        if not lack.told:
            logger.warning("engine %s takes no tasks for now: %s", seat.id, why)
        if not seat.running and seat.joined:
            self._left = True
            seat.joined = False
            self._notify(EngineLeft(time.time(), seat.id, why))
        elif not lack.told:
            self._notify(EnginesFailed(time.time(), f"engine {seat.id} leaves after what it runs: {why}", (seat.id,)))
        lack.told = True

    def forget(self, seat: Seat) -> None:
        """It is gone, whatever it lacked."""
        self._lacks.pop(seat.name, None)

    def settle(self) -> None:
        """After a look at all: when none is missing any more, it is known again what fits nowhere."""
        if self._left and not self._lacks:
            self._left = False
            self._notify(EnginesSettled(time.time()))
