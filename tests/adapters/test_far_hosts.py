"""Engines on hosts that do not see the project: values go there from where they are, and come back to the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hosts
import numpy as np
import pytest
from engine_bench import Bench, poll
from hosts import Network, far_cluster

from phelps_jupyter.adapters.ipyparallel import connection_of
from phelps_jupyter.core.events import EngineJoined, EngineLeft
from phelps_jupyter.runtime import objects
from phelps_jupyter.runtime.orders import Given, Outcome

pytestmark = [pytest.mark.engines, pytest.mark.hosts, hosts.needed]

BIG = "import numpy\nx = numpy.arange(1_000_000) + n"
SUM = "y = int(x.sum())"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    network = Network(tmp_path_factory.mktemp("outside"), tmp_path_factory.mktemp("hidden"))
    yield network
    network.close()


@pytest.fixture(scope="module")
def cluster(network: Network) -> Iterator[Any]:
    """One engine beside the kernel, and one on each of two such hosts."""
    yield from far_cluster(network, near=1, far=2)


@pytest.fixture
def bench(network: Network, cluster: Any, request: pytest.FixtureRequest) -> Iterator[Bench]:
    folder = network.hidden / request.node.name
    folder.mkdir()
    bench = Bench("ipyparallel", folder, connection=connection_of(cluster)).open()
    yield bench
    bench.engines.close()


def on(bench: Bench, host: str) -> int:
    """The engine of this host; of the kernel's: the empty name."""
    joined = bench.log.of(EngineJoined)
    far = [one.host.name.startswith("far") for one in joined]
    return next(at for at, one in enumerate(joined) if one.host.name == host or (not host and not far[at]))


def big(bench: Bench, host: str, n: int = 0) -> Given:
    """`x`, large, made on this host."""
    made = bench.run(BIG, on=on(bench, host), inputs=(bench.given("n", n),), outputs=("x",))
    assert made.kind == "done", made
    return Given("x", made.outputs[0].digest)


def total(bench: Bench, x: Given, host: str) -> Outcome:
    return bench.run(SUM, on=on(bench, host), inputs=(x,), outputs=("y",))


def stored(bench: Bench, given: Given) -> bool:
    return objects.stored_size(given.digest, bench.store) > 0


def test_values_go_from_host_to_host_and_come_to_the_store(bench: Bench, network: Network) -> None:
    x = big(bench, "far1")
    outcome = total(bench, x, "far2")
    assert bench.value(outcome, "y") == sum(range(1_000_000))
    assert outcome.haul.brought == (x.digest,)
    assert [path.name for path in network.hosts[1].values()].count(x.digest) == 1
    poll(lambda: stored(bench, x))
    assert "values are kept on far1, far2" in bench.engines.describe()


def test_small_values_travel_with_the_order_and_its_outcome(bench: Bench) -> None:
    outcome = bench.run("y = x + 1", on=on(bench, "far1"), inputs=(bench.given("x", 1),), outputs=("y",))
    assert bench.value(outcome, "y") == 2
    again = bench.run(
        "z = y + 1", on=on(bench, "far2"), inputs=(Given("y", outcome.outputs[0].digest),), outputs=("z",)
    )
    assert bench.value(again, "z") == 3
    assert again.haul.brought == ()


def test_an_order_whose_input_can_t_be_read_is_lost_and_the_engines_stay(bench: Bench) -> None:
    x = bench.given("x", 1)
    path = Path(objects.object_path(x.digest, bench.store))
    path.unlink()
    path.mkdir()
    outcome = bench.run("y = x + 1", on=on(bench, "far1"), inputs=(x,), outputs=("y",))
    assert (outcome.kind, "a value that it reads can't be sent" in outcome.message) == ("lost", True)
    assert bench.log.of(EngineLeft) == []
    assert bench.run("y = 2", on=on(bench, "far1"), outputs=("y",)).kind == "done"


def test_what_the_kernel_s_host_has_is_fetched_there_once(bench: Bench) -> None:
    x = bench.given("x", np.ones(1_000_000))
    first, second = (total(bench, x, "far1") for _ in range(2))
    assert [first.haul.brought, second.haul.brought] == [(x.digest,), ()]
    assert bench.value(second, "y") == 1_000_000


