"""Tasks and what they need of each other, and the time that a perfect tool would take. Runs nothing."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.engines import bodies


@dataclass(frozen=True, slots=True)
class Node:
    """One task: ``act(*arguments, *results of those above)``. ``seconds``: what it takes by itself."""

    number: int
    act: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    above: tuple[int, ...] = ()
    cpus: int = 1
    seconds: float = 0.0


Graph = Sequence[Node]
"""Nodes; each comes after those above it."""


def below(graph: Graph) -> dict[int, list[int]]:
    """For each node those that read it."""
    found: dict[int, list[int]] = {node.number: [] for node in graph}
    for node in graph:
        for number in node.above:
            found[number].append(node.number)
    return found


def ends(graph: Graph) -> list[int]:
    """The nodes that nobody reads."""
    return [number for number, readers in below(graph).items() if not readers]


def ideal(graph: Graph, slots: int) -> float:
    """Seconds of a list schedule without any overhead: wide tasks first, then whoever has most work ahead."""
    readers, nodes = below(graph), {node.number: node for node in graph}
    ahead = _ahead(graph, readers)
    missing = {node.number: len(node.above) for node in graph}
    ready = [(-node.cpus, -ahead[node.number], node.number) for node in graph if not node.above]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now, free = 0.0, slots
    while ready or running:
        for entry in _fitting(ready, nodes, free):
            free -= nodes[entry].cpus
            heapq.heappush(running, (now + nodes[entry].seconds, entry))
        now, ended = heapq.heappop(running)
        free += nodes[ended].cpus
        for number in readers[ended]:
            missing[number] -= 1
            if not missing[number]:
                heapq.heappush(ready, (-nodes[number].cpus, -ahead[number], number))
    return now


def _ahead(graph: Graph, readers: dict[int, list[int]]) -> dict[int, float]:
    """Seconds from the start of each node to the end of the longest path below it."""
    found: dict[int, float] = {}
    for node in reversed(graph):
        found[node.number] = node.seconds + max((found[number] for number in readers[node.number]), default=0.0)
    return found


def _fitting(ready: list[tuple[int, float, int]], nodes: dict[int, Node], free: int) -> Iterator[int]:
    """Take out of the heap what fits now."""
    passed = []
    while ready and free:
        entry = heapq.heappop(ready)
        if nodes[entry[2]].cpus <= free:
            free -= nodes[entry[2]].cpus
            yield entry[2]
        else:
            passed.append(entry)
    for entry in passed:
        heapq.heappush(ready, entry)


def independent(count: int, seconds: float) -> list[Node]:
    """Naps that need nothing of each other."""
    return [Node(number, bodies.nap, (seconds,), seconds=seconds) for number in range(count)]


def chain(count: int) -> list[Node]:
    """Each adds one to what the one before made."""
    first = Node(0, bodies.inc, (0,))
    return [first, *(Node(number, bodies.inc, (), (number - 1,)) for number in range(1, count))]


def layers(count: int, seconds: float, seed: int = 7, width: int = 25) -> list[Node]:
    """Random layers of CPU work; each task reads one to three of the layer above. The same graph each time."""
    draw = random.Random(seed)
    nodes: list[Node] = []
    above: list[int] = []
    layer: list[int] = []
    for number in range(count):
        takes = seconds * draw.uniform(0.5, 1.5)
        needs = tuple(sorted(draw.sample(above, min(len(above), draw.randint(1, 3)))))
        nodes.append(Node(number, bodies.burn, (takes,), needs, seconds=takes))
        layer.append(number)
        if len(layer) >= draw.randint(width // 2, width * 2):
            above, layer = layer, []
    return nodes
