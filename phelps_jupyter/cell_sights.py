"""What plain cells were seen to use of the file system, by what they rested on then. Knows no cell, and runs nothing.

A cell of one lineage may have seen several things, one at a time: it still gives what it gave then while one of them
is as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from phelps_jupyter.adapters.files import Files
from phelps_jupyter.core.freshness import Reason, changed
from phelps_jupyter.core.lineage import UNSEEN, sights_digest
from phelps_jupyter.core.model import CellId, Digest, Part, Seen
from phelps_jupyter.ports import Index

Conditions = tuple[Part, ...]

KEPT = 5
"""Of one lineage, the latest."""


class CellSights:
    """Of one notebook's folder. Works in memory until it is connected to the index."""

    def __init__(self, index: Index | None = None) -> None:
        self._known: dict[Digest, Sequence[Conditions]] = {}
        self._index: Index | None = None
        self._lock = threading.Lock()
        if index is not None:
            self.connect(index)

    def connect(self, index: Index) -> None:
        """Take over what the index knows, and give it what was seen so far. Errors: StoreError."""
        with self._lock:
            seen, self._known = self._known, dict(index.cell_sights())
            self._index = index
        for lineage, sets in seen.items():
            for conditions in reversed(sets):
                self.note(lineage, conditions)

    def note(self, lineage: Digest, conditions: Conditions) -> None:
        """A cell of this lineage, what it used apart, has run. Errors: StoreError."""
        with self._lock:
            known = self._known.get(lineage, ())
            if known[:1] == (conditions,) or not (known or conditions):
                return
            sets = (conditions, *(one for one in known if one != conditions))[:KEPT]
            self._known[lineage] = sets
            if self._index is not None:
                self._index.remember_cell_sights(lineage, sets)

    def known(self, lineage: Digest) -> bool:
        """Whether a cell of this lineage was seen to use anything."""
        return lineage in self._known

    def of(self, lineage: Digest) -> Sequence[Conditions]:
        """What cells of this lineage were seen to use, latest first; empty: nothing."""
        return self._known.get(lineage, ())


@dataclass(frozen=True, slots=True)
class SightsLook:
    """One look at whether what plain cells have used is as it was."""

    sights: CellSights
    files: Files
    settled: Callable[[CellId], bool] = bool
    """Whether the tasks that write what a cell reads have written it."""
    stood: dict[Part, None] = field(default_factory=dict)
    """All that was found as it was."""
    moved: dict[CellId, Reason] = field(default_factory=dict)
    """For cells of whose sights nothing stands: what has changed."""

    def of(self, cell: CellId, lineage: Digest) -> Digest | None:
        """The digest of what the cell saw last, of all that is as it was; None when nothing of it is."""
        sets = self.sights.of(lineage)
        if not sets:
            return UNSEEN
        if not self.settled(cell):
            return None
        standing = next((one for one in sets if self.files.broken(Seen(one)) is None), None)
        if standing is None:
            condition = self.files.broken(Seen(sets[0]))
            if condition is not None:
                self.moved[cell] = changed(condition, self.files.now(condition))
            return None
        self.stood.update(dict.fromkeys(standing))
        return sights_digest(standing)