def test_an_engine_that_sees_the_store_fetches_what_is_not_there_yet(bench: Bench) -> None:
    x = big(bench, "far1")
    poll(lambda: stored(bench, x))
    Path(objects.object_path(x.digest, bench.store)).unlink()
    outcome = total(bench, x, "")
    assert bench.value(outcome, "y") == sum(range(1_000_000))
    assert outcome.haul.brought == (x.digest,)


def test_a_copy_that_was_altered_on_its_disk_is_told_and_had_from_elsewhere(bench: Bench, network: Network) -> None:
    x = big(bench, "far1")
    poll(lambda: stored(bench, x))
    (path,) = (path for path in network.hosts[0].values() if path.name == x.digest)
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(4_000_000)
        file.write(b"?")
    outcome = total(bench, x, "far2")
    assert bench.value(outcome, "y") == sum(range(1_000_000))
    assert "far1 does not give it: its copy" in outcome.haul.remarks[0]


def test_hosts_that_do_not_reach_one_another_get_values_through_the_kernel_s(bench: Bench, network: Network) -> None:
    network.hosts[1].cut(network.hosts[0])
    x = big(bench, "far1")
    outcome = total(bench, x, "far2")
    assert bench.value(outcome, "y") == sum(range(1_000_000))
    assert len(outcome.haul.unreached) == 1
    assert "values between far2 and far1 go through this machine" in bench.engines.describe()
    again = total(bench, big(bench, "far1", 1), "far2")
    network.hosts[1].heal(network.hosts[0])
    assert (again.kind, again.haul.unreached) == ("done", ())


def test_what_is_on_its_way_comes_before_the_engines_are_left_and_nothing_stays_there(
    bench: Bench, network: Network
) -> None:
    made = [big(bench, "far1", n) for n in range(3)]
    bench.engines.close()
    assert all(stored(bench, x) for x in made)
    poll(lambda: not list(network.root.glob("far*-tmp/phelps-*/values-*")))


def test_what_is_temporary_stays_there_until_it_is_read_or_dropped(bench: Bench, network: Network) -> None:
    body = "import numpy\nx = numpy.ones(n)"
    n = bench.given("n", 1_000_000)
    made = bench.run(body, on=on(bench, "far1"), inputs=(n,), outputs=("x",), temp=True)
    x = Given("x", made.outputs[0].digest)
    assert total(bench, x, "far2").kind == "done"
    assert not stored(bench, x)
    bench.engines.drop([x.digest])
    poll(lambda: x.digest not in [path.name for host in network.hosts for path in host.values()])
    assert not bench.engines.holds(x.digest)


def test_a_body_works_in_a_folder_of_its_own_and_leaves_no_file(bench: Bench, network: Network) -> None:
    body = "import os\nopen('notes.txt', 'w').close()\nhere = os.listdir()"
    outcome = bench.run(body, on=on(bench, "far1"), outputs=("here",))
    assert bench.value(outcome, "here") == ["notes.txt"]
    # It is told of before its folder is cleared; the next one finds nothing.
    poll(lambda: not [*network.root.glob("far1-tmp/**/notes.txt")])


def test_what_a_host_held_that_is_gone_is_told_as_missing(cluster: Any, network: Network) -> None:
    network.add_host()
    with cluster.connect_client_sync() as client:
        client.wait_for_engines(4, timeout=60)
    (network.hidden / "lost").mkdir()
    bench = Bench("ipyparallel", network.hidden / "lost", connection=connection_of(cluster)).open()
    x = big(bench, "far3")
    poll(lambda: stored(bench, x))
    Path(objects.object_path(x.digest, bench.store)).unlink()
    assert bench.engines.holds(x.digest)
    network.hosts[2].crash()
    outcome = total(bench, x, "far2")
    assert (outcome.kind, outcome.haul.missing) == ("lost", (x.digest,))
    assert not bench.engines.holds(x.digest)
    bench.engines.close()
