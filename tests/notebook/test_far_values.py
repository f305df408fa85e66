"""A notebook whose engines all are on hosts that do not see its folder: its results outlive them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hosts
import pytest
from hosts import Network, far_cluster

pytestmark = [pytest.mark.notebook, pytest.mark.engines, pytest.mark.hosts, hosts.needed]

MAKE = "%%task make\nimport numpy as np, socket\nx = np.arange(200_000)\nwhere = socket.gethostname()"
USE = "%%task use\ntotal = int(x.sum())"


@pytest.fixture
def network(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network(tmp_path_factory.mktemp("outside"), tmp_path)
    yield network
    network.close()


@pytest.fixture
def cluster(network: Network) -> Iterator[Any]:
    yield from far_cluster(network, near=0, far=2)


@pytest.fixture
def connect(cluster: Any) -> str:
    return f"%phelps cluster connect {cluster.profile_dir}/security/ipcontroller-far-client.json"


def test_results_are_reused_when_the_hosts_that_made_them_are_gone(connect, network, kernel):
    kernel.execute(connect, "a")
    kernel.execute(MAKE, "b")
    kernel.execute(USE, "c")
    assert kernel.text("total, x[-1]", "d") == f"({sum(range(200_000))}, np.int64(199999))"
    kernel.execute("%phelps cluster stop", "e")
    for host in network.hosts:
        host.crash()
    kernel.execute("%config Phelps.cluster = 'none'", "f")
    kernel.execute(MAKE + " ", "b")
    kernel.execute(USE, "c")
    kernel.execute("%phelps wait", "g")
    assert ["reused" in kernel.card(task) for task in ("make", "use")] == [True, True]
    assert "no engines are running" in kernel.text("%phelps cluster status", "i")


def test_a_value_that_was_lost_with_its_host_is_made_again_for_who_reads_it(connect, network, kernel, tmp_path):
    kernel.execute(connect, "a")
    kernel.execute(MAKE, "b")
    first = kernel.text("where", "c").strip("'")
    kernel.execute("x[0]", "d")
    stored = [path for path in (tmp_path / ".phelps" / "objects").glob("??/*") if path.stat().st_size > 1_000_000]
    for path in stored:
        path.unlink()
    next(host for host in network.hosts if host.name == first).crash()
    kernel.execute(USE, "e")
    assert kernel.text("total", "f") == str(sum(range(200_000)))
    assert kernel.text("where", "c").strip("'") != first
    assert len(stored) == 1
