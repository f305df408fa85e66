"""Which engine takes a run: engines of one host share its cpus, memory and GPUs. Knows slots and sizes, no states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from phelps_jupyter.core.model import Engine, EngineId, Host, HostId, Resources
from phelps_jupyter.core.room import Room, Slot, cpus_on, memory_of

__all__ = ["Fleet", "Slot", "cpus_on"]


NOWHERE: Mapping[HostId, int] = MappingProxyType({})


@dataclass(slots=True)
class Fleet:
    """The engines that are there, and what each is holding."""

    engines: dict[EngineId, Engine] = field(default_factory=dict)
    hosts: dict[HostId, Host] = field(default_factory=dict)
    rooms: dict[HostId, Room] = field(default_factory=dict)
    held: dict[Slot, Room] = field(default_factory=dict)
    """An engine holds its attempt until the attempt's terminal event, also when nobody wants the answer any more."""
    apart: int = 0
    """Hosts that keep values for themselves."""
    open: dict[HostId, None] = field(default_factory=dict)
    """Hosts that could take something."""
    gpus_held: dict[Slot, tuple[str, ...]] = field(default_factory=dict)
    """Which ones each attempt has to itself; nothing of those that asked for none."""
    _holding: dict[EngineId, Slot] = field(default_factory=dict)
    _eased: dict[HostId, None] = field(default_factory=dict)
    _fits: dict[Resources, bool] = field(default_factory=dict)

    def join(self, engine: Engine, host: Host) -> None:
        """An engine is there; its host may be new."""
        if engine.id in self.engines:
            return
        self._fits.clear()
        self.apart += host.apart and host.id not in self.rooms
        room = self.rooms.setdefault(host.id, Room(host, host.cpus, host.memory, host.gpus))
        room.add_gpus(host.gpus)
        self.hosts[host.id] = room.host
        self.engines[engine.id] = room.engines[engine.id] = engine
        room.idle[engine.id] = None
        self._ease(room)

    def dismiss(self, engines: Iterable[EngineId]) -> None:
        """These are about to leave: nothing more is placed on them."""
        for engine in [self.engines[name] for name in engines if name in self.engines]:
            room = self.rooms[engine.host]
            room.dismiss(engine.id)
            self._note(room)

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
        room.leave(engine)
        self._note(room)
        if not room.engines:
            self.apart -= room.host.apart
            del self.rooms[gone.host], self.hosts[gone.host]
        return held

    def place(
        self,
        slot: Slot,
        needs: Resources,
        among: dict[HostId, None],
        at: float = 0.0,
        seconds: float = 1.0,
        near: Mapping[HostId, int] = NOWHERE,
    ) -> EngineId | None:
        """Give the attempt to an engine that is free and has room; None when there is none now.

        ``among``: hosts that may have room, the first one first; those that have none are taken out. ``near``: bytes of
        its inputs that hosts have at hand: who has more goes before.
        """
        while among:
            host = max(among, key=lambda host: near.get(host, 0)) if near else next(iter(among))
            room = self.rooms.get(host)
            engine = None if room is None else room.engine_for(needs)
            if room is not None and engine is not None:
                self._hold(slot, room, engine, needs, at, seconds)
                return engine
            del among[host]
        return None

    def allow(self, host: HostId, cpus: int) -> bool:
        """Others use this machine as well: we may hold so many of its cpus now.

        Returns whether this is news for those that wait: others began or ceased to have some.
        """
        room = self.rooms.get(host)
        if room is None:
            return False
        lent = room.lent
        room.allow(cpus)
        self._ease(room)
        return bool(lent) != bool(room.lent)

    def eased(self) -> dict[HostId, None]:
        """The hosts that could take something and have become freer since this was asked last."""
        eased, self._eased = self._eased, {}
        return {host: None for host in eased if host in self.open}

    def _hold(self, slot: Slot, room: Room, engine: EngineId, needs: Resources, at: float, seconds: float) -> None:
        holding = room.hold(slot, engine, needs, at, seconds)
        if holding.gpus:
            self.gpus_held[slot] = holding.gpus
        self.held[slot] = room
        self._holding[engine] = slot
        self._note(room)

    def release(self, slot: Slot) -> None:
        """The attempt has ended: its engine is free again."""
        room = self.held.pop(slot, None)
        if room is None:
            return
        holding = room.release(slot)
        del self._holding[holding.engine]
        self.gpus_held.pop(slot, None)
        self._ease(room)

    def _ease(self, room: Room) -> None:
        self._eased[room.host.id] = None
        self._note(room)

    def _note(self, room: Room) -> None:
        if room.is_open:
            self.open[room.host.id] = None
        else:
            self.open.pop(room.host.id, None)

    def soonest(self, needs: Resources, at: float) -> tuple[float, HostId] | None:
        """The host that can take it first, and when, as far as one can tell; None: none ever can.

        As if others held nothing of it: what they hold they give back to who waits.
        """
        able = (room for room in self.rooms.values() if room.holds(needs) and room.suits(needs))
        return min(((room.free_at(needs, at, lent_too=True), room.host.id) for room in able), default=None)

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
        apart = replace(needs, memory=None)
        return max((room.host.memory for room in self._suiting(needs) if room.holds(apart)), default=0)

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
        wanted, free = [f"{'all' if needs.alone else needs.cpus} cpus"], [f"{max(0, *(room.cpus for room in rooms))}"]
        size = f"{memory_of(needs) / 1e9:.3g} GB"
        if memory_of(needs):
            wanted.append(size if needs.memory is not None else f"the {size} that it held last time")
            # Less than nothing: somebody holds more there than was left.
            free.append(f"{max(0, *(room.memory for room in rooms)) / 1e9:.3g} GB")
        if needs.gpus:
            wanted.append(f"{needs.gpus} gpus")
            free.append(f"{max(len(room.gpus) for room in rooms)} gpus")
        lent = max(room.lent for room in rooms)
        others = f", {lent} left to other kernels" if lent else ""
        return f"{_listed(wanted)}{place}; {_listed(free)} free{others}"

    def shortcoming(self, needs: Resources) -> str:
        """For people: what no host offers, and what the largest one has."""
        hosts = [room.host for room in self._suiting(needs)]
        if not hosts:
            labels = sorted({label for engine in self.engines.values() for label in engine.labels})
            names = sorted(host.name for host in self.hosts.values())
            offered = ", ".join(names + labels)
            return f"--on {needs.label}: no engine has this label and no host this name; there are {offered}"
        host = max(hosts, key=lambda host: (len(host.gpus) if needs.gpus else 0, host.cpus, host.memory))
        wants = [] if needs.cpus == "all" else [f"--cpus {needs.cpus}"]
        has = [f"{host.cpus} cpus", f"{host.memory / 1e9:.3g} GB of memory"]
        if needs.memory is not None:
            wants.append(f"--mem {needs.memory / 1e9:.3g}GB")
        if needs.gpus:
            wants.append(f"--gpus {needs.gpus}")
            has.append(f"{len(host.gpus)} gpus")
        if needs.label is not None:
            wants.append(f"--on {needs.label}")
        return f"{' '.join(wants)}: no host has that; the largest, {host.name}, has {_listed(has)}"


def _listed(parts: list[str]) -> str:
    """``1 cpus, 2 GB and 1 gpus``."""
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last
