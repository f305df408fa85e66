"""Whether a process lives: of one that has ended that is known before its parent has taken note of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from engine_bench import poll

from phelps_jupyter.adapters.ipyparallel.life import Life


@pytest.fixture(params=["by a descriptor", "by the process table"])
def child(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    if request.param == "by the process table":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def test_a_process_goes_on_until_it_is_killed(child: subprocess.Popen[bytes]) -> None:
    life = Life(child.pid)
    assert life.goes_on()
    life.end()
    poll(lambda: not life.goes_on())
    child.wait()
    life.end()
    assert not life.goes_on()
    life.close()
    life.close()


def test_of_a_number_that_no_process_has_there_is_no_life() -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    with pytest.raises(psutil.NoSuchProcess):
        Life(gone.pid)


def test_it_leaves_no_descriptor_open(child: subprocess.Popen[bytes]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    life = Life(child.pid)
    life.close()
    assert len(os.listdir("/proc/self/fd")) == before
