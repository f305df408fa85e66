"""Runs that are ready, the most urgent first. Knows which fits now only by asking the fleet.

A run that fits nowhere now lets less urgent ones go before it. So that this does not go on for ever, a host is kept
for those that ask for what it asks for, once they have been overtaken for long. What is lost while a host empties is
then a small part of what was won by not waiting.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from phelps_jupyter.core.model import EngineId, HostId, Resources, RunId
from phelps_jupyter.core.placement import Fleet
from phelps_jupyter.core.room import Room, cpus_on
from phelps_jupyter.core.runs import Run

_Entry = tuple[tuple[bool, float, int], int, Run]
"""Urgency, a serial number that no other entry has, and the run."""

Near = Callable[[Run], Mapping[HostId, int]]
"""Tells how many bytes of what a run reads each host has at hand; nothing where it makes no difference."""

PATIENCE = 10.0
"""A host is kept for those that were overtaken for so many times as long as it takes to have room for one."""


@dataclass(slots=True, eq=False)
class _Line:
    """Runs that ask for the same."""

    needs: Resources
    heap: list[_Entry] = field(default_factory=list)
    """Also of entries that no longer count: of runs that were renewed, placed or discarded."""
    hosts: dict[HostId, None] | None = None
    """Those that may have room for one; None: nobody has asked yet."""
    overtaken: float | None = None
    """Since when less urgent runs have gone before these; None: none has, since one of these was placed."""
    look_at: float = 0.0
    """When to look next whether it has lasted long."""


@dataclass(slots=True, eq=False)
class _Kept:
    """A host is kept for the runs of a line; others go there if they end before one of these could start without them.

    Were those counted that have gone there since, each that takes longer than it should would let others in, for ever.
    """

    line: _Line
    host: HostId
    since: float
    begun_by: float
    """What has begun by then is waited for."""
    start: float = math.inf
    """When what is waited for has ended, as far as one can tell."""

    def look(self, fleet: Fleet, at: float) -> None:
        self.start = fleet.rooms[self.host].free_at(self.line.needs, at, begun_by=self.begun_by)
        if self.start == math.inf:
            # While other kernels have not given way, it goes on taking what there is.
            self.begun_by = at


class ReadyRuns:
    """One line for each set of resources asked for, so that one run that fits nowhere now stands in nobody's way."""

    def __init__(self) -> None:
        self._entries: dict[RunId, _Entry] = {}
        """The entry that counts of each run."""
        self._lines: dict[Resources, _Line] = {}
        self._kept: _Kept | None = None
        self._made = 0
        self._stirred = False
        """Whether anything may be placed that could not be when it was tried last."""

    def __bool__(self) -> bool:
        return bool(self._entries)

    def all(self) -> list[Run]:
        """Every ready run, in no order."""
        return [run for _, _, run in self._entries.values()]

    def shapes(self) -> list[Resources]:
        """Every set of resources that ready runs ask for."""
        return [line.needs for line in list(self._lines.values()) if self._clear(line)]

    def wanted(self, most: int, held: int = 0) -> int:
        """Cpus that ready runs could use, ``most`` at most; those that wait for ``held`` of ours could use none."""
        wanted = 0
        for _, _, run in self._entries.values():
            if wanted >= most:
                break
            cpus = most if run.resources.cpus == "all" else run.resources.cpus
            wanted += cpus if min(cpus, most) + held <= most else 0
        return min(wanted, most)

    def wide(self, room: Room) -> Run | None:
        """Of the runs that take several cpus at once, and wait for those of this host that others hold, the first."""
        waiting = [
            line.heap[0][2] for line in list(self._lines.values()) if self._clear(line) and self._asks(line, room)
        ]
        return min(waiting, key=lambda run: (run.ready_at, run.id), default=None)

    def _asks(self, line: _Line, room: Room) -> bool:
        if cpus_on(room.host, line.needs) == 1:
            return False
        # Where the host is kept for them, what we hold ourselves is on its way out.
        kept = self._kept is not None and self._kept.line is line and self._kept.host == room.host.id
        return kept or (room.suits(line.needs) and room.lacks_only_cpus(line.needs))

    def add(self, run: Run) -> None:
        """The run may be placed."""
        self._made += 1
        self._stirred = True
        entry = self._entries[run.id] = (run.urgency, self._made, run)
        if run.resources not in self._lines:
            self._lines[run.resources] = _Line(run.resources)
        heapq.heappush(self._lines[run.resources].heap, entry)

    def renew(self, run: Run) -> None:
        """Its urgency changed."""
        if run.id in self._entries and self._entries[run.id][0] != run.urgency:
            self.add(run)

    def discard(self, run: Run) -> None:
        """It is not to be placed any more."""
        if self._entries.pop(run.id, None) is not None:
            self._stirred = True

    def place_on(self, fleet: Fleet, at: float, near: Near = lambda _: {}) -> Iterator[tuple[Run, EngineId]]:
        """Place runs until no engine is free or none of them fits; each comes with its engine."""
        eased = fleet.eased()
        if not (eased or self._stirred):
            return
        self._stirred = False
        for line in self._lines.values():
            if line.hosts is None:
                line.hosts = dict(fleet.open)
            else:
                line.hosts.update(eased)
        self._keep(fleet, at, eased)
        able, last = self._able(), None
        while able:
            top, line = able[0]
            engine = self._place(top[2], line, fleet, at, near)
            if engine is None:
                heapq.heappop(able)
                continue
            last, line.overtaken = top, None
            del self._entries[top[2].id]
            top[2].attempt += 1
            if self._kept is not None and line is self._kept.line:
                self._offer(self._kept, fleet, at)
                able = self._able()
            elif self._clear(line):
                heapq.heapreplace(able, (line.heap[0], line))
            else:
                heapq.heappop(able)
            yield top[2], engine
        if last is not None:
            self._note_overtaken(last, at)

    def _able(self) -> list[tuple[_Entry, _Line]]:
        """The lines for which a host may have room, as a heap, by their most urgent run."""
        able = [(line.heap[0], line) for line in list(self._lines.values()) if line.hosts and self._clear(line)]
        heapq.heapify(able)
        return able

    def _place(self, run: Run, line: _Line, fleet: Fleet, at: float, near: Near) -> EngineId | None:
        kept = self._kept
        assert line.hosts is not None
        if kept is not None and line is not kept.line and at + run.seconds >= kept.start:
            line.hosts.pop(kept.host, None)
        return fleet.place((run.id, run.attempt + 1), run.resources, line.hosts, at, run.seconds, near(run))

    def _note_overtaken(self, last: _Entry, at: float) -> None:
        """``last``: the least urgent that was placed. All lines have been tried."""
        for line in list(self._lines.values()):
            if line.overtaken is None and self._clear(line) and line.heap[0] < last:
                line.overtaken, line.look_at = at, at + line.heap[0][2].seconds

    def _clear(self, line: _Line) -> bool:
        """Take away what no longer counts before the first that does; whether there is one. A line of none is gone."""
        heap = line.heap
        while heap and self._entries.get(heap[0][2].id) is not heap[0]:
            heapq.heappop(heap)
        if not heap and self._lines.get(line.needs) is line:
            del self._lines[line.needs]
        return bool(heap)

    def _keep(self, fleet: Fleet, at: float, eased: dict[HostId, None]) -> None:
        """Keep a host for those that were overtaken for too long; or go on to, or do so no more."""
        if self._kept is not None:
            self._keep_on(self._kept, fleet, at, eased)
        if self._kept is not None or not eased:
            return
        for line in list(self._lines.values()):
            if line.overtaken is not None and at >= line.look_at and self._clear(line):
                found = fleet.soonest(line.needs, at)
                line.look_at = at + line.heap[0][2].seconds
                if found is not None and at - line.overtaken >= PATIENCE * (found[0] - at):
                    self._kept = _Kept(line, found[1], at, at)
                    self._kept.look(fleet, at)
                    return

    def _keep_on(self, kept: _Kept, fleet: Fleet, at: float, eased: dict[HostId, None]) -> None:
        """As long as there are runs that waited when it began: one host that is empty serves them all."""
        needs, room = kept.line.needs, fleet.rooms.get(kept.host)
        waited = self._clear(kept.line) and kept.line.heap[0][2].ready_at <= kept.since
        if not waited or room is None or not room.suits(needs):
            self._kept = None
            self._open(kept.host)
        elif kept.host in eased or at >= kept.start:
            kept.look(fleet, at)

    def _offer(self, kept: _Kept, fleet: Fleet, at: float) -> None:
        """One more of those it is kept for has been placed: until the next one can be, there may be room for others."""
        kept.begun_by = at
        kept.look(fleet, at)
        self._open(kept.host)

    def _open(self, host: HostId) -> None:
        for line in self._lines.values():
            assert line.hosts is not None
            line.hosts[host] = None
