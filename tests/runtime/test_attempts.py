"""Attempts that kernels left behind: what has ended is found whole, what never will is cleared away."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.host import boot, place
from phelps_jupyter.runtime.orders import Frame, Outcome
from phelps_jupyter.runtime.transcript import encode

FRAMES = (Frame("stdout", "out\n"), Frame("stderr", "err\n")) * 25


def left(store: Path, name: str = "0-1-a", *, owner: bool = True, outcome: bool = True) -> Path:
    """The folder of an attempt whose kernel is gone."""
    folder = store / "attempts" / name
    folder.mkdir(parents=True)
    (folder / "note.json").write_text('{"task": "fit"}')
    (folder / "frames").write_bytes(b"".join(map(encode, FRAMES)))
    if owner:
        # This process' number, of one that began long ago.
        told = {"pid": os.getpid(), "began": 1.0, "boot": boot(), "place": place()}
        (folder / "owner.json").write_text(json.dumps(told))
    if outcome:
        (folder / "outcome").write_bytes(pickle.dumps(Outcome(0, 1, "done")))
    return folder


def run_in(folder: Path, pid: int, **elsewhere: str) -> None:
    """Note that this process is the folder's zygote."""
    (folder / "pid").write_text(json.dumps({"pid": pid, "place": place(), "boot": boot()} | elsewhere))


def test_what_has_ended_is_found_whole(tmp_path: Path) -> None:
    folder = left(tmp_path)
    assert attempts.finished(str(tmp_path)) == [
        attempts.Finished(str(folder), Outcome(0, 1, "done"), FRAMES, {"task": "fit"})
    ]


def test_what_a_kernel_elsewhere_waits_for_is_let_be(tmp_path: Path) -> None:
    folder = left(tmp_path)
    told = json.loads((folder / "owner.json").read_text())
    (folder / "owner.json").write_text(json.dumps(told | {"place": "another machine"}))
    assert attempts.finished(str(tmp_path)) == []
    assert (folder / "outcome").exists()


@pytest.mark.parametrize("file", ["outcome", "note.json"])
def test_what_can_t_be_read_is_removed(tmp_path: Path, file: str) -> None:
    folder = left(tmp_path)
    (folder / file).write_bytes(b"of another version")
    assert attempts.finished(str(tmp_path)) == []
    assert not folder.exists()


# whether it says whose it was, its age in seconds, and whether it is still there after a look
FOLDERS = [(False, 0, True), (False, 3600, False), (True, 0, True), (True, 3600, False)]


@pytest.mark.parametrize(("owner", "age", "expected"), FOLDERS)
def test_what_will_never_end_is_removed(tmp_path: Path, owner: bool, age: int, expected: bool) -> None:
    folder = left(tmp_path, owner=owner, outcome=False)
    os.utime(folder, times=(time.time() - age,) * 2)
    assert attempts.finished(str(tmp_path)) == []
    assert folder.exists() is expected


@pytest.mark.parametrize(
    ("kernel", "runs", "expected"),
    [
        ("gone", "no", False),
        ("gone", "yes", True),
        ("gone", "", True),
        ("lives", "no", True),
        ("half removed", "no", False),
        ("half removed", "yes", True),
        ("elsewhere", "no", True),
    ],
)
def test_folders_of_zygotes_that_are_gone_with_their_kernels_are_removed(
    tmp_path: Path, kernel: str, runs: str, expected: bool
) -> None:
    folder = tmp_path / "engines" / "zygote-1"
    folder.mkdir(parents=True)
    owner = json.loads(attempts.owner())
    if kernel != "half removed":
        changes = {"gone": {"began": 1.0}, "elsewhere": {"began": 1.0, "place": "another machine"}}
        (folder / "owner.json").write_text(json.dumps(owner | changes.get(kernel, {})))
    gone = subprocess.Popen(["true"])
    gone.wait()
    if runs:
        run_in(folder, os.getpid() if runs == "yes" else gone.pid)
    assert attempts.finished(str(tmp_path)) == []
    assert folder.exists() is expected


@pytest.mark.parametrize(
    ("whose", "runs", "expected"), [("ours", "no", False), ("ours", "yes", True), ("", "no", True)]
)
def test_a_kernel_clears_away_what_its_zygotes_could_not(tmp_path: Path, whose: str, runs: str, expected: bool) -> None:
    folder = tmp_path / "engines" / "zygote-1"
    folder.mkdir(parents=True)
    (folder / "owner.json").write_text(whose)
    gone = subprocess.Popen(["true"])
    gone.wait()
    run_in(folder, os.getpid() if runs == "yes" else gone.pid)
    attempts.clear(str(tmp_path), "ours")
    assert folder.exists() is expected


def test_a_last_word_is_found_once_by_whom_it_is_for(tmp_path: Path) -> None:
    left(tmp_path, attempts.last_word_name("ours", 0, 1))
    assert attempts.last_word(str(tmp_path), "theirs", 0, 1) is None
    assert attempts.last_word(str(tmp_path), "ours", 0, 11) is None
    assert attempts.last_word(str(tmp_path), "ours", 0, 1) == Outcome(0, 1, "done")
    assert attempts.last_word(str(tmp_path), "ours", 0, 1) is None


def test_last_words_that_nobody_needed_go_with_their_kernel(tmp_path: Path) -> None:
    names = [attempts.last_word_name("ours", 3, 1), attempts.last_word_name("theirs", 3, 1), "3-1-a"]
    folders = [left(tmp_path, name) for name in names]
    attempts.clear(str(tmp_path), "ours")
    assert [folder.exists() for folder in folders] == [False, True, True]


@pytest.mark.parametrize("elsewhere", [{"boot": "of another machine"}, {"place": "another machine"}])
@pytest.mark.parametrize(("silent", "runs"), [(0, True), (50, True), (70, False)])
def test_a_zygote_of_another_machine_is_judged_by_its_signs_of_life(
    tmp_path: Path, elsewhere: dict[str, str], silent: int, runs: bool
) -> None:
    """This machine may have a process of its number, or none: that says nothing."""
    folder = tmp_path / "engines" / "zygote-1"
    folder.mkdir(parents=True)
    (folder / "owner.json").write_text(json.dumps(json.loads(attempts.owner()) | {"began": 1.0}))
    (folder / "note.json").write_text('{"key": "k"}')
    gone = subprocess.Popen(["true"])
    gone.wait()
    for pid in (os.getpid(), gone.pid):
        run_in(folder, pid, **elsewhere)
        os.utime(folder / "pid", (time.time() - silent,) * 2)
        assert attempts.running(str(tmp_path)) == ([{"key": "k"}] if runs else [])
    assert attempts.finished(str(tmp_path)) == []
    assert folder.exists() is runs


def test_kernels_that_take_over_the_same_at_once_get_it_whole_or_not_at_all(tmp_path: Path) -> None:
    folders = [left(tmp_path, f"0-{number}-a") for number in range(100)]

    def take_over(_: int) -> int:
        found = attempts.finished(str(tmp_path))
        assert all((each.frames, each.note) == (FRAMES, {"task": "fit"}) for each in found)
        for each in found:
            attempts.remove(each.folder)
        return len(found)

    with ThreadPoolExecutor(4) as kernels:
        assert sum(kernels.map(take_over, range(8))) >= len(folders)
    assert not any(folder.exists() for folder in folders)
