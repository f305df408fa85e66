"""Runs that are ready, the most urgent first. Knows which fits now only by asking the fleet."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from phelps_jupyter.core.model import EngineId, Resources, RunId
from phelps_jupyter.core.placement import Fleet
from phelps_jupyter.core.runs import Run

_Entry = tuple[tuple[bool, float, int], int, Run]
"""Urgency, a serial number that no other entry has, and the run."""


class ReadyRuns:
    """One heap for each set of resources asked for, so that one run that fits nowhere now stands in nobody's way.

    A heap also holds entries that no longer count: of runs that were renewed, placed or discarded.
    """

    def __init__(self) -> None:
        self._entries: dict[RunId, _Entry] = {}
        """The entry that counts of each run."""
        self._heaps: dict[Resources, list[_Entry]] = {}
        self._made = 0

    def __bool__(self) -> bool:
        return bool(self._entries)

    def all(self) -> list[Run]:
        """Every ready run, in no order."""
        return [run for _, _, run in self._entries.values()]

    def add(self, run: Run) -> None:
        """The run may be placed."""
        self._made += 1
        entry = self._entries[run.id] = (run.urgency, self._made, run)
        heapq.heappush(self._heaps.setdefault(run.resources, []), entry)

    def renew(self, run: Run) -> None:
        """Its urgency changed."""
        if run.id in self._entries and self._entries[run.id][0] != run.urgency:
            self.add(run)

    def discard(self, run: Run) -> None:
        """It is not to be placed any more."""
        self._entries.pop(run.id, None)

    def place_on(self, fleet: Fleet) -> Iterator[tuple[Run, EngineId]]:
        """Place runs until no engine is free or none of them fits; each comes with its engine."""
        passed: set[Resources] = set()
        while fleet.idle and (run := self._most_urgent(passed)) is not None:
            engine = fleet.place((run.id, run.attempt + 1), run.resources)
            if engine is None:
                passed.add(run.resources)
                continue
            self.discard(run)
            run.attempt += 1
            yield run, engine

    def _most_urgent(self, passed: set[Resources]) -> Run | None:
        tops = [self._top(resources) for resources in list(self._heaps) if resources not in passed]
        best = min((top for top in tops if top is not None), default=None)
        return None if best is None else best[2]

    def _top(self, resources: Resources) -> _Entry | None:
        heap = self._heaps[resources]
        while heap:
            if self._entries.get(heap[0][2].id) is heap[0]:
                return heap[0]
            heapq.heappop(heap)
        del self._heaps[resources]
        return None
