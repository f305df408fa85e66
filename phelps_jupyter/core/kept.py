"""A notebook's parses and its graph as plain data, and back: what a later look at the same text need not find out anew.

Plain are tuples, dicts, frozen sets, texts and numbers, so that they can be written without a pickle. Knows no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Bindings, Cell, Digest, Options, Resources, Task, TaskName
from phelps_jupyter.core.nodes import Learned, Node
from phelps_jupyter.core.notebook import Declared

Plain = tuple[Any, ...]

_LINKS = tuple(field.name for field in fields(Graph) if field.name not in ("nodes", "problems", "repeatable"))
"""All of a graph but its nodes, its problems and what another pass need not find anew."""

_learned = attrgetter(*(field.name for field in fields(Learned)))
_bindings = attrgetter(*(field.name for field in fields(Bindings)))
_options = attrgetter(*(field.name for field in fields(Options)))
_resources = attrgetter(*(field.name for field in fields(Resources)))
_links = attrgetter(*_LINKS)
_AT_RESOURCES = [field.name for field in fields(Options)].index("resources")


def to_plain(graph: Graph, learned: Mapping[Digest, Learned]) -> Plain:
    """A graph and what it was built with. Where a cell has a problem, only the parses are kept."""
    cells = [(node.cell, node.source, _task(node.task), _bindings(node.bindings)) for node in graph.nodes.values()]
    return cells, _plain_learned(learned), None if graph.problems else _links(graph)


def _plain_learned(learned: Mapping[Digest, Learned]) -> dict[str, Plain]:
    return {code: _learned(found) for code, found in learned.items()}


def _task(task: Task | None) -> Plain | None:
    if task is None:
        return None
    told = list(_options(task.options))
    told[_AT_RESOURCES] = _resources(task.options.resources)
    return task.name, tuple(told), task.body


@dataclass(slots=True)
class Kept:
    """What an earlier look has kept."""

    plain: Plain

    def graph(self, cells: Sequence[Cell], learned: Mapping[Digest, Learned]) -> Graph | None:
        """The graph, if it was built from these very cells and this learning."""
        found, learnt, links = self.plain
        same = len(found) == len(cells) and all(
            told[1] == cell.source and told[0] == cell.id for told, cell in zip(found, cells, strict=True)
        )
        if links is None or not same or learnt != _plain_learned(learned):
            return None
        options: dict[Plain, Options] = {}
        nodes = {}
        for index, (cell, (_, _, task, told)) in enumerate(zip(cells, found, strict=True)):
            bindings = Bindings(*told)
            declared = task and Task(TaskName(task[0]), cell.id, task[2], _made(task[1], options), bindings)
            nodes[cell.id] = Node(cell.id, index, declared, bindings, cell.source)
        return Graph(nodes=nodes, **dict(zip(_LINKS, links, strict=True)))

    def parses(self) -> dict[str, Declared]:
        """What each source declares."""
        options: dict[Plain, Options] = {}
        found = {}
        for _, source, task, told in self.plain[0]:
            name, asked, body = task or (None, None, source)
            made = Options() if asked is None else _made(asked, options)
            found[source] = Declared(name, made, body, Bindings(*told))
        return found


def _made(told: Plain, known: dict[Plain, Options]) -> Options:
    if told not in known:
        values = list(told)
        values[_AT_RESOURCES] = Resources(*values[_AT_RESOURCES])
        known[told] = Options(*values)
    return known[told]
