"""What befalls engines, stores and clocks while a notebook runs: the rest goes on, and what happened is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from conftest import HANG, Kernel

pytestmark = pytest.mark.notebook


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


KILLER = "%%task killer\nimport os, psutil, time\npsutil.Process(os.getppid()).parent().kill()\ntime.sleep(60)"
FULL = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))"


@pytest.mark.engines
def test_a_task_that_kills_its_engine_each_time_is_blamed_and_the_others_finish(book):
    notebook = book(
        "local:2",
        killer=KILLER,
        **{f"t{n}": f"%%task t{n}\nimport time\ntime.sleep(0.5)\nx{n} = {n}" for n in range(6)},
        show="print(x0 + x1 + x2 + x3 + x4 + x5)",
    )
    ran = notebook.run()
    killer = ran.tasks["killer"]
    assert (ran.code, killer["state"], killer["attempts"], killer["error"]["kind"]) == (1, "failed", 3, "lost")
    assert len(killer["failures"]) == 3
    assert all(" is gone: " in failure["message"] for failure in killer["failures"])
    assert {ran.tasks[f"t{n}"]["state"] for n in range(6)} == {"done"}


SLOW = """%%task {name}
import os, pathlib, time
place = pathlib.Path(os.environ["PHELPS_TEST_PLACE"])
with open(place / "log", "a") as log:
    log.write("{name} ")
until = time.monotonic() + 60
while not (place / "go").exists() and time.monotonic() < until:
    time.sleep(0.01)
{name} = 41"""


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bodies note that they run: in the system's temporary folder, where files are nobody's inputs."""
    folder = tmp_path_factory.mktemp("place")
    monkeypatch.setenv("PHELPS_TEST_PLACE", str(folder))
    return folder


def controllers(kernel: Kernel) -> list[psutil.Process]:
    children = psutil.Process(kernel.manager.provisioner.pid).children()
    return [process for process in children if "ipyparallel.controller" in " ".join(process.cmdline())]


@pytest.mark.engines
def test_without_its_controller_a_cluster_is_started_anew_and_only_what_ran_runs_again(place: Path, kernel: Kernel):
    kernel.execute("%config Phelps.cluster = 'local:2'")
    kernel.execute(SLOW.format(name="first"), "first")
    (place / "go").touch()
    assert kernel.text("print(first)", "show") == "41\n"
    (place / "go").unlink()
    kernel.execute(SLOW.format(name="second").replace("41", "first + 1"), "second")
    until(lambda: (place / "log").read_text().split() == ["first", "second"])
    (controller,) = controllers(kernel)
    controller.kill()
    until(lambda: (place / "log").read_text().split() == ["first", "second", "second"])
    (place / "go").touch()
    assert kernel.text("print(second)", "show") == "42\n"
    assert len(controllers(kernel)) == 1
    kernel.execute("%phelps cluster stop")
    assert kernel.text("import psutil; print(psutil.Process().children(recursive=True))") == "[]\n"


def test_a_value_that_does_not_fit_the_disk_fails_its_task_and_leaves_nothing_of_itself(book):
    notebook = book(
        big=f"%%task big\n{FULL}\nbig = list(range(100_000))",
        small="%%task small\nsmall = 1",
    )
    ran = notebook.run()
    assert (ran.code, ran.tasks["small"]["state"]) == (1, "done")
    assert ran.tasks["big"]["error"]["message"] == "`big` could not be stored: [Errno 27] File too large"
    stored = [path for path in (notebook.folder / ".phelps" / "objects").rglob("*") if path.is_file()]
    assert [path.name for path in stored if path.stat().st_size > 5_000] == []


def test_a_store_that_can_not_be_written_to_is_said_and_the_values_are_there(kernel: Kernel, tmp_path: Path):
    kernel.execute("%%task first\nfirst = 1", "first")
    assert kernel.text("print(first)", "show") == "1\n"
    objects = tmp_path / ".phelps" / "objects"
    objects.rename(tmp_path / "objects")
    objects.touch()
    kernel.execute("%%task second\nsecond = first + 1", "second")
    assert "TaskFailed: task first (cell 2): `first` could not be stored: [Errno 20]" in kernel.text(
        "print(second)", "show"
    )
    objects.unlink()
    (tmp_path / "objects").rename(objects)
    kernel.execute("%phelps run\n%phelps wait")
    assert kernel.text("print(second)", "show") == "2\n"


def test_a_clock_that_is_set_changes_nothing(kernel: Kernel):
    kernel.execute("%%task slow\nimport time\ntime.sleep(1)\nslow = 1", "slow")
    kernel.execute("import time\nreal = time.time\ntime.time = lambda: real() + 86400", "ahead")
    assert kernel.text("print(slow)", "show") == "1\n"
    kernel.execute("time.time = lambda: real() - 86400", "back")
    kernel.execute("%%task other\nother = slow + 1", "other")
    assert kernel.text("print(other)", "more") == "2\n"
    kernel.execute("time.time = real", "now")
    kernel.execute("%phelps run\n%phelps wait")
    assert "0 of 2 tasks may run; 2 fresh" in kernel.text("%phelps plan")
