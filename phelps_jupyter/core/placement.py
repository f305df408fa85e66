"""Which engine takes a run: engines of one host share its cpus and memory. Knows slots and sizes, no states."""

from __future__ import annotations

from dataclasses import dataclass, field

from phelps_jupyter.core.model import Engine, EngineId, Host, HostId, Resources, RunId

Slot = tuple[RunId, int]
"""A run and the number of its attempt."""


def cpus_on(host: Host, needs: Resources) -> int:
    """Cpus that an attempt takes on this host."""
    return host.cpus if needs.cpus == "all" else needs.cpus


@dataclass(slots=True)
class Fleet:
    """The engines that are there, and what each is holding."""

    engines: dict[EngineId, Engine] = field(default_factory=dict)
    hosts: dict[HostId, Host] = field(default_factory=dict)
    held: dict[Slot, tuple[EngineId, Resources]] = field(default_factory=dict)
    """An engine holds its attempt until the attempt's terminal event, also when nobody wants the answer any more."""
    holding: dict[EngineId, Slot] = field(default_factory=dict)
    cpus_free: dict[HostId, int] = field(default_factory=dict)
    memory_free: dict[HostId, int] = field(default_factory=dict)
    idle: dict[EngineId, None] = field(default_factory=dict)
    """Engines that hold nothing, in the order they became free."""

    def join(self, engine: Engine, host: Host) -> None:
        """An engine is there; its host may be new."""
        if engine.id in self.engines:
            return
        if host.id not in self.hosts:
            self.hosts[host.id] = host
            self.cpus_free[host.id] = host.cpus
            self.memory_free[host.id] = host.memory
        self.engines[engine.id] = engine
        self.idle[engine.id] = None

    def leave(self, engine: EngineId) -> Slot | None:
        """An engine is gone. Returns what it held."""
        held = self.holding.get(engine)
        if held is not None:
            self.release(held)
        gone = self.engines.pop(engine, None)
        self.idle.pop(engine, None)
        if gone is not None and not any(other.host == gone.host for other in self.engines.values()):
            del self.hosts[gone.host], self.cpus_free[gone.host], self.memory_free[gone.host]
        return held

    def place(self, slot: Slot, needs: Resources) -> EngineId | None:
        """Give the attempt to an engine that is free and has room; None when there is none now."""
        for engine_id in self.idle:
            engine = self.engines[engine_id]
            host = self.hosts[engine.host]
            if _suits(engine, host, needs) and self._room(host, needs):
                self._hold(engine_id, host, slot, needs)
                return engine_id
        return None

    def _room(self, host: Host, needs: Resources) -> bool:
        return cpus_on(host, needs) <= self.cpus_free[host.id] and (needs.memory or 0) <= self.memory_free[host.id]

    def _hold(self, engine: EngineId, host: Host, slot: Slot, needs: Resources) -> None:
        del self.idle[engine]
        self.held[slot] = (engine, needs)
        self.holding[engine] = slot
        self.cpus_free[host.id] -= cpus_on(host, needs)
        self.memory_free[host.id] -= needs.memory or 0

    def release(self, slot: Slot) -> None:
        """The attempt has ended: its engine is free again."""
        engine, needs = self.held.pop(slot, (None, None))
        if engine is None or needs is None:
            return
        del self.holding[engine]
        host = self.hosts[self.engines[engine].host]
        self.cpus_free[host.id] += cpus_on(host, needs)
        self.memory_free[host.id] += needs.memory or 0
        self.idle[engine] = None

    def could_ever_fit(self, needs: Resources) -> bool:
        """Whether some engine could take it if everything else were idle."""
        return any(
            _suits(engine, self.hosts[engine.host], needs) and _holds(self.hosts[engine.host], needs)
            for engine in self.engines.values()
        )

    def name_of(self, engine: EngineId) -> str:
        """``host:engine``, for people."""
        return f"{self.hosts[self.engines[engine].host].name}:{engine}"

    def largest_memory(self, needs: Resources) -> int:
        """Bytes of the largest host that offers all else it needs; 0 when none does."""
        hosts = [host for host in self._suiting(needs) if cpus_on(host, needs) <= host.cpus]
        return max((host.memory for host in hosts), default=0)

    def _suiting(self, needs: Resources) -> list[Host]:
        """The hosts of the engines that it may run on, whatever their size."""
        pairs = [(engine, self.hosts[engine.host]) for engine in self.engines.values()]
        return [host for engine, host in pairs if _suits(engine, host, needs)]

    def shortage(self, needs: Resources) -> str:
        """For people: what a ready run waits for, and the most that a host which it may run on could give of it now."""
        place = f" on {needs.label}" if needs.label else ""
        hosts = self._suiting(needs)
        if not hosts:
            return f"engines{place} to start"
        if not any(_suits(self.engines[engine], self.hosts[self.engines[engine].host], needs) for engine in self.idle):
            return f"an engine{place}; all are busy"
        cpus = max(self.cpus_free[host.id] for host in hosts)
        if needs.memory is None:
            return f"{needs.cpus} cpus{place}; {cpus} free"
        memory = max(self.memory_free[host.id] for host in hosts)
        return f"{needs.cpus} cpus and {needs.memory / 1e9:.3g} GB{place}; {cpus} and {memory / 1e9:.3g} GB free"

    def shortcoming(self, needs: Resources) -> str:
        """For people: what no host offers, and what the largest one has."""
        hosts = self._suiting(needs)
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


def _suits(engine: Engine, host: Host, needs: Resources) -> bool:
    return needs.label is None or needs.label in engine.labels or needs.label == host.name


def _holds(host: Host, needs: Resources) -> bool:
    return cpus_on(host, needs) <= host.cpus and (needs.memory or 0) <= host.memory
