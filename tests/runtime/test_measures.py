"""What is measured of an attempt: its memory over time, what it read and wrote, and whether the system killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from phelps_jupyter.runtime import measures
from phelps_jupyter.runtime.measures import POINTS, WINDOW, Curve, Kills, Meters

MB = 1_000_000
COPIES = """
import os, subprocess, sys
with open("big", "wb") as file:
    file.write(bytes(5_000_000))
subprocess.run(["cat", "big"], stdout=subprocess.DEVNULL)
"""


def test_a_short_curve_is_told_as_it_was_seen() -> None:
    curve = Curve()
    for step in range(3):
        curve.note(step / 10, step)
    assert curve.points() == ((0.0, 0), (0.1, 1), (0.2, 2))


def test_a_long_curve_is_told_of_its_last_seconds_with_its_peaks() -> None:
    curve = Curve()
    for step in range(1_500):
        curve.note(step / 50, 1_000 if step == 1_250 else step % 10)
    points = curve.points()
    assert len(points) == POINTS
    assert points[-1][0] == 29.98
    assert points[0][0] >= 29.98 - WINDOW
    assert max(held for _, held in points) == 1_000


def test_looks_in_quick_succession_count_as_one_that_saw_the_most() -> None:
    curve = Curve()
    for step, held in enumerate([5, 9, 7]):
        curve.note(step / 1_000, held)
    assert curve.points() == ((0.0, 9),)


def test_what_children_and_theirs_moved_is_counted_when_they_have_ended(tmp_path: Path) -> None:
    meters = Meters()
    subprocess.run([sys.executable, "-c", COPIES], cwd=tmp_path, check=True)
    # What this process itself moves is not theirs.
    (tmp_path / "own").write_bytes(bytes(50 * MB))
    moved = meters.transfer()
    assert moved is not None
    assert 10 * MB <= moved.written < 20 * MB
    assert 5 * MB <= moved.read < 20 * MB


def test_nothing_that_happened_is_counted_as_nothing() -> None:
    assert Meters().transfer() == (0, 0)


@pytest.mark.parametrize("missing", ["self/io", "task"])
def test_where_the_system_does_not_tell_nothing_is_known(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(measures, "_text", lambda path: "" if missing in path else "rchar: 1\nwchar: 2\nsyscr: 3\n")
    assert Meters().transfer() is None


def test_a_count_of_the_system_s_kills_that_rises_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"/sys/fs/cgroup/ours/memory.events": "oom_kill 3", "/proc/vmstat": "oom_kill 9"}
    told["/proc/self/cgroup"] = "9:name=systemd:/\n0::/ours\n"
    monkeypatch.setattr(measures, "_text", lambda path: told.get(path, ""))
    kills = Kills()
    assert not kills.has_more()
    told["/sys/fs/cgroup/ours/memory.events"] = "max 0\noom_kill 4\noom_group_kill 0"
    assert kills.has_more()
    kills.look()
    assert not kills.has_more()


def test_the_machine_s_count_stands_in_for_that_of_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"/proc/vmstat": "oom_kill 0"}
    monkeypatch.setattr(measures, "_text", lambda path: told.get(path, ""))
    kills = Kills()
    told["/proc/vmstat"] = "nr_free 7\noom_kill 1"
    assert kills.has_more()


def test_where_nobody_counts_nothing_is_known_of_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "_text", lambda _: "")
    assert not Kills().has_more()
