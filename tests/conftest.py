"""Rules for all tests: a skipped test fails where CI=true, and no process outlives the module that started it."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

# Children that were detached, or whose parent died, still carry this in their environment.
MARK = "PHELPS_TEST_SESSION"
GRACE = 10.0


def pytest_configure(config: pytest.Config) -> None:
    os.environ[MARK] = uuid.uuid4().hex
    # Kernels of tests that run beside one another, or that were killed before, are to hold none of a test's cpus.
    folder = tempfile.TemporaryDirectory(prefix="phelps-test-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_RUNTIME_DIR"] = folder.name


def pytest_runtest_setup() -> None:
    Path(os.environ["XDG_RUNTIME_DIR"], "phelps-ledger.json").unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return (yield from _no_skips())


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return (yield from _no_skips())


def _no_skips():
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left_behind() -> Iterator[None]:
    """Checked at the end of a module, not of a test: engines that a module's tests share end with the module."""
    before = set(started_here())
    yield
    _, left = psutil.wait_procs([process for process in started_here() if process not in before], timeout=GRACE)
    told = [f"{process.pid}: {command(process)}" for process in left]
    for process in left:
        process.kill()
    assert told == []


def started_here() -> list[psutil.Process]:
    """Living processes that this session started, or that those started."""
    found = {process for process in psutil.process_iter() if carries_mark(process)}
    found.update(psutil.Process().children(recursive=True))
    found.discard(psutil.Process())
    return [process for process in found if is_alive(process)]


def carries_mark(process: psutil.Process) -> bool:
    try:
        return process.environ().get(MARK) == os.environ[MARK]
    except psutil.Error:
        return False


def is_alive(process: psutil.Process) -> bool:
    """Zombies are not; nor are the helpers of multiprocessing and joblib, which end with the session by design."""
    try:
        told = command(process)
        # Its forks are called the same, and are none.
        serves = "multiprocessing.forkserver" in told and process.ppid() == os.getpid()
        return process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in told and not serves
    except psutil.NoSuchProcess:
        return False


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:200]
    except psutil.Error:
        return "gone"
