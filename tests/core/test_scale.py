"""A thousand engines and a hundred thousand runs, with losses: all ends well, once, and hardly a cpu is ever idle.

And what the order of runs is worth on few engines, where one can tell what the best order would take.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from random import Random
from statistics import median

import pytest
from cluster import Cluster, Part, mixture
from documents import task

HOSTS = 250
ENGINES = 1_000
RUNS = 100_000
ASKED_AT_ONCE = 10_000


@pytest.fixture
def untraced() -> Iterator[None]:
    """Without what measures coverage, which would take most of the time. Smaller tests cover the same."""
    tracing = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracing)


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("untraced")
def test_a_thousand_engines_and_a_hundred_thousand_runs():
    cluster = Cluster(Random(0), HOSTS, engines=ENGINES // HOSTS, losses=5)
    for number in range(RUNS // ASKED_AT_ONCE):
        cluster.ask(mixture(cluster.dice, f"p{number}", ASKED_AT_ONCE))
        cluster.go_on(until=ENGINES // 2)
    cluster.go_on()
    assert len(cluster.stored) == RUNS
    assert set(cluster.stored.values()) == {1}
    assert sum(cluster.lost.values()) > RUNS / 500
    assert cluster.submits.total() == RUNS + cluster.lost.total()
    assert not cluster.live
    assert cluster.bound / cluster.clock >= 0.95


def test_the_cost_of_an_event_does_not_grow_with_the_number_of_tasks_where_most_do_not_fit():
    assert cost_of_an_event(10_000) < 4 * cost_of_an_event(1_000)


def test_the_cost_of_an_event_does_not_grow_with_the_number_of_hosts():
    assert cost_of_an_event(5_000, hosts=250) < 4 * cost_of_an_event(5_000, hosts=10)


def cost_of_an_event(size: int, hosts: int = 25) -> float:
    """Seconds: the median over chunks of events; with twice as many engines as cpus, so that some are always idle."""
    cluster = Cluster(Random(0), hosts, cpus=4, engines=8)
    cluster.ask(mixture(cluster.dice, "p", size))
    cluster.costs.clear()
    cluster.go_on()
    return median(sum(cluster.costs[place : place + 100]) for place in range(0, len(cluster.costs), 100))


def test_a_long_task_that_is_declared_last_begins_first():
    seconds = {**{f"short{place}": 0.1 for place in range(20)}, "long": 1.0}
    assert finished(seconds, cpus=2).clock <= 1.05 * 1.5


def test_a_long_path_that_is_declared_last_begins_first():
    path = [f"step{place}" for place in range(10)]
    chain = [task(name, *path[max(0, place - 1) : place]) for place, name in enumerate(path)]
    short = [task(f"short{place}") for place in range(20)]
    cluster = Cluster(Random(0), cpus=2)
    cluster.ask(Part([*short, *chain], {one.name: 0.1 for one in [*short, *chain]}))
    cluster.go_on()
    assert cluster.clock <= 1.05 * 1.5


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_tasks_of_one_and_of_two_cpus_leave_hardly_a_cpu_idle(seed, known):
    dice = Random(seed)
    seconds = {f"t{place}": dice.uniform(0.2, 2.0) for place in range(400)}
    wide = [name for name in seconds if dice.randrange(2)]
    cluster = finished(seconds, *wide, cpus=2, known=known)
    assert cluster.work / (cluster.cpus * cluster.clock) >= 0.97


@pytest.mark.parametrize("seed", range(5))
def test_neither_do_they_where_they_read_from_one_another(seed):
    dice = Random(seed)
    names = [f"t{place}" for place in range(400)]
    reads = [[dice.choice(names[:place])] if place > 20 else [] for place in range(400)]
    tasks = [task(name, *above, cpus=dice.choice([1, 2])) for name, above in zip(names, reads, strict=True)]
    cluster = Cluster(Random(seed), cpus=2)
    cluster.ask(Part(tasks, {name: dice.uniform(0.2, 2.0) for name in names}))
    cluster.go_on()
    assert cluster.work / (cluster.cpus * cluster.clock) >= 0.97


@pytest.mark.parametrize("known", [True, False])
def test_a_wide_task_is_not_overtaken_for_ever(known):
    dice = Random(0)
    seconds = {f"narrow{place}": dice.uniform(0.5, 2.0) for place in range(400)}
    cluster = Cluster(Random(0), cpus=2)
    first = list(seconds)[:2]
    cluster.ask(Part([task(name) for name in first], seconds), known=known)
    others = [task("wide", cpus=2), *(task(name) for name in seconds if name not in first)]
    cluster.ask(Part(others, {**seconds, "wide": 2.5}), known=known)
    cluster.go_on()
    overtook = [name for name in seconds if name not in first and cluster.began[name] < cluster.began["wide"]]
    assert overtook
    assert cluster.began["wide"] < cluster.clock / 8


def finished(seconds: Mapping[str, float], *wide: str, cpus: int, known: bool = True) -> Cluster:
    """All at once, on one host. ``wide``: tasks that ask for two cpus."""
    cluster = Cluster(Random(0), cpus=cpus)
    cluster.ask(Part([task(name, cpus=1 + (name in wide)) for name in seconds], seconds), known=known)
    cluster.go_on()
    return cluster
