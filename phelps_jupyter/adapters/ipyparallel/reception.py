"""Makes an engine ready: asks it who it is, lets a zygote be there, and an agent that connects to the channel.

Knows what an engine must have and see; refuses to know what it will run.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import ipyparallel as ipp
import psutil

from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.cluster import Cluster
from phelps_jupyter.adapters.ipyparallel.freight import Freight
from phelps_jupyter.adapters.ipyparallel.life import Life
from phelps_jupyter.adapters.ipyparallel.own import ASIDE
from phelps_jupyter.adapters.ipyparallel.seat import Call, Seat
from phelps_jupyter.core.model import EngineId, Host, HostId
from phelps_jupyter.runtime import attempts, host, shipment
from phelps_jupyter.runtime.host import Facts
from phelps_jupyter.runtime.orders import Outcome

logger = logging.getLogger(__name__)
REACH = 2.0
"""Seconds that an engine has to be heard on the channel before it is asked through ipyparallel."""


class Reception:
    """For the engines of one cluster. ``refuse`` is told who can't run tasks, and why."""

    def __init__(
        self, cluster: Cluster, channel: Channel, store: str, freight: Freight, refuse: Callable[[Seat, str], None]
    ) -> None:
        self._cluster = cluster
        self._channel = channel
        self._store = store
        self._freight = freight
        self._refuse = refuse
        self._here = host.facts()
        self._shipment = shipment.pack()
        self._owner = attempts.owner()
        self._given_back = {**host.reverted(), **{name: os.environ.get(name) for name in ASIDE}}
        os.makedirs(store, mode=0o700, exist_ok=True)
        self._probe = f"probe-{secrets.token_hex(8)}"
        """A file of the store: who sees it sees the store."""
        open(os.path.join(store, self._probe), "w").close()

    def welcome(self, number: int) -> Seat | None:
        """The seat of an engine that has come, which has a host when it can run tasks; None when it has left again."""
        try:
            view = self._cluster.view(number)
        except (LookupError, ipp.error.IPythonError):
            return None
        seat = Seat(EngineId(str(number)), view, self._shipment, self._channel.new_name())
        seat.ask(Call("facts", (), lambda facts: self._meet(seat, Facts(*facts)), partial(self._failed, seat)))
        return seat

    def can_serve(self, seat: Seat) -> bool:
        """Whether values come to it and go from it; it is refused when it is clear that they never will."""
        why_not = "" if seat.refused else self._freight.objection(seat.depot)
        if why_not:
            self._refuse(seat, why_not)
        return seat.host is not None and not seat.refused and self._freight.is_ready(seat.depot)

    def last_word(self, number: tuple[int, int]) -> Outcome | None:
        """What was left in the store of an attempt that has ended its engine: it may have got out no other way."""
        return attempts.last_word(self._store, self._owner, *number)

    def close(self) -> None:
        attempts.clear(self._store, self._owner)
        with suppress(OSError):
            os.unlink(os.path.join(self._store, self._probe))

    def _meet(self, seat: Seat, facts: Facts) -> None:
        why_not = self._objection(seat, facts)
        if why_not:
            self._refuse(seat, why_not)
            return
        if facts.boot == self._here.boot:
            with suppress(psutil.NoSuchProcess):
                seat.life = Life(facts.pid)
        cpus = self._cluster.cpus or facts.cpus
        seat.host = Host(HostId(facts.boot), facts.name, cpus, facts.memory, facts.gpus)
        zygote = (self._store, self._probe, self._owner, self._environment)
        arguments = (seat.name, self._here.boot, self._channel.endpoint, *zygote)
        seat.ask(Call("open", arguments, partial(self._opened, seat), partial(self._failed, seat)))

    @property
    def _environment(self) -> dict[str, str | None]:
        return self._given_back if self._cluster.is_ours else {}

    def _objection(self, seat: Seat, facts: Facts) -> str:
        if facts.missing:
            return f"{facts.name} lacks what tasks need; run there: python -m pip install {' '.join(facts.missing)}"
        if facts.python != self._here.python:
            told = f"engine {seat.id} runs Python {facts.python}; the kernel's is {self._here.python}, and code of one"
            return f"{told} can't be read by another"
        return ""

    def _opened(self, seat: Seat, answer: tuple[bool, bytes | None]) -> None:
        sees_store, key = answer
        if not sees_store:
            arguments = (seat.name, self._freight.kernel, self._owner, self._environment)
            seat.ask(Call("berth", arguments, partial(self._berthed, seat), partial(self._failed, seat)))
            return
        self._let_in(seat, key)

    def _berthed(self, seat: Seat, answer: tuple[str, str, str, bytes]) -> None:
        """It does not see the store, and keeps values in a folder of its host."""
        assert seat.host is not None
        folder, name, public, key = answer
        try:
            seat.host = replace(seat.host, apart=True)
            seat.depot, told = self._freight.admit(name, folder, seat.host.name, public)
        except (OSError, ValueError) as error:
            self._refuse(seat, f"engine {seat.id} does not see the folder {self._store}, and gets no values: {error}")
            return
        seat.ask(Call("serve", (seat.name, *told), lambda _: self._let_in(seat, key), partial(self._failed, seat)))

    def serve_again(self, seat: Seat) -> None:
        """Values don't come from its host any more: what gives them there may have ended."""
        assert seat.depot is not None

        def fail(error: Exception) -> None:
            logger.warning("engine %s can't give values: %s", seat.id, error)

        seat.ask(Call("serve", (seat.name, *self._freight.told(seat.depot)), lambda _: None, fail))

    def _let_in(self, seat: Seat, key: bytes | None) -> None:
        try:
            # Without a key it sees the channel, as we do.
            way = (self._channel.endpoint, b"") if key is None else self._channel.admit(key, self._cluster.address())
        except OSError as error:
            logger.warning("engine %s is asked through ipyparallel: no gate of ours can be opened: %s", seat.id, error)
            seat.expect(0)
            return
        seat.door = way
        self.attach(seat, partial(self._failed, seat))

    def attach(self, seat: Seat, fail: Callable[[Exception], None]) -> None:
        """Let its agent connect to the channel."""
        assert seat.door is not None
        seat.ask(Call("attach", (seat.name, *seat.door), lambda _: seat.expect(REACH), fail))

    def _failed(self, seat: Seat, error: Exception) -> None:
        self._refuse(seat, f"engine {seat.id} can't take the runtime: {error}")
