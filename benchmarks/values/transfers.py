"""A large array from engine to engine, on one host and between two, beside ipyparallel's pull and push, in one run.

Run it as root with the environment of the tests: ``python benchmarks/values/transfers.py [GIGABYTES]``. The hosts are
namespaces of this machine, as in the tests: what is between them is as fast as its memory, and both ends share its
processors.
Each figure is the seconds from the order to the answer of a body that looks at one element.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "adapters")]

from engine_bench import Bench  # noqa: E402  # they are found only now
from hosts import Network, far_cluster  # noqa: E402

from phelps_jupyter.adapters.ipyparallel import connection_of  # noqa: E402
from phelps_jupyter.core.events import EngineJoined  # noqa: E402
from phelps_jupyter.runtime.orders import Given, Outcome  # noqa: E402

RUNS = 3


def main() -> None:
    nbytes = int(float(sys.argv[1] if len(sys.argv) > 1 else "1") * 1e9)
    folder = tempfile.TemporaryDirectory
    with folder() as outside, folder() as hidden, running(Path(outside), Path(hidden)) as (bench, cluster):
        rows = {
            "on one host": [through_files(bench, nbytes, "", "") for _ in range(RUNS)],
            "between two hosts": [through_files(bench, nbytes, "far1", "far2") for _ in range(RUNS)],
            "ipyparallel, pull and push": [through_ipyparallel(cluster, nbytes)],
        }
    slowest = median(rows["ipyparallel, pull and push"])
    for name, seconds in rows.items():
        print(f"{name:<28} {median(seconds):7.2f} s   1/{slowest / median(seconds):.0f} of ipyparallel's")


@contextmanager
def running(outside: Path, hidden: Path) -> Iterator[tuple[Bench, Any]]:
    network = Network(outside, hidden)
    try:
        for cluster in far_cluster(network, near=2, far=2):
            bench = Bench("ipyparallel", hidden, connection=connection_of(cluster)).open()
            try:
                yield bench, cluster
            finally:
                bench.engines.close()
    finally:
        network.close()


def through_files(bench: Bench, nbytes: int, source: str, target: str) -> float:
    """Made on one engine, read on another."""
    joined = [one.host.name for one in bench.log.of(EngineJoined)]
    here = [at for at, name in enumerate(joined) if not name.startswith("far")]
    ends = [joined.index(source), joined.index(target)] if source else here[:2]
    body = "import numpy, os\nx = numpy.frombuffer(os.urandom(8) + bytes(n - 8), numpy.uint8)"
    n = Given("n", inline=b"", digest=bench.given("n", nbytes).digest)
    made = good(bench.run(body, on=ends[0], inputs=(n,), outputs=("x",), temp=True))
    x = Given("x", made.outputs[0].digest, watched=False)
    seconds = timed(lambda: good(bench.run("y = int(x[-1])", on=ends[1], inputs=(x,), outputs=("y",))))
    bench.engines.drop([x.digest])
    Path(bench.store, "objects", x.digest[:2], x.digest).unlink(missing_ok=True)
    return seconds


def good(outcome: Outcome) -> Outcome:
    assert outcome.kind == "done", outcome
    return outcome


def through_ipyparallel(cluster: Any, nbytes: int) -> float:
    with cluster.connect_client_sync() as client:
        client[0].push({"x": None}, block=True)
        client[0].execute(f"import numpy\nx = numpy.ones({nbytes}, numpy.uint8)", block=True)

        def move() -> None:
            client[1].push({"x": np.asarray(client[0].pull("x", block=True))}, block=True)
            client[1].execute("y = int(x[-1])", block=True)

        return timed(move)


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


if __name__ == "__main__":
    main()
