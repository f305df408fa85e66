"""Cells that are put beside a task's."""

from __future__ import annotations

import math

import pytest

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Cell, CellId, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces.ready_cells import ReadyCell, ready_cell

BOUND = {"math": math, "double": lambda n: 2 * n, "n": 3}


def graph(*sources: str) -> Graph:
    notebook = Notebook()
    notebook.read([Cell(CellId(f"c{place}"), source) for place, source in enumerate(sources)], 0.0)
    return notebook.graph()


def made(what: str, task: str, *sources: str) -> ReadyCell:
    return ready_cell(graph(*sources), TaskName(task), what, BOUND)


def test_the_inputs_are_shown_below_and_code_is_none() -> None:
    found = made("inputs", "a", "import math\nn = 3\ndef double(n): return 2 * n", "%%task a\nx = math.pi * double(n)")
    assert found == ReadyCell(CellId("c1"), above=False, source="# What the task a reads\ndisplay(n)")


def test_what_the_task_binds_anew_is_shown_above_it() -> None:
    assert made("inputs", "a", "n = 3", "%%task a\nn = n + 1").above


def test_the_debugger_is_a_line_below() -> None:
    assert made("debug", "a", "%%task a\nx = 1") == ReadyCell(CellId("c0"), above=False, source="%phelps debug a")


def test_a_task_without_inputs_has_no_such_cell() -> None:
    with pytest.raises(DeclarationError, match="reads no values"):
        made("inputs", "a", "%%task a\nx = 1")


@pytest.mark.parametrize(("what", "task"), [("other", "a"), ("inputs", "nowhere")])
def test_what_is_not_there_is_refused(what: str, task: str) -> None:
    with pytest.raises(DeclarationError):
        made(what, task, "%%task a\nx = 1")
