"""What one host has free, and its engines. Knows slots and sizes, no states."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from phelps_jupyter.core.model import Engine, EngineId, Host, Resources, RunId

Slot = tuple[RunId, int]
"""A run and the number of its attempt."""


class Holding(NamedTuple):
    """What an engine holds, since when, and for how many seconds as far as one can tell."""

    engine: EngineId
    needs: Resources
    since: float
    seconds: float
    gpus: tuple[str, ...] = ()
    """Those that it has to itself; nothing of an attempt that asked for none."""

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
    gpus: tuple[str, ...]
    engines: dict[EngineId, Engine] = field(default_factory=dict)
    idle: dict[EngineId, None] = field(default_factory=dict)
    """Engines that hold nothing, in the order they became free."""
    held: dict[Slot, Holding] = field(default_factory=dict)
    leaving: set[EngineId] = field(default_factory=set)
    """Engines that are to be given nothing any more."""
    lent: int = 0
    """Cpus that are left to others, of what would be free."""

    @property
    def cpus_held(self) -> int:
        """By our attempts."""
        return self.host.cpus - self.lent - self.cpus

    def allow(self, cpus: int) -> None:
        """So many of the host's cpus we may hold; more that we hold already end in their own time."""
        lent = max(0, self.host.cpus - cpus)
        self.cpus += self.lent - lent
        self.lent = lent

    @property
    def is_open(self) -> bool:
        """Whether there is anything that it could take."""
        return bool(self.idle) and self.cpus > 0

    def add_gpus(self, gpus: tuple[str, ...]) -> None:
        """An engine tells of these: each engine of a host may have been given others."""
        new = tuple(gpu for gpu in gpus if gpu not in self.host.gpus)
        self.host = replace(self.host, gpus=(*self.host.gpus, *new))
        self.gpus += new

    def hold(self, slot: Slot, engine: EngineId, needs: Resources, at: float, seconds: float) -> Holding:
        """An idle engine takes an attempt, for which there is room."""
        count = needs.gpus or 0
        holding = self.held[slot] = Holding(engine, needs, at, seconds, self.gpus[:count])
        del self.idle[engine]
        self.cpus -= cpus_on(self.host, needs)
        self.memory -= memory_of(needs)
        self.gpus = self.gpus[count:]
        return holding

    def release(self, slot: Slot) -> Holding:
        """The attempt has ended: its engine is idle again."""
        holding = self.held.pop(slot)
        if holding.engine not in self.leaving:
            self.idle[holding.engine] = None
        self.cpus += cpus_on(self.host, holding.needs)
        self.memory += memory_of(holding.needs)
        self.gpus += holding.gpus
        return holding

    def dismiss(self, engine: EngineId) -> None:
        """It is about to leave."""
        self.leaving.add(engine)
        self.idle.pop(engine, None)

    def leave(self, engine: EngineId) -> None:
        """It is gone, and holds nothing."""
        del self.engines[engine]
        self.idle.pop(engine, None)
        self.leaving.discard(engine)

    def engine_for(self, needs: Resources) -> EngineId | None:
        """The engine that can take it now."""
        if (
            cpus_on(self.host, needs) > self.cpus
            or not self._has_memory(needs, self.memory, is_empty=not self.held)
            or (needs.gpus or 0) > len(self.gpus)
        ):
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
        return (
            cpus_on(self.host, needs) <= self.host.cpus
            and (needs.memory or 0) <= self.host.memory
            and (needs.gpus or 0) <= len(self.host.gpus)
        )

    def lacks_only_cpus(self, needs: Resources) -> bool:
        """Whether it would take one now, had we all cpus of the host that our attempts don't hold; it has fewer."""
        cpus = cpus_on(self.host, needs)
        return (
            self.cpus < cpus <= self.cpus + self.lent
            and self._has_memory(needs, self.memory, is_empty=not self.held)
            and (needs.gpus or 0) <= len(self.gpus)
            and self.has_idle(needs)
        )

    def free_at(self, needs: Resources, at: float, *, lent_too: bool = False, begun_by: float = math.inf) -> float:
        """When it can take one, if nothing else is placed on it until then. It holds it, and suits.

        Infinite: when others have given back what they hold of it, which nobody knows. ``lent_too``: as if they had.
        ``begun_by``: as if what began later had ended.
        """
        cpus = self.cpus - cpus_on(self.host, needs) + (self.lent if lent_too else 0)
        memory, gpus = self.memory, len(self.gpus) - (needs.gpus or 0)
        engines = sum(self._suits(engine, needs) for engine in self.idle)
        ends = ((at if holding.since > begun_by else holding.end(at), holding) for holding in self.held.values())
        left = len(self.held)
        for end, holding in [(at, None), *sorted(ends, key=lambda each: each[0])]:
            if holding is not None:
                left -= 1
                cpus += cpus_on(self.host, holding.needs)
                memory += memory_of(holding.needs)
                gpus += len(holding.gpus)
                engines += self._suits(holding.engine, needs)
            if min(cpus, gpus) >= 0 and engines and self._has_memory(needs, memory, is_empty=not left):
                return end
        return math.inf

    def _has_memory(self, needs: Resources, free: int, *, is_empty: bool) -> bool:
        """Whether so many free bytes are enough. What is only foreseen may be wrong: an empty host always tries."""
        if needs.memory is not None:
            return needs.memory <= free
        return is_empty or needs.foreseen <= max(0, free)

    def _suits(self, engine: EngineId, needs: Resources) -> bool:
        return needs.label is None or needs.label == self.host.name or needs.label in self.engines[engine].labels


def memory_of(needs: Resources) -> int:
    """Bytes that are set aside for it: what it asks for, else what it will likely hold."""
    return needs.foreseen if needs.memory is None else needs.memory


def cpus_on(host: Host, needs: Resources) -> int:
    """Cpus that an attempt takes on this host."""
    if needs.cpus == "all" or (needs.alone and needs.cpus <= host.cpus):
        return host.cpus
    return needs.cpus
