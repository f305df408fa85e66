"""The benchmark of engines: ours and a pool of processes run its workloads, and the table says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.engines import bodies, graph, tables
from benchmarks.engines.graph import Node
from benchmarks.engines.tools import tool
from benchmarks.engines.workload import Found
from benchmarks.engines.workloads import workload

ROOT = Path(__file__).parents[1]
NOOPS, TRIPS, CPUS = (workload(name) for name in ("noops", "trips", "cpus"))


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.engines", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def cells(printed: str) -> list[list[str]]:
    """The rows of the table, head first."""
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.notebook
def test_ours_and_a_pool_run_no_ops_and_a_chain() -> None:
    done = benchmark("--tools", "ours-none,pool", "--workloads", "noops,chain", "--scale", "0.001", "--runs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    head, _, noops, chain = cells(done.stdout)
    assert head == ["", "ours-none", "pool"]
    assert [row[0] for row in (noops, chain)] == ["no-op, per task (ms)", "chain, per hop (ms)"]
    for row in (noops, chain):
        ours, pool = float(row[1]), row[2].split(" ")
        assert ours > 0
        assert pool[1] == f"({float(pool[1][1:-2]):.2g}x)"


def test_a_row_shows_the_median_with_its_ratio_to_the_first_tool() -> None:
    ours, pool = tool("ours-none"), tool("pool")
    results = {
        ("ours-none", "noops"): Found({NOOPS.rows[0].name: [30.0, 10.0, 20.0]}),
        ("pool", "noops"): Found({NOOPS.rows[0].name: [5.0, 1.0, 9.0]}, {NOOPS.rows[0].name: "all well; truly"}),
        ("ours-none", "trips"): Found({TRIPS.rows[0].name: [2.0]}),
        ("pool", "trips"): Found(why="failed: it died"),
    }
    page = tables.page([ours, pool], [NOOPS, TRIPS], results, "--runs 3")
    assert cells(page)[2:] == [
        ["no-op, per task (ms)", "20.00", "5.00 (0.25x); all well"],
        ["submit and wait, per task (ms)", "2.00", "failed"],
    ]
    assert "- trips: failed: it died" in page


def test_what_a_tool_cannot_say_is_told_with_its_reason() -> None:
    done = benchmark("--tools", "pool", "--workloads", "cpus")
    assert cells(done.stdout)[2] == [CPUS.rows[0].name, "n/a"]
    assert "- cpus: n/a: a task has no cpus to say" in done.stdout


def test_the_ideal_schedule_starts_with_whoever_has_most_work_behind_it() -> None:
    assert graph.ideal([*graph.independent(2, 1.0), Node(2, bodies.nap, seconds=2.0)], 2) == 2.0


def test_the_ideal_schedule_never_uses_more_cpus_than_there_are() -> None:
    wide = [Node(number, bodies.nap, cpus=2, seconds=1.0) for number in range(2)]
    assert graph.ideal([*wide, Node(2, bodies.nap, seconds=1.0)], 2) == 3.0


def test_the_ideal_schedule_of_a_chain_is_its_length() -> None:
    assert graph.ideal([Node(0, bodies.nap, seconds=1.0), Node(1, bodies.nap, above=(0,), seconds=2.0)], 2) == 3.0
