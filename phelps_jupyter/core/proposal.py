"""What a plain cell would be as a task: a name for it, what it would read and give. Changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId

_PRIVATE = re.compile(r"_|.*\W")


@dataclass(frozen=True, slots=True)
class Proposal:
    """``reads``: names of cells above; ``gives``: names that it binds, in the order in which its text has them."""

    name: str
    reads: tuple[str, ...]
    gives: tuple[str, ...]


def proposal(graph: Graph, cell: CellId) -> Proposal | None:
    """What the cell would be as a task; None: it is one already, or can't be parsed."""
    node = graph.nodes[cell]
    if node.task is not None or node.bindings.error:
        return None
    places = {name: node.source.find(name) for name in graph.writes[cell] if not _PRIVATE.match(name)}
    gives = tuple(sorted(places, key=lambda name: (places[name], name)))
    reads = tuple(sorted(name for name, provider in graph.inputs[cell].items() if provider is not None))
    return Proposal(_unused(gives[-1] if gives else "task", graph), reads, gives)


def _unused(name: str, graph: Graph) -> str:
    found, number = name, 1
    while found in graph.tasks:
        number += 1
        found = f"{name}_{number}"
    return found
