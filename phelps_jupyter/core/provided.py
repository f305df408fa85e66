"""What a pass through the cells has found so far, and in the end: who provides what. Finds nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phelps_jupyter.core.carried import Carried, Objects
from phelps_jupyter.core.model import CellId
from phelps_jupyter.core.stretches import Repeatable, Stretch


@dataclass(slots=True)
class Lack:
    """A name that a cell reads, and that it can't or must not have. ``deleted_by``: the cell above that deletes it."""

    name: str
    deleted_by: CellId | None = None
    undeclared: bool = False
    """It is there, but ``--in`` does not say so."""


@dataclass(frozen=True, slots=True)
class Flood:
    """Who provides each name to a cell that may bind any; ``unknown``: the next such cell above."""

    current: Mapping[str, CellId]
    deleted: frozenset[str]
    unknown: CellId | None

    def provider(self, name: str) -> CellId | None:
        """Who provides the name, where this cell leaves it as it is."""
        return self.current.get(name) or (None if name in self.deleted else self.unknown)


@dataclass(slots=True)
class Providers:
    """The outcome, and the state of the pass."""

    inputs: dict[CellId, dict[str, CellId | None]] = field(default_factory=dict)
    writes: dict[CellId, frozenset[str]] = field(default_factory=dict)
    optionals: dict[CellId, frozenset[str]] = field(default_factory=dict)
    lacks: dict[CellId, list[Lack]] = field(default_factory=dict)
    current: dict[str, CellId] = field(default_factory=dict)
    """Name -> the cell that provides it here."""
    deleted: dict[str, CellId] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    definitions: set[str] = field(default_factory=set)
    unknown: CellId | None = None
    """The nearest cell above that may bind names nobody knows."""
    floods: dict[CellId, Flood] = field(default_factory=dict)
    """Cells that may bind any name at all, with what stood above them."""
    carried: Carried = field(default_factory=Carried)
    objects: Objects = field(default_factory=Objects)
    private: list[CellId] = field(default_factory=list)
    """Cells that bind names with a leading underscore."""
    demanded: dict[CellId, set[str]] = field(default_factory=dict)
    """Cell -> names that cells below read from it; for cells of which that decides what they read or provide."""
    called: dict[CellId, frozenset[str]] = field(default_factory=dict)
    """Cell -> what it may change though it does not say so: by functions that it calls, or by another name."""
    unforeseen: dict[CellId, frozenset[str]] = field(default_factory=dict)
    """Task's cell -> names that runs have seen it bind, or leave as they are, though its code does not say so."""
    uptodate: dict[CellId, dict[str, CellId]] = field(default_factory=dict)
    """Cell -> what its `--uptodate` reads, also through functions -> who provides that."""
    passed: dict[CellId, dict[str, CellId | None]] = field(default_factory=dict)
    """Cell -> names that it may leave as they are -> who provides them to it."""
    noted: set[str] = field(default_factory=set)
    """Names of which more may be known here than who provides them."""
    repeatable: Repeatable = field(default_factory=Repeatable)
    """For another pass through these cells: what it need not find anew."""

    def repeat(self, stretch: Stretch) -> None:
        """Go through its cells at once."""
        self.inputs.update(stretch.inputs)
        self.writes.update(stretch.writes)
        self.repeatable.steps.update(stretch.steps)
        self.current.update(stretch.binds)
        self.private.extend(stretch.private)

    def above(self, name: str) -> CellId | None:
        """Who provides the name here, or may do so."""
        return self.current.get(name) or (None if name in self.deleted else self.unknown)
