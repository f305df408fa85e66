"""Which processes are those of an engine's guest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from phelps_jupyter.runtime.retinue import Retinue


@pytest.fixture
def started() -> Iterator[list[int]]:
    with subprocess.Popen(["sleep", "600"]) as first, subprocess.Popen(["sleep", "600"]) as second:
        yield [first.pid, second.pid]
        first.kill()
        second.kill()


def test_what_was_there_before_the_guest_is_not_its_own(started: list[int]) -> None:
    retinue = Retinue(os.getpid())
    retinue.look(lambda: True)
    assert not set(started) & set(retinue.pids())


def test_what_is_found_when_the_guest_may_have_come_is_its_own(started: list[int]) -> None:
    retinue = Retinue(os.getpid())
    retinue.look(lambda: False)
    assert set(started) <= set(retinue.pids())
