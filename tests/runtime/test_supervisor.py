"""A supervisor alone: what it writes into its folder, and that nobody outlives it."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from phelps_jupyter.runtime import attempts, launch, shipment
from phelps_jupyter.runtime.launch import Reading
from phelps_jupyter.runtime.orders import Order, Outcome

HANG = 60.0


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        run=1,
        attempt=1,
        task="fit",
        body="print('begun')\nimport subprocess\nsubprocess.run(['sleep', '600'])",
        inputs=(),
        outputs=("x",),
        declared=False,
        optional=frozenset(),
        store=str(tmp_path / "store"),
        folder=str(tmp_path),
        path=tuple(sys.path),
        env={},
        seed=None,
        cpus=1,
        memory=None,
        time=None,
        note={"key": "k"},
    )


@pytest.fixture
def start() -> Iterator[Callable[[Order], str]]:
    folders: list[str] = []

    def begin(order: Order) -> str:
        folders.append(attempts.new(order).folder)
        launch.start(folders[-1], attempts.files(order), shipment.install(shipment.pack()), {}, tied=True)
        return folders[-1]

    yield begin
    launch.stop(folders)


def until(condition: Callable[[], Any]) -> Any:
    limit = time.monotonic() + HANG
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    return found


def ended(folder: str) -> Reading:
    reading: Reading = until(
        lambda: next((read for read in [launch.read(folder, 0)] if read.outcome or read.gone), None)
    )
    return reading


def pids(folder: str) -> dict[str, int]:
    until(Path(folder, "pid").exists)
    written: dict[str, int] = json.loads(Path(folder, "pid").read_text())
    return written


def begun(folder: str) -> list[psutil.Process]:
    """The body and what it started."""
    frames = Path(folder, "frames")
    until(lambda: frames.exists() and b"begun" in frames.read_bytes())
    body = psutil.Process(pids(folder)["body"])
    until(body.children)
    return [body, *body.children()]


def test_a_folder_tells_all_of_a_finished_attempt(start: Callable[[Order], str], order: Order) -> None:
    folder = start(replace(order, body="print('hello')\nx = 1"))
    outcome: Outcome = pickle.loads(ended(folder).outcome)
    assert (outcome.kind, [stored.name for stored in outcome.outputs]) == ("done", ["x"])
    assert json.loads(Path(folder, "outcome.json").read_text())["kind"] == "done"
    assert json.loads(Path(folder, "note.json").read_text()) == {"key": "k"}
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert not list(Path(folder).glob("*.part"))


def test_frames_are_read_from_where_the_reader_left_off(start: Callable[[Order], str], order: Order) -> None:
    folder = start(replace(order, body="print('hello')"))
    frames = ended(folder).frames
    assert launch.read(folder, len(frames)).frames == b""


def test_a_request_to_cancel_is_seen_however_early_it_comes(start: Callable[[Order], str], order: Order) -> None:
    folder = start(order)
    launch.cancel(folder)
    assert pickle.loads(ended(folder).outcome).kind == "cancelled"


def test_a_terminated_supervisor_takes_everything_with_it(start: Callable[[Order], str], order: Order) -> None:
    folder = start(order)
    below = begun(folder)
    os.kill(pids(folder)["supervisor"], signal.SIGTERM)
    assert psutil.wait_procs(below, timeout=HANG)[1] == []
    assert "exit code 143" in ended(folder).gone


def test_a_killed_supervisor_takes_everything_with_it_and_is_told(start: Callable[[Order], str], order: Order) -> None:
    folder = start(order)
    below = begun(folder)
    os.kill(pids(folder)["supervisor"], signal.SIGKILL)
    assert "signal 9" in ended(folder).gone
    assert psutil.wait_procs(below, timeout=HANG)[1] == []


def test_a_supervisor_ends_with_the_process_that_it_is_tied_to(order: Order) -> None:
    script = """
import pickle, signal, sys
from phelps_jupyter.runtime import attempts, launch, shipment
order = pickle.load(sys.stdin.buffer)
folder = attempts.new(order).folder
launch.start(folder, attempts.files(order), shipment.install(shipment.pack()), {}, tied=True)
print(folder, flush=True)
signal.pause()
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    engine = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert engine.stdin is not None
    assert engine.stdout is not None
    with engine.stdin, engine.stdout:
        engine.stdin.write(pickle.dumps(order))
        engine.stdin.close()
        folder = engine.stdout.readline().decode().strip()
        below = [psutil.Process(pids(folder)["supervisor"]), *begun(folder)]
        engine.kill()
        engine.wait()
    assert psutil.wait_procs(below, timeout=HANG)[1] == []


def test_a_supervisor_that_cannot_read_its_order_says_so(start: Callable[[Order], str], order: Order) -> None:
    folder = start(order)
    launch.stop([folder])
    Path(folder, "order").write_bytes(b"nonsense")
    told = subprocess.run(
        [sys.executable, "-c", launch.PROGRAM.format(runtime=shipment.install(shipment.pack())), folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "UnpicklingError" in told.stderr


def test_only_what_a_dead_kernel_left_is_found(start: Callable[[Order], str], order: Order) -> None:
    folder = start(replace(order, body="x = 1"))
    ended(folder)
    assert attempts.finished(order.store) == []
    owner = json.loads(Path(folder, "owner.json").read_text())
    Path(folder, "owner.json").write_text(json.dumps(owner | {"began": 0.0}))
    (found,) = attempts.finished(order.store)
    assert (found.folder, found.outcome.kind, found.note) == (folder, "done", {"key": "k"})


def test_what_a_dead_kernel_left_without_hope_of_an_outcome_is_swept(
    start: Callable[[Order], str], order: Order
) -> None:
    folder = start(order)
    begun(folder)
    owner = json.loads(Path(folder, "owner.json").read_text())
    Path(folder, "owner.json").write_text(json.dumps(owner | {"began": 0.0}))
    assert attempts.finished(order.store) == []
    assert os.path.isdir(folder)
    launch.stop([folder])
    assert attempts.finished(order.store) == []
    assert not os.path.isdir(folder)


def test_attempts_of_other_machines_are_let_be(start: Callable[[Order], str], order: Order) -> None:
    folder = start(replace(order, body="x = 1"))
    ended(folder)
    owner = json.loads(Path(folder, "owner.json").read_text())
    Path(folder, "owner.json").write_text(json.dumps(owner | {"host": "elsewhere", "began": 0.0}))
    assert attempts.finished(order.store) == []
    assert os.path.isdir(folder)
