"""Runs of notebooks on one store are killed at random moments: no object is torn, no record lies, the next run is
right. The notebooks have most of their tasks in common.

``PHELPS_KILLS=200`` kills more often than the suite has time for, ``PHELPS_KILLS_AT_ONCE=4`` runs of more notebooks.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from command_line import PHELPS
from conftest import HANG, Book

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.model import Digest, Record
from phelps_jupyter.runtime import objects, values
from phelps_jupyter.runtime.digests import digest, digest_bytes

KILLS = int(os.environ.get("PHELPS_KILLS", "12"))
PREY = tuple(f"book{number}" for number in range(int(os.environ.get("PHELPS_KILLS_AT_ONCE", "2"))))
AIMED = 0.5
"""Of the kills: at the time when bodies run; the others at any time, and most of that a short run takes to start."""
FULL_RUN_EVERY = 10
MARK = "PHELPS_TEST_KILLED"
LATE = "none, it had ended"
VICTIMS = ("all", "all", "all", "kernel", "zygote")
PROGRAMS = {"kernel": "ipykernel_launcher", "zygote": "phelps_jupyter.runtime import zygote"}
"""A body is a fork of its zygote, and looks like it."""

CELLS = {
    "round": "ROUND = 0",
    "rows": "%%task rows\nrows = [ROUND * i for i in range(2000)]\nprint('rows', ROUND)",
    "array": "%%task array\nimport numpy\narray = numpy.arange(300_000.0) + ROUND",
    "table": "%%task table\nwith open('NAME.csv', 'w') as file:\n    for row in rows:\n        print(row, file=file)",
    "text": "%%task text\ntext = open('NAME.csv').read()",
    "slow": "%%task slow\nimport time\ntime.sleep(0.3)\nslow = {'round': ROUND, 'rows': rows}",
    "total": "%%task total\ntotal = [sum(rows), float(array.sum()), len(text), slow['round']]\ntotal",
    "show": "print(total)",
}


def expected(number: int) -> str:
    rows = [number * i for i in range(2000)]
    length = sum(len(str(row)) + 1 for row in rows)
    return f"{[sum(rows), float(sum(range(300_000)) + 300_000 * number), length, number]}\n"


@dataclass
class Prey(Book):
    """A notebook whose runs are killed. Its processes, and no others, carry its mark in their environment."""

    name: str = ""
    number: int = 0
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    hit: Counter[str] = field(default_factory=Counter)

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.ipynb"

    @property
    def killed(self) -> int:
        return self.hit.total() - self.hit[LATE]

    @property
    def told(self) -> str:
        return (self.folder / f"{self.name}.told").read_text()

    def next_round(self) -> None:
        self.edit("round", f"ROUND = {self.number}", f"ROUND = {self.number + 1}")
        self.number += 1

    def begin(self) -> subprocess.Popen[bytes]:
        self.write()
        command = [*PHELPS, "run", self.path.name, "--cluster", "none", "-o", f"{self.name}-out.ipynb"]
        environment = {**os.environ, MARK: self.mark}
        with open(self.folder / f"{self.name}.told", "wb") as told:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=told, stderr=told, start_new_session=True
            )

    def processes(self, program: str = "") -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                ours = process.pid != os.getpid() and process.environ().get(MARK) == self.mark
                if ours and program in " ".join(process.cmdline()):
                    yield process

    def kill(self, victim: str) -> str:
        """Kill it, or all where it isn't there (yet, or any more); who was killed."""
        found = list(self.processes(PROGRAMS[victim])) if victim in PROGRAMS else []
        if found:
            _kill(found[0])
            return victim
        zygotes = {process.pid: process for process in self.processes(PROGRAMS["zygote"])}
        phase = "body" if any(_parent(process) in zygotes for process in zygotes.values()) else "no body"
        while found := list(self.processes()):
            for process in found:
                _kill(process)
        return f"all, {phase}"

    def check_full_run(self) -> None:
        run = self.begin()
        assert run.wait(HANG) == 0, self.told
        self.check_outputs()

    def check_outputs(self) -> None:
        assert self.outputs(self.folder / f"{self.name}-out.ipynb")["show"][-1]["text"] == expected(self.number)


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return process.ppid()
    return 0


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


@pytest.fixture
def preys(tmp_path: Path) -> Iterator[list[Prey]]:
    cells = [{cell: source.replace("NAME", name) for cell, source in CELLS.items()} for name in PREY]
    made = [Prey(tmp_path, each, name=name) for name, each in zip(PREY, cells, strict=True)]
    yield made
    for each in made:
        each.kill("all")


