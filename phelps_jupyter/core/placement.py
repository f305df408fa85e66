"""Which engine takes a run: engines of one host share its cpus and memory. Knows slots and sizes, no states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from phelps_jupyter.core.model import Engine, EngineId, Host, HostId, Resources, RunId

Slot = tuple[RunId, int]
"""A run and the number of its attempt."""


class Holding(NamedTuple):
    """What an engine holds, since when, and for how many seconds as far as one can tell."""

    engine: EngineId
    needs: Resources
    since: float
    seconds: float

    def end(self, at: float) -> float:
        """When it ends. What has taken longer than it should will take as long again as it has so far."""
        expected = self.since + self.seconds
        return expected if expected > at else 2 * at - self.since


@dataclass(slots=True, eq=False)
class Room:
    """What a host has free, and its engines."""

    host: Host
    cpus: int
    memory: int
    engines: dict[EngineId, Engine] = field(default_factory=dict)
    idle: dict[EngineId, None] = field(default_factory=dict)
    """Engines that hold nothing, in the order they became free."""
    held: dict[Slot, Holding] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether there is anything that it could take."""
        return bool(self.idle) and self.cpus > 0

    def engine_for(self, needs: Resources) -> EngineId | None:
        """The engine that can take it now."""
        if cpus_on(self.host, needs) > self.cpus or (needs.memory or 0) > self.memory:
            return None
        return next((engine for engine in self.idle if self._suits(engine, needs)), None)

    def suits(self, needs: Resources) -> bool:
        """Whether one of its engines is such as is asked for, whatever the host's size."""
        return any(self._suits(engine, needs) for engine in self.engines)

    def has_idle(self, needs: Resources) -> bool:
        """Whether such an engine is idle."""
        return any(self._suits(engine, needs) for engine in self.idle)

    def holds(self, needs: Resources) -> bool:
        """Whether it is large enough, were it idle."""
        return cpus_on(self.host, needs) <= self.host.cpus and (needs.memory or 0) <= self.host.memory

    def free_at(self, needs: Resources, at: float) -> float:
        """When it can take one, if nothing else is placed on it until then. It holds it, and suits."""
        cpus, memory = self.cpus - cpus_on(self.host, needs), self.memory - (needs.memory or 0)
        engines = sum(self._suits(engine, needs) for engine in self.idle)
        for holding in sorted(self.held.values(), key=lambda holding: holding.end(at)):
            cpus += cpus_on(self.host, holding.needs)
            memory += holding.needs.memory or 0
            engines += self._suits(holding.engine, needs)
            if cpus >= 0 and memory >= 0 and engines:
                return holding.end(at)
        return at

    def _suits(self, engine: EngineId, needs: Resources) -> bool:
        return needs.label is None or needs.label == self.host.name or needs.label in self.engines[engine].labels


def cpus_on(host: Host, needs: Resources) -> int:
    """Cpus that an attempt takes on this host."""
    return host.cpus if needs.cpus == "all" else needs.cpus


