"""Engines on a host that does not see the project, each test with a host of its own, as that is hurt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hosts
import pytest
from engine_bench import Bench
from hosts import Network, far_cluster

from phelps_jupyter.adapters.ipyparallel import connection_of

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
