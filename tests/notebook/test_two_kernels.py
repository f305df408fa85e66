"""Two kernels on one store at once: both are right, and what both want is computed by one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from conftest import HANG, Book, Kernel, finished

from phelps_jupyter.runtime import host

pytestmark = pytest.mark.notebook

WRITE = "import os, pathlib, time\nplace = pathlib.Path(os.environ['PHELPS_TEST_PLACE'])\n"
LOG = WRITE + "with open(place / 'log', 'a') as log:\n    log.write('{name}\\n')\n"
WAIT = "until = time.monotonic() + 60\nwhile {condition} and time.monotonic() < until:\n    time.sleep(0.01)\n"
TASK = "%%task {name} --out {out}\n" + LOG
NOTE = WRITE + "(place / f'{name}-{{os.getpid()}}').touch()"


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where bodies note that they run: in the system's temporary folder, where files are nobody's inputs."""
    folder = tmp_path_factory.mktemp("place")
    monkeypatch.setenv("PHELPS_TEST_PLACE", str(folder))
    return folder


def logged(place: Path) -> list[str]:
    return (place / "log").read_text().split() if (place / "log").exists() else []


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def card_of(kernel: Kernel, task: str) -> str:
    """Its card as it is now; updates are read while a cell runs."""
    kernel.execute("pass")
    return kernel.card(task)


def both_asked() -> str:
    """A body goes on when both kernels have asked for everything: their plain cells at the end do not wait."""
    return WAIT.format(condition="len(list(place.glob('asked-*'))) < 2")


def test_two_kernels_that_run_one_notebook_share_its_work(book: Callable[..., Book], place: Path) -> None:
    notebook = book(
        load=TASK.format(name="load", out="rows") + both_asked() + "rows = [3, 1, 2]\nprint('loaded')",
        fit=TASK.format(name="fit", out="model") + "model = sum(rows)",
        spread=TASK.format(name="spread", out="width") + "width = max(rows) - min(rows)",
        last=TASK.format(name="last", out="both") + "both = (model, width)\nboth",
        asked=NOTE.format(name="asked"),
        show="print(both)",
    )
    paths = [notebook.folder / f"{name}.ipynb" for name in ("one", "other")]
    runs = [finished(process) for process in [notebook.start("-o", str(path)) for path in paths]]
    assert [run.code for run in runs] == [0, 0], [run.stderr for run in runs]
    for path in paths:
        outputs = notebook.outputs(path)
        assert outputs["load"][-1]["text"] == "loaded\n"
        assert outputs["last"][-1]["data"]["text/plain"] == "(6, 2)"
        assert outputs["show"][-1]["text"] == "(6, 2)\n"
    assert sorted(logged(place)) == ["fit", "last", "load", "spread"]
    assert sorted(runs[0].ran() + runs[1].ran()) == ["fit", "last", "load", "spread"]


@pytest.mark.usefixtures("place")
def test_what_can_not_be_kept_is_made_by_both(book: Callable[..., Book]) -> None:
    notebook = book(
        make=TASK.format(name="make", out="made") + both_asked() + "made = iter([1, 2])",
        use=TASK.format(name="use", out="used") + "used = list(made)",
        asked=NOTE.format(name="asked"),
        show="print(used)",
    )
    runs = [finished(process) for process in [notebook.start(), notebook.start()]]
    assert [run.code for run in runs] == [0, 0], [run.stderr for run in runs]
    assert [run.summary("use", "used") for run in runs] == ["list of 2"] * 2


GATED = {
    "load": TASK.format(name="load", out="rows") + WAIT.format(condition="not (place / 'go').exists()") + "rows = [7]",
    "asked": NOTE.format(name="asked"),
}


@pytest.fixture
def first(book: Callable[..., Book], place: Path) -> Iterator[tuple[Book, psutil.Popen]]:
    """A run whose only task is under way; it ends when there is a file ``go``."""
    notebook = book(**GATED)
    process = notebook.start()
    until(lambda: logged(place) == ["load"])
    yield notebook, process
    (place / "go").touch()
    process.communicate(timeout=HANG)


def killed_kernel(process: psutil.Popen, place: Path) -> list[psutil.Process]:
    """Kill the kernel of this run; its zygotes and bodies, which go on."""
    kernels = [psutil.Process(int(path.name.split("-")[1])) for path in place.glob("asked-*")]
    (kernel,) = [each for each in kernels if process.pid in [above.pid for above in each.parents()]]
    below = kernel.children(recursive=True)
    kernel.kill()
    return below


