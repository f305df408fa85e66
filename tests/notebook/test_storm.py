"""Random work under random faults on real engines: nothing is lost, nothing is wrong, nothing runs again once its
result was recorded, and nothing stays behind.

``PHELPS_STORM=3600`` goes on for an hour; ``PHELPS_STORM_SEED`` plays other faults.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
from conftest import HANG, Kernel
from jupyter_client.manager import KernelManager

pytestmark = [pytest.mark.engines, pytest.mark.notebook]

SECONDS = float(os.environ.get("PHELPS_STORM", "60"))
SEED = int(os.environ.get("PHELPS_STORM_SEED", "1"))
TASKS = 14
MARK = "PHELPS_TEST_STORM"
PLACE = "PHELPS_TEST_PLACE"
PROGRAMS = {
    "controller": "ipyparallel.controller",
    "engine": "ipyparallel.engine",
    "zygote": "phelps_jupyter.runtime import zygote",
    "kernel": "ipykernel_launcher",
}
FAULTS = [
    *["kill engine", "kill zygote", "kill body", "kill body", "freeze engine", "freeze zygote", "freeze body"] * 3,
    *["lose values"] * 2,
    "kill controller",
    "kill kernel",
]
BODY = """%%task {name}
import os, pathlib, subprocess, time
with open(pathlib.Path(os.environ["PHELPS_TEST_PLACE"], "log"), "a") as log:
    log.write(f"{name} {{ROUND}} {{time.time()}}\\n")
{work}
{name} = {value}
print("{name}", ROUND)
"""
WORK = [
    "time.sleep({seconds})",
    "until = time.process_time() + {seconds}\nwhile time.process_time() < until:\n    sum(range(1000))",
    "subprocess.run(['sleep', '{seconds}'], check=True)",
    "import numpy\nlarge = numpy.ones(300_000)\ntime.sleep({seconds})",
]


class Weather:
    """A notebook, its kernel, and what befalls their processes; these carry its mark, and no others."""

    def __init__(self, folder: Path, place: Path, seed: int) -> None:
        self.folder = folder
        self.place = place
        self.chance = random.Random(seed)
        self.number = 0
        self.since = 0.0
        self.lost_values = False
        self.befell: Counter[str] = Counter()
        self.above = {i: sorted(self.chance.sample(range(i), min(i, self.chance.randrange(3)))) for i in range(TASKS)}
        self.bodies = [self._body(number) for number in range(TASKS)]
        self._mark = secrets.token_hex(8)
        self._sockets = tempfile.TemporaryDirectory(prefix="phelps-")
        self._frozen: list[psutil.Process] = []
        self.kernel = self._begin()

    def _body(self, number: int) -> str:
        work = self.chance.choice(WORK).format(seconds=round(self.chance.uniform(0.02, 0.6), 2))
        value = " + ".join([f"ROUND * {number}", *(f"t{above}" for above in self.above[number])])
        return BODY.format(name=f"t{number}", work=work, value=value)

    def expected(self) -> int:
        values: list[int] = []
        for number in range(TASKS):
            values.append(self.number * number + sum(values[above] for above in self.above[number]))
        return sum(values)

    def _begin(self) -> Kernel:
        file = f"{self._sockets.name}/{secrets.token_hex(4)}.json"
        manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=file)
        manager.start_kernel(cwd=str(self.folder), env={**os.environ, MARK: self._mark, PLACE: str(self.place)})
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=HANG)
        kernel = Kernel(client, manager)
        assert kernel.text("%load_ext phelps_jupyter\n%config Phelps.cluster = 'local:2'") == ""
        kernel.execute(f"ROUND = {self.number}", "round")
        for number, body in enumerate(self.bodies):
            kernel.execute(body, f"c{number}")
        return kernel

    def next_round(self) -> None:
        self.number += 1
        self.since = time.time()
        self.lost_values = False

    def begin_anew(self) -> None:
        """With another kernel, after this one was killed."""
        self.end_kernel()
        self.kernel = self._begin()

    def end_kernel(self) -> None:
        self.kernel.client.stop_channels()
        self.kernel.manager.shutdown_kernel(now=True)
        self.kernel.manager.cleanup_resources()

    @property
    def kernel_lives(self) -> bool:
        return bool(self.kernel.manager.is_alive())

    def processes(self, kind: str = "") -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                ours = process.pid != os.getpid() and process.environ().get(MARK) == self._mark
                if ours and process.status() != psutil.STATUS_ZOMBIE and (not kind or _kind(process) == kind):
                    found.append(process)
        return found

    def strike(self) -> None:
        """One fault, if there is what it befalls."""
        fault = self.chance.choice(FAULTS)
        act, kind = fault.split()
        if act == "lose":
            self._lose_values()
        else:
            victims = self.processes(kind)
            if not victims:
                return
            victim = self.chance.choice(victims)
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGSTOP if act == "freeze" else signal.SIGKILL)
            if act == "freeze":
                self._frozen.append(victim)
                threading.Timer(self.chance.choice([0.1, 0.5, 3, 15]), thaw, [victim]).start()
        self.befell[fault] += 1

    def _lose_values(self) -> None:
        for path in sorted(self.folder.glob(".phelps/objects/??/*"), key=lambda _: self.chance.random())[:3]:
            path.unlink(missing_ok=True)
            self.lost_values = True

    def calm(self) -> None:
        for process in self._frozen:
            thaw(process)
        self._frozen.clear()

    def close(self) -> None:
        self.calm()
        self.end_kernel()
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._sockets.cleanup()


def thaw(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    kind = next((kind for kind, program in PROGRAMS.items() if program in command), "")
    # A body is a fork of its zygote, and looks like it.
    above = process.parent()
    return (
        "body" if kind == "zygote" and above is not None and PROGRAMS["zygote"] in " ".join(above.cmdline()) else kind
    )


@pytest.fixture
def weather(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    made = Weather(tmp_path, tmp_path_factory.mktemp("place"), SEED)
    yield made
    made.close()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.timeout(SECONDS + 400)
def test_in_a_storm_nothing_is_lost_or_wrong_or_done_again(weather: Weather) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        play(weather)
        print(f"round {weather.number}: {dict(weather.befell)}", flush=True)
    weather.end_kernel()
    # A killed kernel's engines stay for half a minute.
    until(lambda: not weather.processes())
    assert list(weather.folder.glob(".phelps/attempts/*/outcome")) == []


def play(weather: Weather) -> None:
    """One round: all is stale, and runs under faults; then the faults end, and all must be right."""
    weather.next_round()
    weather.kernel.execute(f"ROUND = {weather.number}", "round")
    over = threading.Event()
    storm = threading.Thread(target=blow, args=[weather, over])
    storm.start()
    try:
        with suppress(Exception):
            # The kernel may be killed in the midst of it.
            run(weather)
    finally:
        over.set()
        storm.join()
        weather.calm()
    if not weather.kernel_lives:
        weather.begin_anew()
    told = run(weather)
    shown = weather.kernel.text(f"print({' + '.join(f't{number}' for number in range(TASKS))})", "show")
    # Text and its end may come in two pieces.
    assert shown.split() == [str(weather.expected())], told
    check_nothing_ran_again(weather)


def run(weather: Weather) -> str:
    request = weather.kernel.send("%phelps run\n%phelps wait\n%phelps status")
    pieces = []
    end = time.monotonic() + HANG
    while True:
        assert weather.kernel_lives
        assert time.monotonic() < end
        with suppress(TimeoutError, Exception):
            message = weather.kernel.client.get_iopub_msg(timeout=1)
            pieces.append(str(message["content"].get("text", "")))
            idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if idle and message["parent_header"].get("msg_id") == request:
                return "".join(pieces)


def blow(weather: Weather, over: threading.Event) -> None:
    for _ in range(weather.chance.randrange(5)):
        if over.wait(weather.chance.uniform(0.0, 1.5)):
            return
        weather.strike()


def check_nothing_ran_again(weather: Weather) -> None:
    """Once its result was recorded; but for results whose values were lost."""
    begun: dict[str, list[float]] = {}
    for line in (weather.place / "log").read_text().splitlines():
        task, turn, at = line.split()
        if turn == str(weather.number):
            begun.setdefault(task, []).append(float(at))
    assert len(begun) == TASKS
    with closing(sqlite3.connect(weather.folder / ".phelps" / "state.db")) as index:
        recorded = dict(index.execute("SELECT task, min(at) FROM records WHERE at > ? GROUP BY task", [weather.since]))
    assert len(recorded) == TASKS
    if not weather.lost_values:
        assert [task for task in begun if max(begun[task]) > recorded[task]] == []
