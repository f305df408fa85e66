"""What a tree of processes holds, and who belongs to it."""

from __future__ import annotations

import mmap
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phelps_jupyter.runtime import limits

MB = 1_000_000


@contextmanager
def forked(hold: Callable[[], object]) -> Iterator[int]:
    """A child that holds what ``hold`` returns until it is killed."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            held = hold()
            os.write(told, b"x" if held is not None else b"-")
            signal.pause()
        finally:
            os._exit(0)
    os.read(ready, 1)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(told)


def touched(size: int) -> bytearray:
    return bytearray(b"x") * size


def mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    assert sum(view[::4096]) == 0
    return view


def test_anonymous_memory_counts() -> None:
    with forked(lambda: None) as small, forked(lambda: touched(100 * MB)) as big:
        assert 90 * MB < limits.anonymous(big) - limits.anonymous(small) < 110 * MB


def test_mapped_files_do_not(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(100 * MB))
    with forked(lambda: None) as small, forked(lambda: mapped(tmp_path / "big")) as big:
        assert limits.anonymous(big) - limits.anonymous(small) < 10 * MB


def test_pages_shared_since_a_fork_are_told_apart() -> None:
    held = touched(100 * MB)
    with forked(lambda: len(held)) as pid:
        # The rest of this process is shared as well: only the ratio tells.
        assert limits.anonymous(pid) > 90 * MB
        assert limits.proportional(pid) < 0.8 * limits.anonymous(pid)


def test_a_process_that_is_gone_holds_nothing() -> None:
    with forked(lambda: None) as pid:
        pass
    assert (limits.anonymous(pid), limits.proportional(pid), limits.descendants(pid)) == (0, 0, [])


@pytest.mark.parametrize("listed", [True, False])
def test_descendants_are_found_with_and_without_the_kernel_s_list(
    monkeypatch: pytest.MonkeyPatch, listed: bool
) -> None:
    monkeypatch.setattr(limits, "LISTED", listed and limits.LISTED)
    with forked(lambda: None) as pid:
        assert pid in limits.descendants(os.getpid())


def test_a_guard_tells_when_the_limit_is_near_and_when_it_is_passed() -> None:
    guard = limits.Guard(os.getpid(), 100 * MB)
    with forked(lambda: touched(200 * MB)):
        held = guard.look()
        assert guard.near(held)
        assert guard.exceeded(held)
        assert guard.peak >= 190 * MB


def test_a_guard_without_a_limit_only_measures() -> None:
    guard = limits.Guard(os.getpid(), None)
    assert not guard.near(1 << 60)
    assert not guard.exceeded(1 << 60)
