"""Engines on a host that does not see the project, each test with a host of its own, as that is hurt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hosts
import pytest
from engine_bench import Bench, gave, poll
from hosts import Network, far_cluster

from phelps_jupyter.adapters.ipyparallel import connection_of, supply
from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.ports import Notice
from phelps_jupyter.runtime import objects
from phelps_jupyter.runtime.orders import Order, Outcome

pytestmark = [pytest.mark.engines, pytest.mark.hosts, hosts.needed]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    for name in ("outside", "hidden"):
        (tmp_path / name).mkdir()
    network = Network(tmp_path / "outside", tmp_path / "hidden")
    yield network
    network.close()


@pytest.fixture
def cluster(network: Network) -> Iterator[Any]:
    yield from far_cluster(network, near=0, far=1)


@pytest.fixture
def bench(network: Network, cluster: Any) -> Iterator[Bench]:
    bench = Bench("ipyparallel", network.hidden, connection=connection_of(cluster)).open()
    yield bench
    bench.engines.close()


def test_why_an_engine_ends_is_told_when_it_hears_something_again(bench: Bench) -> None:
    # All of it in compiled code that holds the interpreter's lock, for some time after it has gone over its limit.
    body = """
import time
from collections import deque
from itertools import chain, repeat
x = deque(chain(map(bytearray, repeat(10_000_000, 40)), repeat(None, 30_000_000)), maxlen=50)
time.sleep(1000)
"""
    order = bench.submit(body, isolation="engine", memory=300_000_000)
    outcome = bench.outcome(order)
    assert (outcome.kind, outcome.ends_engine) == ("memory", True)


BIG = "import numpy\nx = numpy.arange(1_000_000)"


def big(bench: Bench, wait: str = "") -> Order:
    """`x`, large, to be made by the one engine, once the file ``wait`` is there."""
    until = f"import os, time\nwhile not os.path.exists({wait!r}): time.sleep(0.01)\n" if wait else ""
    order = bench.order(until + BIG, outputs=("x",))
    bench.engines.submit(bench.log.of(EngineJoined)[0].engine.id, order)
    return order


def came(bench: Bench, outcome: Outcome) -> None:
    """Its value comes to the store."""
    assert gave(outcome) == ["x"]
    poll(lambda: objects.stored_size(outcome.outputs[0].digest, bench.store))


def told(bench: Bench) -> list[type[Notice]]:
    """What was said of engines since they were there."""
    kinds = (EngineJoined, EngineLeft, EnginesFailed, EnginesSettled)
    return [type(notice) for notice in bench.log.notices if isinstance(notice, kinds)][2:]


def test_an_engine_whose_values_can_t_be_fetched_takes_no_tasks_until_they_can(
    bench: Bench, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply, "PATIENCE", 0.5)
    came(bench, bench.outcome(big(bench)))
    network.hosts[0].kill_depot()
    bench.log.until(lambda _: told(bench) == [EngineLeft, EngineJoined, EnginesSettled])
    came(bench, bench.outcome(big(bench)))


def test_an_engine_that_has_left_for_that_runs_nothing(
    bench: Bench, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply, "PATIENCE", 0.5)
    monkeypatch.setattr(supply.Reception, "serve_again", lambda *_: None)
    network.hosts[0].kill_depot()
    bench.log.until(lambda _: told(bench) == [EngineLeft])
    assert bench.outcome(big(bench)).evidence == "engine is gone"


def test_what_runs_when_values_can_t_be_fetched_any_more_is_finished_first(
    bench: Bench, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply, "PATIENCE", 0.5)
    go = network.root / "go"
    order = big(bench, str(go))
    bench.started(order)
    network.hosts[0].kill_depot()
    bench.log.until(lambda _: told(bench) == [EnginesFailed])
    poll(lambda: bench.engines.describe().endswith("until they are needed elsewhere"))
    go.touch()
    came(bench, bench.outcome(order))
    bench.log.until(lambda _: told(bench) == [EnginesFailed, EngineLeft, EngineJoined, EnginesSettled])