def test_what_a_killed_kernel_has_left_running_is_waited_for(
    first: tuple[Book, psutil.Popen], place: Path, kernel: Kernel
) -> None:
    notebook, process = first
    other = notebook.start()
    until(lambda: len(list(place.glob("asked-*"))) == 2)
    killed_kernel(process, place)
    kernel.execute(GATED["load"], "load")
    until(lambda: "waits for an attempt that a kernel before this one has left running" in card_of(kernel, "load"))
    (place / "go").touch()
    ran = finished(other)
    assert (ran.code, ran.ran(), ran.summary("load", "rows")) == (0, [], "list of 1"), ran.stderr
    assert kernel.text("print(rows)", "show") == "[7]\n"
    assert logged(place) == ["load"]


def test_what_ended_with_its_kernel_is_made_by_the_next(first: tuple[Book, psutil.Popen], place: Path) -> None:
    notebook, process = first
    other = notebook.start()
    until(lambda: len(list(place.glob("asked-*"))) == 2)
    for below in killed_kernel(process, place):
        with suppress(psutil.NoSuchProcess):
            below.kill()
    until(lambda: logged(place) == ["load", "load"])
    (place / "go").touch()
    ran = finished(other)
    assert (ran.code, ran.ran(), ran.summary("load", "rows")) == (0, ["load"], "list of 1"), ran.stderr


@pytest.mark.usefixtures("first")
def test_a_waiting_run_says_so_and_is_reused_in_the_end(place: Path, kernel: Kernel) -> None:
    kernel.execute(GATED["load"], "load")
    until(lambda: "waits for another kernel that runs the same" in card_of(kernel, "load"))
    (place / "go").touch()
    assert kernel.text("print(rows)", "show") == "[7]\n"
    until(lambda: "reused" in card_of(kernel, "load"))
    assert logged(place) == ["load"]


def test_a_run_that_is_cancelled_while_it_waits_never_starts(
    first: tuple[Book, psutil.Popen], place: Path, kernel: Kernel
) -> None:
    _, process = first
    kernel.execute(GATED["load"], "load")
    kernel.execute("%phelps cancel")
    (place / "go").touch()
    process.wait(HANG)
    kernel.execute("%phelps wait")
    assert "cancelled" in card_of(kernel, "load")
    assert logged(place) == ["load"]


def test_two_kernels_share_the_cpus_of_the_machine(book: Callable[..., Book], place: Path, kernel: Kernel) -> None:
    wait = WAIT.format(condition="not (place / 'go').exists()")
    cells = {f"one{n}": TASK.format(name=f"one{n}", out=f"x{n}") + wait + f"x{n} = {n}" for n in range(host.cpus())}
    process = book(**cells).start()
    until(lambda: len(logged(place)) == host.cpus())
    # Whoever comes may begin one, and gets more when there is more.
    for n in range(host.cpus()):
        kernel.execute(TASK.format(name=f"other{n}", out=f"y{n}") + wait + f"y{n} = {n}", f"other{n}")
    last = f"other{host.cpus() - 1}"
    until(lambda: "left to other kernels" in card_of(kernel, last))
    until(lambda: len(logged(place)) == host.cpus() + 1)
    (place / "go").touch()
    assert finished(process).code == 0
    assert kernel.text(f"print({' + '.join(f'y{n}' for n in range(host.cpus()))})", "show").strip().isdigit()


def test_a_forced_run_waits_for_nobody(first: tuple[Book, psutil.Popen], place: Path) -> None:
    notebook, _ = first
    forced = notebook.start("load", "--force")
    until(lambda: logged(place) == ["load", "load"])
    (place / "go").touch()
    assert finished(forced).ran() == ["load"]


def test_what_runs_when_the_extension_is_loaded_anew_is_waited_for_and_runs_once(place: Path, kernel: Kernel) -> None:
    slow = TASK.format(name="slow", out="slow") + WAIT.format(condition="not (place / 'go').exists()") + "slow = 41"
    cells = [(slow, "a"), ("%%task next\nother = slow + 1", "b")]
    for source, cell in cells:
        kernel.execute(source, cell)
    until(lambda: logged(place) == ["slow"])
    kernel.execute("%reload_ext phelps_jupyter\n%config Phelps.cluster = 'none'")
    for source, cell in cells:
        kernel.execute(source, cell)
    until(lambda: "another kernel that runs the same" in card_of(kernel, "slow"))
    (place / "go").touch()
    assert kernel.text("other", "c") == "42"
    assert logged(place) == ["slow"]
    # Nothing of the first one is left.
    names = "import threading\nprint([each.name for each in threading.enumerate()].count('phelps-session'))"
    until(lambda: kernel.text(names) == "1\n")
