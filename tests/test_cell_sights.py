"""Whether what plain cells have used is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from phelps_jupyter.adapters.files import Files
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.cell_sights import KEPT, CellSights, SightsLook
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind

CELL, LINEAGE = CellId("c"), Digest("l")


@pytest.fixture
def index(tmp_path: Path):
    found = SqliteIndex(str(tmp_path / "state.db"))
    yield found
    found.close()


@pytest.fixture
def files(tmp_path: Path, index: SqliteIndex) -> Files:
    return Files(str(tmp_path), index)


def saw(files: Files, text: str) -> tuple[Part, ...]:
    """What a cell sees of the file that has this content from now on."""
    Path(files.path("a.txt")).write_text(text)
    return (Part(PartKind.FILE, "a.txt", files.digest(files.path("a.txt"))),)


def test_a_cell_that_used_nothing_stands_as_it_did(files: Files) -> None:
    assert SightsLook(CellSights(), files).of(CELL, LINEAGE) == ""


def test_a_file_that_is_as_it_was_stands(files: Files) -> None:
    sights = CellSights()
    sights.note(LINEAGE, saw(files, "old"))
    look = SightsLook(sights, files)
    assert look.of(CELL, LINEAGE)
    assert [part.name for part in look.stood] == ["a.txt"]


def test_a_file_that_has_changed_does_not_stand_and_is_named(files: Files) -> None:
    sights = CellSights()
    sights.note(LINEAGE, saw(files, "old"))
    saw(files, "new")
    look = SightsLook(sights, files)
    assert look.of(CELL, LINEAGE) is None
    assert look.moved[CELL].text == "file a.txt changed"


def test_of_all_that_was_seen_what_stands_now_tells_what_the_cell_gives(files: Files) -> None:
    sights = CellSights()
    told = []
    for text in ("old", "new", "old"):
        sights.note(LINEAGE, saw(files, text))
        told.append(SightsLook(sights, files).of(CELL, LINEAGE))
    assert told[0] == told[2] != told[1]


def test_while_a_task_may_still_write_the_file_nothing_is_known(files: Files) -> None:
    sights = CellSights()
    sights.note(LINEAGE, saw(files, "old"))
    assert SightsLook(sights, files, lambda _cell: False).of(CELL, LINEAGE) is None


def test_what_was_seen_before_there_was_an_index_is_kept(files: Files, index: SqliteIndex) -> None:
    sights = CellSights()
    conditions = saw(files, "old")
    sights.note(LINEAGE, conditions)
    sights.connect(index)
    assert CellSights(index).of(LINEAGE) == (conditions,)


def test_the_next_kernel_knows_what_was_seen_last(files: Files, index: SqliteIndex) -> None:
    sights = CellSights(index)
    seen = [saw(files, str(number)) for number in range(KEPT + 2)]
    for conditions in seen:
        sights.note(LINEAGE, conditions)
    assert CellSights(index).of(LINEAGE) == tuple(reversed(seen[2:]))


def test_a_cell_that_used_nothing_this_time_is_told_so(files: Files, index: SqliteIndex) -> None:
    sights = CellSights(index)
    sights.note(LINEAGE, saw(files, "old"))
    sights.note(LINEAGE, ())
    saw(files, "new")
    assert SightsLook(CellSights(index), files).of(CELL, LINEAGE) == ""
