"""Tasks that ask for GPUs, on a machine whose nvidia-smi tells of two."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.notebook

BOTH = """
import os, pathlib, time
place = pathlib.Path(os.environ["PHELPS_TEST_PLACE"])
(place / "{own}").touch()
until = time.monotonic() + 60
while not (place / "{other}").exists() and time.monotonic() < until:
    time.sleep(0.01)
assert (place / "{other}").exists(), "they did not run at once"
{own} = os.environ.get("CUDA_VISIBLE_DEVICES", "as it was")
"""


@pytest.fixture(autouse=True)
def _two_gpus(tmp_path, monkeypatch):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "nvidia-smi").write_text("#!/bin/sh\necho 'GPU 0: A (UUID: GPU-1)'\necho 'GPU 1: A (UUID: GPU-2)'\n")
    (tools / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize("cluster", ["none", pytest.param("local:2", marks=pytest.mark.engines)])
def test_tasks_that_run_at_once_have_different_gpus(book, cluster, tmp_path_factory, monkeypatch):
    # Files there are nobody's inputs.
    monkeypatch.setenv("PHELPS_TEST_PLACE", str(tmp_path_factory.mktemp("place")))
    ran = book(
        cluster=cluster,
        a=f"%%task a --gpus 1\n{BOTH.format(own='a', other='b')}",
        b=f"%%task b --gpus 1\n{BOTH.format(own='b', other='a')}",
        p="print(a, b)",
        q="assert {a, b} == {'0', '1'}",
    ).run()
    assert ran.code == 0, ran.report["cells"]


def test_who_asks_for_none_sees_what_there_is_and_who_asks_for_zero_sees_nothing(book):
    seen = "import os\n{} = os.environ.get('CUDA_VISIBLE_DEVICES', 'as it was')"
    ran = book(
        free=f"%%task free\n{seen.format('free')}",
        zero=f"%%task zero --gpus 0\n{seen.format('zero')}",
        both=f"%%task both --gpus 2\n{seen.format('both')}",
        q="assert (free, zero, sorted(both.split(','))) == ('as it was', '', ['0', '1']), (free, zero, both)",
    ).run()
    assert ran.code == 0, ran.report["cells"]


def test_more_than_any_host_has_is_impossible(book):
    ran = book(a="%%task a --gpus 3\nx = 1").run()
    error = ran.tasks["a"]["error"]
    assert error["kind"] == "impossible"
    assert error["message"].startswith("--cpus 1 --gpus 3: no host has that; the largest, ")
    assert error["message"].endswith(" of memory and 2 gpus")


def test_gpus_are_no_part_of_the_key(book):
    notebook = book(a="%%task a --gpus 1\nx = 1")
    notebook.run()
    notebook.edit("a", "--gpus 1", "--gpus 2")
    assert notebook.run().ran() == []
