"""A cell in its place, and what runs have found out about its code. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from phelps_jupyter.core.model import Bindings, CellId, Task


@dataclass(frozen=True, slots=True)
class Learned:
    """What runs found about a cell's code."""

    added: frozenset[str] = frozenset()
    """Names that some run has changed in place, foreseen or not, or that it bound unforeseen."""
    denied: frozenset[str] = frozenset()
    """Names that the code seems to change in place, and that no run has changed."""
    read: frozenset[str] = frozenset()
    """Files that it was seen to read, folders that it listed, and paths that it looked for."""
    wrote: frozenset[str] = frozenset()
    """Files that it was seen to write."""
    same: frozenset[str] = frozenset()
    """What it was seen to bind to an object that has another name: ``b a`` where ``a`` is its name from above, ``b #1``
    where the cell has made it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A code cell in its place. ``index``: 0-based, among the code cells."""

    cell: CellId
    index: int
    task: Task | None
    bindings: Bindings
    source: str = ""
    """The cell as it is written."""
