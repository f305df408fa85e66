"""What an event costs the machine, by tasks and engines: the real core in the simulated cluster of its tests.

    python benchmarks/machine/events.py [--runs 3]

Microseconds of CPU of this thread, the least of so many runs: other users of the machine disturb that least. Asking for
the tasks is one event that is about all of them, and stands apart, by the task.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "core"))

from cluster import Cluster, mixture

SIZES = ((1_000, 10), (10_000, 10), (1_000, 250), (10_000, 250))
"""Tasks, and hosts of four cpus and four engines."""


def measured(tasks: int, hosts: int) -> tuple[float, float, float]:
    """Microseconds: the mean and the median of an event, and of the request, by the task."""
    cluster = Cluster(Random(0), hosts, losses=5)
    part = mixture(cluster.dice, "p", tasks)
    cluster.costs.clear()
    cluster.ask(part)
    request = max(cluster.costs)
    cluster.go_on()
    cluster.costs.remove(request)
    return 1e6 * mean(cluster.costs), 1e6 * median(cluster.costs), 1e6 * request / tasks


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print(f"{'tasks':>7} {'engines':>7} {'event, mean':>12} {'median':>8} {'request, by task':>17}")
    for tasks, hosts in SIZES:
        found = [measured(tasks, hosts) for _ in range(runs)]
        middle, half, request = (min(column) for column in zip(*found, strict=True))
        print(f"{tasks:7,} {4 * hosts:7,} {middle:9.1f} us {half:5.1f} us {request:14.1f} us")


if __name__ == "__main__":
    main()
