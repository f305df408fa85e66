"""How long it takes to find out that nothing is to be done, and what one edit makes stale: Phelps and its peers.

    python -m venv .venv && .venv/bin/pip install -e ../.. -r requirements.txt
    .venv/bin/python planning.py [--sizes 1000 10000] [--runs 5]

Every figure is the median of so many runs, beside the least; CPU is the user's time of the process, which other users
of the machine disturb less. A peer that is not installed is left out, and one that takes minutes to prepare is so too.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import inside
import projects
import stored

from phelps_jupyter.core.model import Record

SAMPLE = 12
"""Tasks of the project that is really run: the pattern of the others."""


@dataclass(frozen=True, slots=True)
class Peer:
    """``largest``: above so many tasks it is left out."""

    name: str
    write: Callable[[Path, int], list[str]]
    largest: int


PEERS = (
    Peer("ninja", projects.write_ninja, 10_000),
    Peer("doit", projects.write_doit, 10_000),
    Peer("joblib", projects.write_joblib, 10_000),
    Peer("snakemake", projects.write_snakemake, 1_000),
)


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds: the median and the least of the wall's, the least of the user's CPU."""

    middle: float
    least: float
    cpu: float


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    asked.add_argument("--runs", type=int, default=5)
    options = asked.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        # Where Python is told not to write bytecode, every process would compile what it imports.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        pattern = sample(folder)
        for size in options.sizes:
            table(f"nothing to do, {size:,} tasks, whole process", whole_processes(folder, size, pattern, options.runs))
        for size in options.sizes:
            table(f"open a notebook: parse and graph, {size:,} cells", inside.opened(size, options.runs))
        table("edit one cell of 1,000: graph and stale set", inside.edited(folder / "phelps-1000", options.runs))


def sample(folder: Path) -> Record:
    """Really run a small project, and prove that one whose store is filled by hand can't be told from it."""
    real, copy = folder / "real", folder / "copy"
    for place in (real, copy):
        place.mkdir()
        projects.write_notebook(place, SAMPLE)
    run([*tool("phelps"), "run", projects.NOTEBOOK, "--cluster", "none"], real)
    ran = stored.records(real, SAMPLE)
    stored.fill(copy, SAMPLE, ran[0])
    filled = stored.records(copy, SAMPLE)
    told = [[(record.key, record.parts, record.source, names(record)) for record in each] for each in (ran, filled)]
    if told[0] != told[1] or plan(real) != plan(copy):
        raise SystemExit("the store that was filled by hand differs from the one of a real run")
    print(f"{SAMPLE} tasks were really run; a store filled by hand has the same keys, parts and verdicts")
    return ran[0]


def names(record: Record) -> list[tuple[str, str]]:
    """What a record provides."""
    return [(version.name, version.digest) for version in record.outputs]


def plan(folder: Path) -> str:
    """What ``phelps plan`` prints."""
    return run([*tool("phelps"), "plan", projects.NOTEBOOK], folder)


def whole_processes(folder: Path, size: int, pattern: Record, runs: int) -> Iterator[tuple[str, Timed]]:
    """One row for each tool."""
    own = folder / f"phelps-{size}"
    own.mkdir()
    projects.write_notebook(own, size)
    stored.fill(own, size, pattern)
    command = [*tool("phelps"), "plan", projects.NOTEBOOK]
    told = run(command, own)
    if f"{size} of {size} tasks are fresh" not in told:
        raise SystemExit(f"phelps plan: {told}")
    yield "phelps plan", timed(lambda: run(command, own), runs)
    yield "phelps plan, first look", timed(lambda: forget_and_run(command, own), min(runs, 3))
    for peer in PEERS:
        if not installed(peer.name):
            print(f"{peer.name}: left out, it is not installed")
        elif size > peer.largest:
            print(f"{peer.name}: left out at {size:,}, it would take minutes")
        else:
            place = folder / f"{peer.name}-{size}"
            place.mkdir()
            name, *rest = peer.write(place, size)
            peer_command = [*tool(name), *rest]
            run(peer_command, place)
            yield peer.name, timed(lambda command=peer_command, place=place: run(command, place), runs)


def forget_and_run(command: Sequence[str], folder: Path) -> None:
    """Plan as if nobody had looked at this notebook before."""
    for pattern in ("parses-*", "standing-*"):
        for path in (folder / ".phelps").glob(pattern):
            path.unlink()
    run(command, folder)


def tool(name: str) -> list[str]:
    """The command of a tool of this environment."""
    return [sys.executable] if name == "python" else [str(Path(sys.executable).parent / name)]


def installed(name: str) -> bool:
    """Whether this environment has the tool."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return bool(importlib.metadata.version(name))
    return False


def run(command: Sequence[str], folder: Path) -> str:
    """Run it to its end. Errors: SystemExit with what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def timed(act: Callable[[], object], runs: int) -> Timed:
    """Time it, with the user's CPU of the processes that it starts."""
    walls, cpus = [], []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        begun = time.perf_counter()
        act()
        walls.append(time.perf_counter() - begun)
        cpus.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return Timed(median(walls), min(walls), min(cpus))


def table(title: str, rows: Iterator[tuple[str, Timed]]) -> None:
    """Print the rows as they come; ratios are to the first one's least."""
    print(f"\n{title} (load {os.getloadavg()[0]:.1f})")
    print(f"  {'':34}{'median':>12}{'least':>12}{'CPU':>12}{'ratio':>9}")
    first: float | None = None
    for name, one in rows:
        first = first or one.least
        figures = "".join(f"{seconds * 1000:9,.1f} ms" for seconds in (one.middle, one.least, one.cpu))
        print(f"  {name:34}{figures}{one.least / first:8.2f}x", flush=True)


if __name__ == "__main__":
    main()
