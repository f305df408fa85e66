"""How engines end: closed, killed, or without the kernel that started them. Nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from engine_bench import Bench, gave, poll

from phelps_jupyter.adapters.ipyparallel import engines
from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.core.model import EngineId
from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.orders import Order, Outcome

KINDS = ["solo", pytest.param("ipyparallel", marks=pytest.mark.engines)]
ENDLESS = "import os, subprocess\nprint('begun', os.getpid(), end='.')\nsubprocess.run(['sleep', '600'])"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench("ipyparallel", tmp_path, folder=str(tmp_path)).open()
    yield bench
    bench.engines.close()


@pytest.mark.parametrize("kind", KINDS)
def test_close_ends_what_runs_and_leaves_no_process(kind: str, tmp_path: Path) -> None:
    bench = Bench(kind, tmp_path).open()
    order = bench.submit(ENDLESS)
    bench.wrote(order, "begun")
    bench.engines.close()
    bench.engines.close()
    assert psutil.Process().children(recursive=True) == []
    assert len(bench.log.of(EngineLeft)) == 2
    assert os.listdir(tmp_path / "store" / "engines") == []


def test_close_waits_for_a_zygote_that_is_slow_while_the_others_end(tmp_path: Path) -> None:
    bench = Bench("solo", tmp_path).open()
    bodies = [body_of(bench, bench.submit(ENDLESS, on)) for on in range(2)]
    slow, other = (psutil.Process(body.ppid()) for body in bodies)
    slow.suspend()
    closing = threading.Thread(target=bench.engines.close)
    closing.start()
    gone, _ = psutil.wait_procs([other], timeout=3)
    assert (gone, slow.is_running()) == ([other], True)
    slow.resume()
    closing.join(60)
    assert psutil.Process().children(recursive=True) == []


@pytest.mark.parametrize("kind", KINDS)
def test_close_while_engines_start_leaves_no_process(kind: str, tmp_path: Path) -> None:
    bench = Bench(kind, tmp_path)
    bench.engines.start()
    bench.engines.close()
    assert psutil.Process().children(recursive=True) == []
    assert bench.log.of(EnginesFailed) == []


class Unreadable:
    def __reduce__(self) -> str:
        raise TypeError("this stays here")


@pytest.mark.parametrize("kind", KINDS)
def test_engines_that_fail_leave_with_the_reason_and_can_be_started_anew(kind: str, tmp_path: Path) -> None:
    bench = Bench(kind, tmp_path).open()
    try:
        bench.submit("x = 1", note={"never": Unreadable()})
        bench.log.until(lambda notices: any(isinstance(notice, EnginesFailed) for notice in notices))
        (failed,) = bench.log.of(EnginesFailed)
        assert "this stays here" in failed.why
        bench.log.until(lambda _: len(bench.log.of(EngineLeft)) == 2)
        assert {*failed.leaving} == {left.engine for left in bench.log.of(EngineLeft)}
        assert [left.why for left in bench.log.of(EngineLeft)] == [failed.why] * 2
        late = bench.order("x = 1")
        bench.engines.submit(EngineId("0"), late)
        assert bench.outcome(late).kind == "lost"
        bench.log.notices.clear()
        bench.open()
        assert gave(bench.run("x = 1", outputs=("x",))) == ["x"]
    finally:
        bench.engines.close()


@pytest.mark.parametrize("kind", KINDS)
def test_close_before_the_start_is_the_end(kind: str, tmp_path: Path) -> None:
    bench = Bench(kind, tmp_path)
    bench.engines.close()
    bench.engines.start()
    assert bench.log.notices == []


@pytest.mark.parametrize(
    "kind", [*KINDS, pytest.param("ipyparallel engine", marks=pytest.mark.engines, id="in the engine itself")]
)
def test_attempts_that_outlive_their_kernel_are_found_by_the_next(kind: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("kernel_to_kill.py")
    adapter, *isolation = kind.split()
    command = [sys.executable, str(script), adapter, str(tmp_path), *isolation]
    kernel = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert kernel.stdout is not None
    with kernel.stdout:
        assert kernel.stdout.readline() == "begun\n"
        below = psutil.Process(kernel.pid).children(recursive=True)
        kernel.kill()
        kernel.wait()
    _, left = psutil.wait_procs(below, timeout=60)
    assert left == []
    (found,) = attempts.finished(str(tmp_path / "store"))
    assert (found.outcome.kind, gave(found.outcome)) == ("done", ["x"])
    assert found.note == {"task": "fit"}
    assert "".join(frame.text for frame in found.frames) == "begun\nfinished\n"
    attempts.remove(found.folder)
    assert attempts.finished(str(tmp_path / "store")) == []
    assert list(tmp_path.glob("phelps-cluster-*")) == []


@pytest.mark.engines
def test_each_setting_of_the_controller_took_effect(cluster: Bench) -> None:
    (log,) = cluster.root.glob("phelps-cluster-*/log/ipcontroller-*.log")
    poll(lambda: "Heartmonitor beating every 500ms" in log.read_text())
    assert "Hub using DB backend: NoDB" in log.read_text()


@pytest.mark.engines
def test_the_cluster_s_files_are_for_its_owner_alone(cluster: Bench) -> None:
    (folder,) = cluster.root.glob("phelps-cluster-*")
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.engines
def test_a_killed_engine_leaves_with_its_attempt_and_another_takes_its_place(cluster: Bench) -> None:
    first, second = cluster.present()
    order = cluster.submit(ENDLESS)
    body = body_of(cluster, order)
    zygote = body.parent()
    below = [zygote, body, *body.children()]
    os.kill(engine_of(body), signal.SIGKILL)
    left = cluster.log.until(lambda notices: [notice for notice in notices if isinstance(notice, EngineLeft)])
    assert [notice.engine for notice in left] == [first]
    assert psutil.wait_procs(below, timeout=30)[1] == []
    cluster.log.until(lambda notices: sum(isinstance(notice, EngineJoined) for notice in notices) == 3)
    assert second in cluster.present()
    assert first not in cluster.present()
    assert cluster.run("x = 1", on=1).kind == "done"
    assert [notice for notice in cluster.log.of(Outcome) if notice.run == order.run] == []
    poll(lambda: len(os.listdir(cluster.root / "store" / "engines")) == 2)


@pytest.mark.engines
def test_when_an_engine_is_not_replaced_the_others_are_all_there_is(
    cluster: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "REPLACEMENTS", 0)
    order = cluster.submit(ENDLESS)
    os.kill(engine_of(body_of(cluster, order)), signal.SIGKILL)
    cluster.log.until(lambda notices: sum(isinstance(notice, EnginesSettled) for notice in notices) == 2)
    assert len(cluster.present()) == 1
    assert cluster.run("x = 1").kind == "done"


@pytest.mark.engines
def test_an_engine_that_freezes_keeps_no_other_waiting_and_is_replaced(cluster: Bench) -> None:
    order = cluster.submit(ENDLESS)
    engine = psutil.Process(engine_of(body_of(cluster, order)))
    engine.suspend()
    assert cluster.run("x = 1", on=1).kind == "done"
    assert cluster.log.of(EngineLeft) == []
    cluster.log.until(lambda notices: sum(isinstance(notice, EngineJoined) for notice in notices) == 3)
    assert psutil.wait_procs([engine], timeout=30)[1] == []


@pytest.mark.engines
def test_engines_that_die_again_and_again_are_given_up(tmp_path: Path) -> None:
    bench = Bench("ipyparallel", tmp_path, count=1).open()
    for killed in range(1, 5):
        bench.log.until(lambda _: bench.present())
        order = bench.submit(ENDLESS)
        os.kill(engine_of(body_of(bench, order)), signal.SIGKILL)
        bench.log.until(lambda _, gone=killed: len(bench.log.of(EngineLeft)) == gone)
    assert psutil.Process().children(recursive=True) != []
    bench.engines.close()
    assert len(bench.log.of(EngineJoined)) == 4


@pytest.mark.engines
def test_without_its_controller_the_cluster_fails_and_may_be_started_anew(cluster: Bench) -> None:
    (controller,) = [
        process for process in psutil.Process().children() if "ipyparallel.controller" in " ".join(process.cmdline())
    ]
    controller.kill()
    cluster.log.until(lambda _: len(cluster.log.of(EngineLeft)) == 2)
    kinds = [type(notice) for notice in cluster.log.notices]
    assert {*cluster.log.of(EnginesFailed)[0].leaving} == {left.engine for left in cluster.log.of(EngineLeft)}
    # Who has lost an attempt with an engine, and asks for others, is not told then that there are none.
    assert kinds.index(EnginesFailed) < kinds.index(EngineLeft)
    cluster.engines.start()
    cluster.log.until(lambda notices: sum(isinstance(notice, EnginesSettled) for notice in notices) == 2)
    order = cluster.order("x = 1")
    cluster.engines.submit(cluster.log.of(EngineJoined)[-1].engine.id, order)
    assert cluster.outcome(order).kind == "done"


@pytest.mark.engines
def test_an_order_for_an_engine_that_is_gone_is_lost(cluster: Bench) -> None:
    order = cluster.order("x = 1")
    cluster.engines.submit("99", order)  # type: ignore[arg-type]
    assert cluster.outcome(order).kind == "lost"


def body_of(bench: Bench, order: Order) -> psutil.Process:
    """The process that runs ENDLESS."""
    return psutil.Process(int(bench.wrote(order, ".").removeprefix("begun ").removesuffix(".")))


def engine_of(body: psutil.Process) -> int:
    """The process of ipyparallel's engine whose zygote runs it."""
    zygote = body.parent()
    assert zygote is not None
    return zygote.ppid()
