"""The cells in order: what the file says, and what was executed since."""

from __future__ import annotations

from phelps_jupyter.core.document import Document
from phelps_jupyter.core.model import Cell, CellId


def cells(*ids: str, **sources: str) -> list[Cell]:
    """Cells whose source is their id, unless told otherwise."""
    return [Cell(CellId(one), sources.get(one, one)) for one in ids]


def read(*ids: str, at: float = 10.0, **sources: str) -> Document:
    document = Document()
    document.read(cells(*ids, **sources), at)
    return document


def told(document: Document) -> list[str]:
    return [cell.source for cell in document.cells]


def run(document: Document, cell: str | None, source: str, at: float = 20.0) -> str:
    return str(document.ran(None if cell is None else CellId(cell), source, at))


def test_the_file_gives_the_order():
    assert told(read("a", "b", "c")) == ["a", "b", "c"]


def test_without_a_file_the_order_of_execution_stands_in():
    document = Document()
    assert [run(document, None, source) for source in "ab"] == ["executed-1", "executed-2"]
    assert told(document) == ["a", "b"]


def test_an_edit_counts_when_it_is_executed():
    document = read("a", "b")
    run(document, "a", "a2")
    assert told(document) == ["a2", "b"]


def test_a_new_cell_stands_below_the_last_executed_one():
    document = read("a", "b")
    run(document, "a", "a")
    run(document, "x", "x")
    assert told(document) == ["a", "x", "b"]


def test_what_was_executed_after_the_file_was_saved_wins_over_it():
    document = read("a", "b")
    run(document, "a", "a2", at=30.0)
    document.read(cells("a", "b"), 25.0)
    assert told(document) == ["a2", "b"]


def test_a_file_saved_later_wins():
    document = read("a", "b")
    run(document, "a", "a2", at=30.0)
    document.read(cells("b", "a", a="a3"), 35.0)
    assert told(document) == ["b", "a3"]


def test_a_cell_that_was_deleted_is_gone():
    document = read("a", "b")
    run(document, "b", "b")
    document.read(cells("a"), 35.0)
    assert told(document) == ["a"]


def test_a_cell_that_the_file_does_not_know_yet_keeps_its_place():
    document = read("a", "b")
    run(document, "a", "a", at=30.0)
    run(document, "x", "x", at=30.0)
    document.read(cells("a", "b"), 25.0)
    assert told(document) == ["a", "x", "b"]


def test_a_new_cell_above_all_goes_last_when_nothing_is_above_it():
    document = Document()
    run(document, "x", "x", at=30.0)
    document.read(cells("a", "b"), 25.0)
    assert told(document) == ["a", "b", "x"]


def test_a_cell_without_an_id_is_found_by_its_source():
    document = read("a", "b")
    assert run(document, None, "b\n") == "b"


def test_of_equal_cells_the_next_below_is_meant():
    document = read("a", "b", "c", "d", a="x", c="x", d="x")
    assert [run(document, None, "x") for _ in range(4)] == ["a", "c", "d", "a"]


def test_a_changed_task_cell_is_found_by_its_name():
    document = read("a", "b", a="%%task load\nx = 1", b="%%task fit\ny = x")
    assert run(document, None, "%%task fit --cpus 2\ny = x") == "b"


def test_a_task_of_another_name_is_a_new_cell():
    document = read("a", a="%%task load\nx = 1")
    assert run(document, None, "%%task fit\nx = 1") == "executed-1"


def test_a_task_line_without_a_name_is_no_task():
    document = read("a", a="%%task\nx = 1")
    assert run(document, None, "%%task\nx = 2") == "executed-1"


def test_a_place_is_counted_from_nought():
    document = read("a", "b")
    assert [document.place(CellId("b")), document.place(CellId("x")), document.place(None)] == [1, None, None]


def test_a_cell_that_was_executed_before_anybody_told_ids_is_the_one_that_runs_again():
    document = Document()
    for source in ("a", "%%task t\nx = 1", "b"):
        run(document, None, source)
    assert [run(document, cell, source) for cell, source in [("2", "%%task t\nx = 2"), ("3", "b"), ("4", "c")]] == [
        "2",
        "3",
        "4",
    ]
    assert [(cell.id, cell.source) for cell in document.cells] == [
        ("executed-1", "a"),
        ("2", "%%task t\nx = 2"),
        ("3", "b"),
        ("4", "c"),
    ]
