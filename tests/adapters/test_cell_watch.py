"""What plain cells use of the file system, seen in the process that runs them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from phelps_jupyter.adapters.cell_watch import CellWatch
from phelps_jupyter.runtime.sights import watched_digest

# Made, not written: other tests' libraries may read what a text in this process names.
FIRST, SECOND = (f"{number}" + ".seen" for number in (1, 2))


@pytest.fixture
def watch(tmp_path: Path) -> CellWatch:
    project = tmp_path / "project"
    project.mkdir()
    for name in (FIRST, SECOND):
        (project / name).write_text(name)
    return CellWatch(str(project), str(project), str(project / ".phelps"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


def used(watch: CellWatch, folder: Path) -> dict[str, str]:
    return {part.name: part.digest for part in watch.end((), {}, str(folder))}


def test_a_file_that_a_cell_reads_is_told_with_its_content(watch: CellWatch, folder: Path) -> None:
    watch.begin()
    (folder / FIRST).read_text()
    assert used(watch, folder) == {FIRST: watched_digest("file", str(folder / FIRST))}


def test_each_cell_is_told_what_it_used_itself(watch: CellWatch, folder: Path) -> None:
    for name in (FIRST, SECOND):
        watch.begin()
        (folder / name).read_text()
        assert list(used(watch, folder)) == [name]


def test_what_is_done_apart_is_not_the_cells_doing(watch: CellWatch, folder: Path) -> None:
    watch.begin()
    with watch.apart():
        (folder / FIRST).read_text()
    (folder / SECOND).read_text()
    assert list(used(watch, folder)) == [SECOND]


def test_a_cell_that_runs_from_within_another_is_told_apart_from_it(watch: CellWatch, folder: Path) -> None:
    watch.begin()
    with watch.apart():
        watch.begin()
        (folder / FIRST).read_text()
        assert list(used(watch, folder)) == [FIRST]
    (folder / SECOND).read_text()
    assert list(used(watch, folder)) == [SECOND]


def test_threads_from_before_the_cell_are_not_heard(watch: CellWatch, folder: Path) -> None:
    begin = threading.Event()
    paths = [folder / FIRST, folder / SECOND]
    early, late = (threading.Thread(target=lambda path=path: begin.wait() and path.read_text()) for path in paths)
    early.start()
    watch.begin()
    late.start()
    begin.set()
    for thread in (early, late):
        thread.join()
    assert list(used(watch, folder)) == [SECOND]


def test_on_a_file_that_changes_while_the_cell_runs_nothing_stands(watch: CellWatch, folder: Path) -> None:
    watch.begin()
    (folder / FIRST).read_text()
    with watch.apart():
        (folder / FIRST).write_text("another content")
    assert used(watch, folder) == {FIRST: ""}
