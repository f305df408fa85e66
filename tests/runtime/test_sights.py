"""What a path holds, and which paths are the user's."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from phelps_jupyter.runtime.digests import digest_bytes
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.sights import Kind, own_names, stamp, watched_digest

LONG_AGO = 1_600_000_000


@pytest.mark.parametrize("content", [b"", b"hello", b"x" * 3_000_001])
def test_the_digest_of_a_file_is_that_of_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert watched_digest("file", str(tmp_path / "a")) == digest_bytes(content)


@pytest.mark.parametrize(
    ("kind", "name"), [("file", "none"), ("file", "."), ("file", "pipe"), ("folder", "none"), ("folder", "a")]
)
def test_what_is_not_of_its_kind_has_no_digest(tmp_path: Path, kind: Kind, name: str) -> None:
    (tmp_path / "a").touch()
    os.mkfifo(tmp_path / "pipe")
    assert watched_digest(kind, str(tmp_path / name)) == ""


def test_a_path_is_a_file_a_folder_or_absent(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    found = [watched_digest("path", str(tmp_path / name)) for name in ("a", ".", "none", "dangling", "a/b")]
    assert found == [digest_bytes(word) for word in (b"file", b"folder", b"absent", b"absent", b"absent")]


def test_the_digest_of_a_folder_hangs_on_its_names_without_those_of_tools(tmp_path: Path) -> None:
    def digest(*without: str) -> str:
        return watched_digest("folder", str(tmp_path), frozenset(without))

    (tmp_path / "a").touch()
    before = digest()
    for name in (".git", ".phelps", "__pycache__", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    (tmp_path / "a").write_text("other")
    assert digest() == before
    (tmp_path / "b").touch()
    assert digest() != before
    assert digest("b") == before


@pytest.mark.parametrize(
    ("folder", "wrote", "names"),
    [
        (".", ["a", "out/b", "../c", "/d/e"], {"a", "out"}),
        ("out", ["a", "out/b", "out/deep/c", "outer/d"], {"b", "deep"}),
        ("../up", ["../up/a", "../b"], {"a"}),
        ("/d", ["/d/a", "d/b"], {"a"}),
    ],
)
def test_a_listing_shows_of_own_files_their_names_or_the_folders_they_are_in(
    folder: str, wrote: list[str], names: set[str]
) -> None:
    assert own_names(folder, wrote) == names


def test_a_stamp_is_relied_on_only_when_the_file_is_old(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("hello")
    os.utime(path, (LONG_AGO, LONG_AGO))
    # Its times of change can't be set back, so the clock of the file system decides: what is old lies elsewhere.
    assert stamp(str(path)) is None
    old = os.stat(os.__file__)
    assert stamp(os.__file__) == (old.st_size, old.st_mtime_ns, old.st_ctime_ns, old.st_ino)


def test_a_file_from_the_future_has_no_stamp_to_rely_on(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", (time.time() + 1000,) * 2)
    assert stamp(str(tmp_path / "a")) is None


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)


PROJECT = "/home/ann/work"
NAMES = {
    f"{PROJECT}/nb/a.csv": "a.csv",
    f"{PROJECT}/nb": ".",
    f"{PROJECT}/nb/data/a.csv": "data/a.csv",
    f"{PROJECT}/a.csv": "../a.csv",
    PROJECT: "..",
    "/home/ann/a.csv": "/home/ann/a.csv",
    "/home/ann": "/home/ann",
    "/mnt/data/a.csv": "/mnt/data/a.csv",
    f"{PROJECT}/.git/HEAD": None,
    f"{PROJECT}/.git": None,
    f"{PROJECT}/nb/.phelps/state.db": None,
    f"{PROJECT}/nb/.phelps": None,
    f"{PROJECT}/nb/store/x": None,
    f"{PROJECT}/.venv/lib/python3.11/site-packages/p/a.csv": None,
    f"{PROJECT}/p.egg-info/PKG-INFO": None,
    "/home/ann/.cache/x/a": None,
    "/home/ann/.cache": None,
    "/tmp/a.csv": None,
    "/tmp": None,
    "/etc/hosts": None,
    "/usr/share/zoneinfo/UTC": None,
    "/proc/self/stat": None,
    f"{sys.prefix}/a": None,
    sysconfig.get_paths()["stdlib"] + "/os.py": None,
}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("path", "name"), NAMES.items())
def test_paths_of_the_user_have_names(path: str, name: str | None) -> None:
    ground = Ground(f"{PROJECT}/nb", PROJECT, f"{PROJECT}/nb/store")
    assert ground.name(path) == name
    assert name is None or ground.path(name) == path


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("project", ["/tmp/work", "/usr/src/work", "/home/ann/.cache/work", f"{sys.prefix}/work"])
def test_a_project_counts_wherever_it_lies(project: str) -> None:
    ground = Ground(project, project)
    assert ground.name(f"{project}/deep/a.csv") == "deep/a.csv"
    assert ground.name(f"{os.path.dirname(project)}/a.csv") is None


@pytest.mark.usefixtures("home")
def test_a_temporary_folder_inside_the_project_counts_and_a_home_folders_cache_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TMPDIR", "/home/ann/scratch")
    ground = Ground("/home/ann", "/home/ann")
    assert ground.name("/home/ann/scratch/a") == "scratch/a"
    assert ground.name("/home/ann/.cache/a") is None


def test_a_project_behind_a_link_has_one_set_of_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    ground = Ground(str(tmp_path / "link"), str(tmp_path / "link"))
    assert [ground.name(f"{tmp_path}/{way}/a.csv") for way in ("link", "real")] == ["a.csv", "a.csv"]
