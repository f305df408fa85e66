"""The files that ``--reads`` names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phelps_jupyter.adapters.files import file_parts
from phelps_jupyter.errors import DeclarationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.csv", "b.csv", "sub/c.csv", ".phelps/state.db", ".git/HEAD", "__pycache__/m.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["a.csv"], ["a.csv"]),
        (["*.csv"], ["a.csv", "b.csv"]),
        (["**/*.csv"], ["a.csv", "b.csv", "sub/c.csv"]),
        (["."], ["a.csv", "b.csv", "sub/c.csv"]),
        (["sub", "a.csv", "*.csv"], ["a.csv", "b.csv", "sub/c.csv"]),
        ([".git/HEAD"], [".git/HEAD"]),
    ],
)
def test_patterns_name_regular_files(folder: Path, patterns: list[str], expected: list[str]) -> None:
    assert [part.name for part in file_parts(patterns, str(folder))] == expected


@pytest.mark.parametrize("pattern", ["none.csv", "dangling.csv", "pipe.csv", "*.txt"])
def test_a_pattern_that_names_nothing_is_told(folder: Path, pattern: str) -> None:
    with pytest.raises(DeclarationError, match="there is no such file or folder"):
        file_parts([pattern], str(folder))


def test_what_cant_be_read_is_told(folder: Path) -> None:
    (folder / "b.csv").chmod(0)
    # The superuser reads it all the same; but nobody can map this file of the kernel's.
    pattern = "b.csv" if os.geteuid() else "/sys/kernel/uevent_seqnum"
    with pytest.raises(DeclarationError, match=f"--reads {pattern} can't be read: "):
        file_parts([pattern], str(folder))


def test_content_counts(folder: Path) -> None:
    before = file_parts(["a.csv"], str(folder))
    (folder / "a.csv").write_text("")
    assert file_parts(["a.csv"], str(folder)) != before


def test_a_part_tells_the_way_from_the_start_to_its_folder(folder: Path) -> None:
    (part,) = file_parts(["c.csv"], str(folder / "sub"), str(folder))
    assert (part.name, part.origin) == ("c.csv", "sub")
    (part,) = file_parts(["c.csv"], str(folder / "sub"), str(folder / "sub"))
    assert (part.name, part.origin) == ("c.csv", "")
