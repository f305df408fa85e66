"""Stretches: steps in a row, repeated as one while their cells are the same and what they need from above still holds.

Knows steps; nothing of how one is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from phelps_jupyter.core.model import CellId, Digest
from phelps_jupyter.core.nodes import Node
from phelps_jupyter.core.steps import Step

LENGTH = 32
"""Cells of one: an edit costs what one has, and what there are of them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cells in a row that are all steps, in the places where they stood."""

    nodes: Sequence[Node]
    steps: Mapping[CellId, Step]
    given: Mapping[str, CellId | None]
    """The names that they read from above them -> the cell that provides each."""
    free: frozenset[str]
    """Names that they read, and that are there though no cell above provides them."""
    names: frozenset[str]
    """All that have a provider in one of them."""
    codes: frozenset[Digest]
    inputs: Mapping[CellId, dict[str, CellId | None]]
    writes: Mapping[CellId, frozenset[str]]
    binds: Mapping[str, CellId]
    """The names that they provide to those below -> the last of them that does."""
    private: Sequence[CellId]
    """Those that bind names with a leading underscore."""

    def holds(self, nodes: Sequence[Node], current: Mapping[str, CellId], beyond: Set[Digest]) -> bool:
        """Whether these are its cells, and get the same. ``current``: who provides each name above them; ``beyond``:
        codes that do more than they say, as runs have shown."""
        return (
            self.nodes == nodes
            and self.given.items() <= current.items()
            and current.keys().isdisjoint(self.free)
            and beyond.isdisjoint(self.codes)
        )


def stretch_of(nodes: Sequence[Node], found: Mapping[CellId, Step]) -> Stretch | None:
    """These cells as one; None: one of them is no step."""
    steps = {node.cell: step for node in nodes if (step := found.get(node.cell)) is not None}
    if len(steps) < len(nodes):
        return None
    given: dict[str, CellId | None] = {}
    binds: dict[str, CellId] = {}
    for step in steps.values():
        given.update({name: provider for name, provider in step.inputs.items() if name not in binds})
        binds.update(step.binds)
    return Stretch(
        nodes=nodes,
        steps=steps,
        given=given,
        free=frozenset().union(*(step.free for step in steps.values())),
        names=frozenset().union(*(step.names for step in steps.values())),
        codes=frozenset(node.bindings.code for node in nodes),
        inputs={cell: step.inputs for cell, step in steps.items()},
        writes={cell: step.writes for cell, step in steps.items()},
        binds=binds,
        private=[cell for cell, step in steps.items() if step.private],
    )


@dataclass(slots=True)
class Repeatable:
    """What a pass through the cells of a document leaves for another one."""

    steps: dict[CellId, Step] = field(default_factory=dict)
    stretches: dict[CellId, Stretch] = field(default_factory=dict)
    """By the first cell of each."""
