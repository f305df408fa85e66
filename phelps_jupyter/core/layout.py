"""Where the nodes of a graph stand: in layers, each below all that it needs. Pure: nodes in, places out.

The same as the front end's (labextension/src/layout.ts), for pictures of places where nothing runs; the same cases test
both. A node's place hangs on what comes before it alone, so a leaf that is appended moves nothing. Edges over several
layers keep a column free in those between, so that they pass beside nodes and not behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Place:
    """Both from 0."""

    layer: int
    column: int


@dataclass(frozen=True, slots=True)
class Edge:
    """From what is needed to who needs it. ``way``: all places it goes through, its ends included."""

    source: str
    target: str
    way: tuple[Place, ...]

    @property
    def steps(self) -> Iterator[tuple[Place, Place]]:
        """The way, one layer after the other."""
        return pairwise(self.way)


@dataclass(slots=True)
class Layout:
    """All nodes and edges with their places."""

    places: dict[str, Place] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    _taken: list[set[int]] = field(default_factory=list)

    @property
    def layers(self) -> int:
        """How many there are."""
        return len(self._taken)

    @property
    def columns(self) -> int:
        """How many there are in the widest layer."""
        return max((max(columns) + 1 for columns in self._taken), default=0)

    def put(self, name: str, needs: Sequence[str]) -> None:
        """Place a node below those of ``needs`` that are placed already."""
        above = [need for need in dict.fromkeys(needs) if need in self.places]
        parents = [self.places[need] for need in above]
        layer = max((parent.layer for parent in parents), default=-1) + 1
        wish = _middle([parent.column for parent in parents])
        mine = self.places[name] = self._claim(layer, wish)
        for need in above:
            self.edges.append(Edge(need, name, self._way(self.places[need], mine)))

    def _claim(self, layer: int, wish: int) -> Place:
        """The nearest free column; the right one of two."""
        while len(self._taken) <= layer:
            self._taken.append(set())
        taken = self._taken[layer]
        column = next(column for column in _outwards(wish) if column not in taken)
        taken.add(column)
        return Place(layer, column)

    def _way(self, start: Place, end: Place) -> tuple[Place, ...]:
        """It keeps its column as long as that is free."""
        way = [start]
        for layer in range(start.layer + 1, end.layer):
            way.append(self._claim(layer, way[-1].column))
        return (*way, end)


def layout(needs: Mapping[str, Sequence[str]]) -> Layout:
    """Nodes with the names that each needs; those that are not there are ignored, a cycle is cut where it closes."""
    made = Layout()
    for name in _in_order(needs):
        made.put(name, needs[name])
    return made


def _middle(columns: Sequence[int]) -> int:
    # As JavaScript rounds: halves up.
    return int(sum(columns) / len(columns) + 0.5) if columns else 0


def _outwards(wish: int) -> Iterator[int]:
    step = 0
    yield wish
    while True:
        step += 1
        yield wish + step
        if wish >= step:
            yield wish - step


def _in_order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Each after what it needs, else as they are given."""
    found: list[str] = []
    seen: set[str] = set()
    for start in needs:
        stack = [] if start in seen else [(start, iter(needs[start]))]
        seen.add(start)
        while stack:
            name, rest = stack[-1]
            following = next((need for need in rest if need in needs and need not in seen), None)
            if following is None:
                found.append(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(needs[following])))
    return found