@dataclass(slots=True)
class Fleet:
    """The engines that are there, and what each is holding."""

    engines: dict[EngineId, Engine] = field(default_factory=dict)
    hosts: dict[HostId, Host] = field(default_factory=dict)
    rooms: dict[HostId, Room] = field(default_factory=dict)
    held: dict[Slot, Room] = field(default_factory=dict)
    """An engine holds its attempt until the attempt's terminal event, also when nobody wants the answer any more."""
    open: dict[HostId, None] = field(default_factory=dict)
    """Hosts that could take something."""
    _holding: dict[EngineId, Slot] = field(default_factory=dict)
    _eased: dict[HostId, None] = field(default_factory=dict)
    _fits: dict[Resources, bool] = field(default_factory=dict)

    def join(self, engine: Engine, host: Host) -> None:
        """An engine is there; its host may be new."""
        if engine.id in self.engines:
            return
        self._fits.clear()
        self.hosts.setdefault(host.id, host)
        room = self.rooms.setdefault(host.id, Room(host, host.cpus, host.memory))
        self.engines[engine.id] = room.engines[engine.id] = engine
        self._free(engine.id, room)

    def leave(self, engine: EngineId) -> Slot | None:
        """An engine is gone. Returns what it held."""
        held = self._holding.get(engine)
        if held is not None:
            self.release(held)
        gone = self.engines.pop(engine, None)
        if gone is None:
            return None
        self._fits.clear()
        room = self.rooms[gone.host]
        del room.engines[engine], room.idle[engine]
        self._note(room)
        if not room.engines:
            del self.rooms[gone.host], self.hosts[gone.host]
        return held

    def place(
        self, slot: Slot, needs: Resources, among: dict[HostId, None], at: float = 0.0, seconds: float = 1.0
    ) -> EngineId | None:
        """Give the attempt to an engine that is free and has room; None when there is none now.

        ``among``: hosts that may have room, the first one first; those that have none are taken out.
        """
        while among:
            host = next(iter(among))
            room = self.rooms.get(host)
            engine = None if room is None else room.engine_for(needs)
            if room is not None and engine is not None:
                self._hold(slot, room, Holding(engine, needs, at, seconds))
                return engine
            del among[host]
        return None

    def eased(self) -> dict[HostId, None]:
        """The hosts that could take something and have become freer since this was asked last."""
        eased, self._eased = self._eased, {}
        return {host: None for host in eased if host in self.open}

    def _hold(self, slot: Slot, room: Room, holding: Holding) -> None:
        del room.idle[holding.engine]
        room.held[slot] = holding
        room.cpus -= cpus_on(room.host, holding.needs)
        room.memory -= holding.needs.memory or 0
        self.held[slot] = room
        self._holding[holding.engine] = slot
        self._note(room)

    def release(self, slot: Slot) -> None:
        """The attempt has ended: its engine is free again."""
        room = self.held.pop(slot, None)
        if room is None:
            return
        holding = room.held.pop(slot)
        del self._holding[holding.engine]
        room.cpus += cpus_on(room.host, holding.needs)
        room.memory += holding.needs.memory or 0
        self._free(holding.engine, room)

    def _free(self, engine: EngineId, room: Room) -> None:
        room.idle[engine] = None
        self._eased[room.host.id] = None
        self._note(room)

    def _note(self, room: Room) -> None:
        if room.is_open:
            self.open[room.host.id] = None
        else:
            self.open.pop(room.host.id, None)

    def soonest(self, needs: Resources, at: float) -> tuple[float, HostId] | None:
        """The host that can take it first, and when, as far as one can tell; None: none ever can."""
        able = (room for room in self.rooms.values() if room.holds(needs) and room.suits(needs))
        return min(((room.free_at(needs, at), room.host.id) for room in able), default=None)

    def could_ever_fit(self, needs: Resources) -> bool:
        """Whether some engine could take it if everything else were idle."""
        if needs not in self._fits:
            self._fits[needs] = any(room.holds(needs) and room.suits(needs) for room in self.rooms.values())
        return self._fits[needs]

    def name_of(self, engine: EngineId) -> str:
        """``host:engine``, for people."""
        return f"{self.hosts[self.engines[engine].host].name}:{engine}"

    def largest_memory(self, needs: Resources) -> int:
        """Bytes of the largest host that offers all else it needs; 0 when none does."""
        hosts = [room.host for room in self._suiting(needs) if cpus_on(room.host, needs) <= room.host.cpus]
        return max((host.memory for host in hosts), default=0)

    def _suiting(self, needs: Resources) -> Iterator[Room]:
        """The hosts of the engines that it may run on, whatever their size."""
        return (room for room in self.rooms.values() if room.suits(needs))

    def shortage(self, needs: Resources) -> str:
        """For people: what a ready run waits for, and the most that a host which it may run on could give of it now."""
        place = f" on {needs.label}" if needs.label else ""
        rooms = list(self._suiting(needs))
        if not rooms:
            return f"engines{place} to start"
        if not any(room.has_idle(needs) for room in rooms):
            return f"an engine{place}; all are busy"
        cpus = max(room.cpus for room in rooms)
        if needs.memory is None:
            return f"{needs.cpus} cpus{place}; {cpus} free"
        memory = max(room.memory for room in rooms)
        return f"{needs.cpus} cpus and {needs.memory / 1e9:.3g} GB{place}; {cpus} and {memory / 1e9:.3g} GB free"

    def shortcoming(self, needs: Resources) -> str:
        """For people: what no host offers, and what the largest one has."""
        hosts = [room.host for room in self._suiting(needs)]
        if not hosts:
            labels = sorted({label for engine in self.engines.values() for label in engine.labels})
            names = sorted(host.name for host in self.hosts.values())
            offered = ", ".join(names + labels)
            return f"--on {needs.label}: no engine has this label and no host this name; there are {offered}"
        host = max(hosts, key=lambda host: (host.cpus, host.memory))
        wants = [] if needs.cpus == "all" else [f"--cpus {needs.cpus}"]
        if needs.memory is not None:
            wants.append(f"--mem {needs.memory / 1e9:.3g}GB")
        if needs.label is not None:
            wants.append(f"--on {needs.label}")
        return (
            f"{' '.join(wants)}: no host has that; the largest, {host.name}, has {host.cpus} cpus "
            f"and {host.memory / 1e9:.3g} GB of memory"
        )
