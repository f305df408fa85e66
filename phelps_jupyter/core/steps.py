"""Cells that do no more than read and bind names: what one was found to read stands while the same cells provide it.

Knows what such a cell looks at, and nothing of how a provider is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from phelps_jupyter.core.carried import Carried
from phelps_jupyter.core.model import Bindings, CellId, Options
from phelps_jupyter.core.nodes import Node

_beyond = attrgetter(
    *("changes", "deletes", "fleeting", "passed", "optional", "imports", "definitions", "deferred", "deferred_writes"),
    *("holds", "aliases", "reads_everything", "binds_unknown"),
)
"""What a cell may do with names beyond reading and binding them."""


_noted = attrgetter("deferred", "returned", "kinds", "imports", "definitions", "deletes")


@dataclass(frozen=True, slots=True)
class Step:
    """Such a cell, where the code of nothing that it reads was known to read or write any name."""

    node: Node
    """The cell where it stood when that was found; it may have moved since."""
    inputs: dict[str, CellId | None]
    """The names that it reads -> the cell that provides each."""
    free: frozenset[str]
    """Names that it reads, and that are there though no cell provides them."""
    writes: frozenset[str]
    """The names that it provides."""
    binds: Mapping[str, CellId]
    """The same names -> the cell itself."""
    names: frozenset[str]
    """All that have a provider here."""
    private: bool
    """Whether a name that it provides has a leading underscore."""

    def is_of(self, node: Node) -> bool:
        """Whether this is the same cell, in whatever place."""
        return self.node.bindings is node.bindings and self.node.task is node.task


def step_of(node: Node, inputs: dict[str, CellId | None], writes: frozenset[str], carried: Carried) -> Step | None:
    """What was found of a cell; None: it may do more than read and bind."""
    bindings, options = node.bindings, node.task.options if node.task is not None else Options()
    if any(_beyond(bindings)) or bindings.error is not None or options.inputs is not None or options.uptodate:
        return None
    if not (inputs.keys() | bindings.calls <= bindings.reads and carried.idle(inputs)):
        return None
    free, private = bindings.reads - inputs.keys(), any(name[0] == "_" for name in writes)
    return Step(node, inputs, free, writes, dict.fromkeys(writes, node.cell), writes | inputs.keys(), private)


def noted_by(bindings: Bindings, aliases: Mapping[str, frozenset[str]]) -> set[str]:
    """The names of which more may be known below a cell than who provides them. ``aliases``: as told and as seen."""
    through = {token.removesuffix("()") for token in bindings.holds}
    return through.union(*_noted(bindings), aliases, *aliases.values())
