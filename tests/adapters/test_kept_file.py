"""Files that keep what a look found out: anything odd about one means that it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phelps_jupyter.adapters.kept import KeptFile

FOUND = ({"a": frozenset("xy"), "b": None}, ("text", 3))


@pytest.fixture
def file(tmp_path: Path) -> KeptFile:
    return KeptFile(str(tmp_path), "a.ipynb", "parses")


def path_of(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_what_was_written_is_read(file: KeptFile):
    file.write(FOUND)
    assert file.read() == FOUND


def test_each_notebook_has_its_own(file: KeptFile, tmp_path: Path):
    file.write(FOUND)
    assert KeptFile(str(tmp_path), "b.ipynb", "parses").read() is None


def test_nothing_was_written_yet(file: KeptFile):
    assert file.read() is None


@pytest.mark.parametrize("place", [0, 16, 40, -1])
def test_a_damaged_file_is_not_there(file: KeptFile, tmp_path: Path, place: int):
    file.write(FOUND)
    data = bytearray(path_of(tmp_path).read_bytes())
    data[place] ^= 1
    path_of(tmp_path).write_bytes(data)
    assert file.read() is None


@pytest.mark.parametrize("length", [0, 10, 16, 30])
def test_a_file_that_was_cut_off_is_not_there(file: KeptFile, tmp_path: Path, length: int):
    file.write(FOUND)
    path_of(tmp_path).write_bytes(path_of(tmp_path).read_bytes()[:length])
    assert file.read() is None


def test_a_file_that_others_may_write_is_not_there(file: KeptFile, tmp_path: Path):
    file.write(FOUND)
    path_of(tmp_path).chmod(0o622)
    assert file.read() is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path):
    file = KeptFile(str(tmp_path / "gone"), "a.ipynb", "parses")
    file.write(FOUND)
    assert file.read() is None
    assert os.listdir(tmp_path) == []
