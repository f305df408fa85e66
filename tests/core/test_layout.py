"""Where nodes of a graph stand: the front end's tests read the same cases."""

from __future__ import annotations

import json
import random
from pathlib import Path

from phelps_jupyter.core.layout import Layout, layout

FIXTURE = Path(__file__).parents[2] / "labextension" / "fixtures" / "layout.json"


def tangled(count: int, seed: int) -> dict[str, list[str]]:
    """Each needs up to three of those before it."""
    chance = random.Random(seed)
    return {
        f"t{at}": sorted({f"t{max(0, at - 1 - chance.randrange(8))}" for _ in range(chance.randrange(4))} if at else ())
        for at in range(count)
    }


CASES = {
    "chain": {"a": [], "b": ["a"], "c": ["b"]},
    "diamond": {"a": [], "left": ["a"], "right": ["a"], "end": ["left", "right"]},
    "passing": {"a": [], "b": ["a"], "c": ["b"], "end": ["a", "c"]},
    "backwards": {"last": ["first"], "first": []},
    "cycle": {"a": ["b", "nowhere"], "b": ["a", "a"]},
    "tangled": tangled(40, 7),
    "empty": {},
}


def plain(made: Layout) -> dict[str, object]:
    return {
        "places": {name: [place.layer, place.column] for name, place in made.places.items()},
        "edges": [[edge.source, edge.target, *([at.layer, at.column] for at in edge.way)] for edge in made.edges],
        "size": [made.layers, made.columns],
    }


def test_the_front_end_lays_graphs_out_alike() -> None:
    told = {name: {"needs": needs, **plain(layout(needs))} for name, needs in CASES.items()}
    assert told == json.loads(FIXTURE.read_text()), f"{FIXTURE.name} should be:\n{json.dumps(told)}"


def test_no_two_nodes_and_no_passing_edge_share_a_place() -> None:
    made = layout(tangled(300, 11))
    taken = [*made.places.values(), *(at for edge in made.edges for at in edge.way[1:-1])]
    assert len(set(taken)) == len(taken)


def test_each_step_of_an_edge_goes_one_layer_down() -> None:
    steps = [step for edge in layout(tangled(100, 3)).edges for step in edge.steps]
    assert steps
    assert all(end.layer == start.layer + 1 for start, end in steps)


def test_a_long_chain_does_not_overflow() -> None:
    chain = {f"t{at}": [f"t{at + 1}"] for at in range(5000)}
    assert layout(chain).layers == 5000