Sound = dict[Path, tuple[int, int]]
"""Files that were found to be whole, with inode and time: nobody writes to a file that has its name."""


def check_store(folder: Path, sound: Sound) -> None:
    """Every object is whole, and what its name says; every record's objects are there; the database is sound."""
    store = DiskStore(str(folder))
    for path in folder.glob("objects/??/*"):
        told = path.stat()
        if sound.get(path) != (told.st_ino, told.st_mtime_ns):
            assert content_digest(path, str(folder)) == path.name
            sound[path] = told.st_ino, told.st_mtime_ns
    for record in records(folder):
        assert all(store.has(version.digest) for version in record.outputs)
        assert not record.transcript or store.get_bytes(record.transcript)
        kept = [file for file in record.seen.files if file.name in record.seen.kept]
        assert all(store.has(file.digest) for file in kept)
    with closing(sqlite3.connect(folder / "state.db", timeout=30)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert list(folder.glob("state.db.damaged-*")) == []


def content_digest(path: Path, store: str) -> str:
    assert objects.stored_size(path.name, store) == path.stat().st_size
    with open(path, "rb") as file:
        magic = file.read(len(objects.PLAIN))
    if magic == objects.PLAIN:
        return digest_bytes(objects.read_bytes(path.name, store))
    return digest(values.read(path.name, store)).digest


def records(folder: Path) -> list[Record]:
    with closing(SqliteIndex(str(folder / "state.db"))) as index:
        assert index.notice == ""
        return [record for name in PREY for record in index.history(f"{name}.ipynb")]


def test_the_checker_finds_what_is_torn_and_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / ".phelps"
    store = DiskStore(str(folder))
    SqliteIndex(str(folder / "state.db")).close()
    digest = store.put("x", list(range(100))).digest
    check_store(folder, {})
    path = Path(objects.object_path(Digest(digest), str(folder)))
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])
    with pytest.raises(AssertionError):
        check_store(folder, {})


@pytest.mark.timeout(180 + 20 * KILLS)
def test_runs_that_are_killed_leave_a_store_that_tells_the_truth(preys: list[Prey], tmp_path: Path) -> None:
    began = time.monotonic()
    preys[0].check_full_run()
    length = time.monotonic() - began
    with ThreadPoolExecutor() as hunters:
        for hunt in [hunters.submit(chase, prey, length) for prey in preys]:
            hunt.result()
    for prey in preys:
        prey.check_full_run()
    check_store(tmp_path / ".phelps", {})
    assert_nothing_is_left(preys, tmp_path / ".phelps")


def chase(prey: Prey, length: float) -> None:
    """Kill its runs, and look at what is left after each."""
    chance, sound = random.Random(prey.name), Sound()
    while prey.killed < KILLS // len(PREY):
        if chance.random() < 0.9:
            prey.next_round()
        run = prey.begin()
        aim(prey, run, chance, length)
        victim = LATE if run.poll() is not None else prey.kill(chance.choice(VICTIMS))
        prey.hit[victim] += 1
        print(f"{prey.name}: {dict(prey.hit)}", flush=True)
        # Who lost its zygote starts the attempt again; who lost its kernel gives up.
        if run.wait(HANG) == 0 or victim in (LATE, "zygote"):
            assert run.returncode == 0, prey.told
            prey.check_outputs()
        check_store(prey.folder / ".phelps", sound)
        if prey.hit.total() % FULL_RUN_EVERY == 0:
            prey.check_full_run()


def aim(prey: Prey, run: subprocess.Popen[bytes], chance: random.Random, length: float) -> None:
    """Wait for a random moment of the run."""
    if chance.random() < AIMED:
        while run.poll() is None and "running" not in prey.told:
            time.sleep(0.02)
        length /= 4
    with suppress(subprocess.TimeoutExpired):
        run.wait(chance.uniform(0, length))


def assert_nothing_is_left(preys: list[Prey], store: Path) -> None:
    """What went on after its kernel's end has ended by itself, and the next run has cleared up after it."""
    end = time.monotonic() + HANG
    while any(list(prey.processes()) for prey in preys):
        assert time.monotonic() < end
        time.sleep(0.05)
    preys[0].check_full_run()
    # One that was killed before it had said its number counts as about to start, for a minute.
    assert [*store.glob("engines/*/pid"), *store.glob("attempts/*/outcome")] == []
