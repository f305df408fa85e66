"""``--temp``: large values are gone after a run, and nothing turns stale by that."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.notebook

CELLS = {
    "a": "%%task big --temp\nx = list(range(100_000))",
    "b": "%%task total\ny = sum(x)",
    "c": "print(y)",
}


def large(book):
    """Objects of many bytes in the store."""
    return [path for path in (book.folder / ".phelps" / "objects").glob("??/*") if path.stat().st_size > 100_000]


def test_they_are_gone_after_the_run_and_the_next_one_runs_nothing(book):
    notebook = book(**CELLS)
    assert notebook.run().ran() == ["big", "total"]
    assert large(notebook) == []
    assert notebook.run().ran() == []
    assert [task["verdict"] for task in notebook.plan().tasks.values()] == ["fresh", "fresh"]


def test_a_reader_that_has_to_run_has_them_made_again(book):
    notebook = book(**CELLS)
    notebook.run()
    notebook.edit("b", "sum(x)", "sum(x) + 1")
    assert notebook.run().ran() == ["big", "total"]
    assert large(notebook) == []


def test_a_plain_cell_that_reads_one_gets_it(book):
    notebook = book(**CELLS)
    notebook.run()
    notebook.cells["d"] = "print(len(x))"
    ran = notebook.run()
    assert (ran.code, ran.ran()) == (0, ["big"]), ran.stderr


def test_what_another_task_s_result_rests_on_stays(book):
    notebook = book(c="%%task keeps\nflag = True", a="%%task big --temp\nok = True", r="%%task reader\nz = ok and 5")
    notebook.run()
    notebook.edit("r", "5", "6")
    assert notebook.run("reader").ran() == ["reader"]
    assert notebook.plan().tasks["keeps"]["verdict"] == "fresh"
