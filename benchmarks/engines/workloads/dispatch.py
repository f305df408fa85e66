"""Many small tasks: what a tool costs by itself."""

from __future__ import annotations

import random
from collections.abc import Mapping

from benchmarks.engines import bodies, graph
from benchmarks.engines.graph import Graph, Node
from benchmarks.engines.session import SLOTS
from benchmarks.engines.workload import Row, Trial, Workload

MS = 1000.0
NOOP = Row("no-op, per task", "ms", MS)
TRIP = Row("submit and wait, per task", "ms", MS)
HOP = Row("chain, per hop", "ms", MS)
DAG = Row("random graph of 10 ms of CPU, efficiency", "", 1.0)
SKEW_FLAT = Row("one long task last, efficiency", "", 1.0)
SKEW_CHAIN = Row("a long chain last, efficiency", "", 1.0)
CPUS = Row("tasks of 1 and 2 cpus mixed, use of 2 cpus", "", 1.0)


def _noops(trial: Trial) -> None:
    count = trial.sized(1_000, 5)
    with trial.session() as session:
        for _ in trial.runs:
            trial.note(NOOP, session.many(count).seconds / count)


def _trips(trial: Trial) -> None:
    count = trial.sized(200, 5)
    with trial.session() as session:
        for _ in trial.runs:
            trial.note(TRIP, session.trips(count).seconds / count)


def _chain(trial: Trial) -> None:
    count = trial.sized(200, 5)
    nodes = graph.chain(count)
    with trial.session() as session:
        for _ in trial.runs:
            ran = session.graph(nodes)
            _expect(ran.results == {count - 1: count}, f"the chain gave {ran.results}")
            trial.note(HOP, ran.seconds / count)


def _dag(trial: Trial) -> None:
    nodes = graph.layers(trial.sized(1_000, 20), 0.010)
    with trial.session() as session:
        for _ in trial.runs:
            trial.note(DAG, graph.ideal(nodes, SLOTS) / session.graph(nodes).seconds)


def _skew(trial: Trial) -> None:
    count = trial.sized(40, 8)
    for row, nodes in ((SKEW_FLAT, _long_last(count)), (SKEW_CHAIN, _chain_last(count // 2))):
        with trial.session(remembers=True) as session:
            # Whoever learns how long tasks take learns it here.
            session.graph(nodes)
            for _ in trial.runs:
                trial.note(row, graph.ideal(nodes, SLOTS) / session.graph(nodes).seconds)


def _long_last(count: int) -> Graph:
    """The last task takes half as long as all others."""
    seconds = 0.05 * count / 2
    return [*graph.independent(count, 0.05), Node(count, bodies.nap, (seconds,), seconds=seconds)]


def _chain_last(count: int) -> Graph:
    """The last tasks, half as many, stand in a row and take twice as long each."""
    nodes = graph.independent(count, 0.05)
    for number in range(count, count + count // 2):
        above = (number - 1,) if number > count else ()
        nodes.append(Node(number, bodies.nap, (0.1,), above, seconds=0.1))
    return nodes


def _cpus(trial: Trial) -> None:
    wide = trial.sized(10, 2)
    cpus = [2] * wide + [1] * (2 * wide)
    random.Random(3).shuffle(cpus)
    nodes = [Node(number, bodies.nap, (0.1,), cpus=many, seconds=0.1) for number, many in enumerate(cpus)]
    with trial.session(counts_cpus=True) as session:
        for _ in trial.runs:
            ran = session.graph(nodes)
            _expect(_most(nodes, ran.results) <= SLOTS, "more cpus were in use than there are")
            trial.note(CPUS, graph.ideal(nodes, SLOTS) / ran.seconds)


def _most(nodes: Graph, spans: Mapping[int, bodies.Span]) -> int:
    """The most cpus in use at once."""
    changes = sorted(
        change for node in nodes for change in ((spans[node.number][0], node.cpus), (spans[node.number][1], -node.cpus))
    )
    used = [0]
    for _, cpus in changes:
        used.append(used[-1] + cpus)
    return max(used)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(otherwise)


WORKLOADS = (
    Workload("noops", (NOOP,), _noops),
    Workload("trips", (TRIP,), _trips),
    Workload("chain", (HOP,), _chain),
    Workload("dag", (DAG,), _dag),
    Workload("skew", (SKEW_FLAT, SKEW_CHAIN), _skew),
    Workload("cpus", (CPUS,), _cpus),
)
