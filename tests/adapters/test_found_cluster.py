"""Clusters that others have started: their engines run tasks, and are left as they were."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from engine_bench import Bench, gave, poll, users_cluster

from phelps_jupyter.adapters.ipyparallel import connection_of, reception
from phelps_jupyter.core.events import EngineJoined, EnginesFailed, EnginesSettled
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime import host, shipment

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with users_cluster(tmp_path_factory.mktemp("profile"), 2) as started:
        yield started


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    client = cluster.connect_client_sync()
    yield client
    client.close()


@pytest.fixture
def bench(cluster: Any, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    yield bench
    bench.engines.close()


def zygotes(client: Any) -> list[psutil.Process]:
    """Of all kernels, on its engines."""
    engines = [psutil.Process(pid) for pid in client[:].apply_sync(os.getpid)]
    below = [child for engine in engines for child in engine.children()]
    return [child for child in below if "import zygote" in command(child)]


def command(process: psutil.Process) -> str:
    """Nothing of one that is gone, or has ended and was not yet waited for."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def test_the_way_to_a_cluster_is_found_by_its_object_a_client_its_file_or_its_profile(
    cluster: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(cluster.profile_dir, "security", "ipcontroller-mine-client.json")
    shutil.copytree(cluster.profile_dir, tmp_path / "profile_fast")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    found = [connection_of(each) for each in (cluster, client, str(file), "fast")]
    assert len({each["key"] for each in found}) == 1
    assert [each["registration"] for each in found] == [found[0]["registration"]] * 4


@pytest.mark.parametrize(
    ("cluster", "words"),
    [(7, "int is no cluster"), ("nowhere/x.json", "can't be read"), ("nobody", "there is no profile 'nobody'")],
)
def test_what_is_no_way_to_a_cluster_is_refused(cluster: object, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        connection_of(cluster)


def test_a_profile_without_a_cluster_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profile_idle").mkdir()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    with pytest.raises(DeclarationError, match="is running: start one"):
        connection_of("idle")


def test_its_engines_run_tasks_and_stay(bench: Bench, client: Any) -> None:
    kept = client[:].apply_async(os.getpid)
    pids = kept.get()
    assert len(bench.log.of(EngineJoined)) == 2
    assert gave(bench.run("x = 1", outputs=("x",))) == ["x"]
    assert len(zygotes(client)) == 2
    bench.engines.close()
    assert zygotes(client) == []
    assert client[:].apply_sync(os.getpid) == pids
    assert kept.get() == pids
    assert list((bench.root / "store").glob("probe-*")) == []


@pytest.mark.parametrize("after", [0.0, 0.05, 0.1, 0.2])
def test_they_are_left_at_any_time(cluster: Any, client: Any, tmp_path: Path, after: float) -> None:
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster))
    bench.engines.start()
    time.sleep(after)
    bench.engines.close()
    assert bench.log.of(EnginesFailed) == []
    poll(lambda: zygotes(client) == [])


def test_the_user_s_own_work_on_them_goes_on_between_tasks_and_they_while_it_does(bench: Bench, client: Any) -> None:
    waits = bench.submit("open('go').read()")
    os.mkfifo(bench.root / "go")
    bench.started(waits)
    assert client[:].apply_sync(lambda: 6 * 7) == [42, 42]
    os.mkfifo(bench.root / "on")
    busy = client[:].apply_async(Path.read_text, bench.root / "on")
    assert gave(bench.run("x = 1", outputs=("x",), on=1)) == ["x"]
    (bench.root / "go").write_text("")
    assert bench.outcome(waits).kind == "done"
    assert not busy.ready()
    release(bench.root / "on", busy)


def release(fifo: Path, readers: Any) -> None:
    """Let all who read it go on."""
    while not readers.ready():
        with fifo.open("w") as file:
            file.write("")
        readers.wait(0.05)


def test_two_kernels_share_them(bench: Bench, cluster: Any, tmp_path: Path) -> None:
    other = Bench("ipyparallel", tmp_path / "other", connection=connection_of(cluster))
    (tmp_path / "other").mkdir()
    other.open()
    try:
        both = [each.submit("x = 1", outputs=("x",)) for each in (bench, other)]
        assert [gave(each.outcome(order)) for each, order in zip((bench, other), both, strict=True)] == [["x"], ["x"]]
    finally:
        other.engines.close()
    assert gave(bench.run("y = 1", outputs=("y",))) == ["y"]


KERNEL = """
import sys
from pathlib import Path
from engine_bench import Bench
from phelps_jupyter.adapters.ipyparallel import connection_of
bench = Bench("ipyparallel", Path(sys.argv[1]), connection=connection_of(sys.argv[2])).open()
bench.run("x = 1")
print("done", flush=True)
sys.stdin.read()
"""


def test_a_kernel_that_was_killed_leaves_no_zygote(cluster: Any, client: Any, tmp_path: Path) -> None:
    file = Path(cluster.profile_dir, "security", "ipcontroller-mine-client.json")
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, str(tmp_path), str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([os.path.dirname(__file__), *sys.path])},
    )
    with kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == "done\n"
        assert len(zygotes(client)) == 2
        kernel.kill()
    poll(lambda: zygotes(client) == [])


def altered(monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """Engines get another runtime than ours."""
    files = dict(shipment.pack().files)
    path = "phelps_jupyter/runtime/shipment.py"
    for before, after in changes:
        assert before in files[path]
        files[path] = files[path].replace(before, after)
    cargo = shipment.Shipment(shipment._stamp(files), files)
    monkeypatch.setattr(reception.shipment, "pack", lambda: cargo)


BLIND = ("if not os.path.exists(os.path.join(store, probe))", "if True")


def test_engines_that_do_not_see_the_store_keep_values_and_send_them(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, BLIND)
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster)).open()
    made = bench.run("x = bytes(n)", inputs=(bench.given("n", 1_000_000),), outputs=("x",))
    assert made.haul.sums[0][0] == made.outputs[0].digest
    bench.engines.close()
    assert bench.value(made, "x") == bytes(1_000_000)
    assert list(Path(shipment.private_folder()).glob("values-*")) == []


def test_engines_that_could_fetch_no_values_are_refused_with_the_reason(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    altered(monkeypatch, BLIND, ('find_spec("cryptography") is None', "True"))
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster))
    bench.engines.start()
    bench.log.until(lambda notices: any(isinstance(notice, EnginesSettled | EnginesFailed) for notice in notices))
    bench.engines.close()
    assert "python -m pip install cryptography" in bench.log.of(EnginesFailed)[0].why


def test_engines_that_can_t_run_tasks_are_refused_with_the_reason_and_get_no_zygote(
    cluster: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = host.facts()
    monkeypatch.setattr(reception.host, "facts", lambda: here._replace(python="3.9"))
    bench = Bench("ipyparallel", tmp_path, connection=connection_of(cluster))
    bench.engines.start()
    bench.log.until(lambda notices: any(isinstance(notice, EnginesSettled | EnginesFailed) for notice in notices))
    assert f"runs Python {here.python}; the kernel's is 3.9" in bench.log.of(EnginesFailed)[0].why
    assert "no ipyparallel engine has joined yet, of 2" in bench.engines.describe()
    assert zygotes(client) == []
    bench.engines.close()
    assert not (tmp_path / "store" / "engines").exists()
