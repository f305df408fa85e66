"""Which values that tasks read a plain cell changes in place, by digests before and after. Knows nothing of code."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.harvest import FIXED, OPAQUE

PATIENCE = 0.1
"""Seconds: a value that takes longer is not looked at again, or each cell that mentions it would take so long."""


@dataclass(slots=True)
class PlainChanges:
    """One per kernel. Cells may run within cells (`%phelps run`)."""

    names: Mapping[str, object]
    """The kernel's."""
    # By their ids, so that what a cell lets go is gone at once: it may fill the memory.
    _before: dict[CellId, dict[str, tuple[int, str]]] = field(default_factory=dict)
    _slow: dict[str, int] = field(default_factory=dict)

    def begin(self, graph: Graph, cell: CellId) -> None:
        """The cell is about to run."""
        self._slow = {name: one for name, one in self._slow.items() if id(self.names.get(name)) == one}
        watched = self._watched(graph, cell)
        self._before[cell] = {name: (id(value), self._digest(name, value)) for name, value in watched}

    def end(self, cell: CellId) -> frozenset[str]:
        """The cell has run: the names whose objects it has changed."""
        return frozenset(
            name
            for name, (one, before) in self._before.pop(cell, {}).items()
            if before and id(value := self.names.get(name)) == one and digest(value).digest != before
        )

    def _watched(self, graph: Graph, cell: CellId) -> Iterator[tuple[str, object]]:
        """What the cell reads, and tasks below as well; without a call nothing changes that its text does not show."""
        index = graph.nodes[cell].index
        if not graph.nodes[cell].bindings.calls:
            return
        below = [task for task in graph.tasks.values() if graph.nodes[task].index > index]
        wanted = {id(self.names[name]) for task in below for name in graph.inputs[task] if name in self.names}
        for name, provider in graph.inputs[cell].items():
            value = self.names.get(name)
            foreseen = provider is None or name in graph.writes[cell]
            if not foreseen and id(value) in wanted and not isinstance(value, (*FIXED, FunctionType, type)):
                yield name, value

    def _digest(self, name: str, value: object) -> str:
        """Empty where there is none, or where it takes too long."""
        if self._slow.get(name) == id(value):
            return ""
        begun = time.perf_counter()
        found = digest(value).digest
        if time.perf_counter() - begun > PATIENCE:
            self._slow[name] = id(value)
        return "" if found.startswith(OPAQUE) else found
