"""Which plain cell, or which task that it reads, makes a value another one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from phelps_jupyter.core.ancestry import Ancestor, Taken, ancestors, edited, extract, places, traced
from phelps_jupyter.core.freshness import Reason
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Cell, CellId, Digest, Part, PartKind, TaskName
from phelps_jupyter.core.notebook import Notebook

CELLS = {
    "set": "rate = 2",
    "load": "%%task load\nraw = [1, 2]",
    "define": "def h(x):\n    return x * rate\nlimit = 3",
    "plain": "table = [h(r) for r in raw][:limit]",
    "fit": "%%task fit\nm = h(table)",
}
LIMIT = Part(PartKind.INPUT, "limit", Digest("l1"))
TABLE = Part(PartKind.INPUT, "table", Digest("t1"))
H = Part(PartKind.FUNCTION, "h", Digest("h1"))


def notebook(**edits: str) -> Graph:
    found = Notebook()
    found.read([Cell(CellId(name), source) for name, source in {**CELLS, **edits}.items()], 0.0)
    return found.graph()


def above(graph: Graph, cell: str, version: str | None = "v1") -> tuple[Ancestor, ...]:
    return ancestors(graph, CellId(cell), lambda _task, _name: None if version is None else Digest(version))


def told(part: Part, cell: str, edits: Mapping[str, str], *, version: str | None = "v1") -> Reason:
    """A reason that speaks of the cells above, after these edits."""
    graph = notebook(**edits)
    vague = Reason("not_loaded", part.name, "the cells above have changed", old=part)
    return traced(vague, graph, above(notebook(), cell), above(graph, cell, version))


def test_a_cell_rests_on_all_plain_cells_that_it_reads_from():
    assert [one.cell for one in above(notebook(), "plain")] == ["set", "define", "plain"]


def test_what_a_cell_takes_of_a_task_is_known():
    assert above(notebook(), "plain")[-1].takes == (Taken("raw", TaskName("load"), Digest("v1")),)


def test_a_version_that_is_not_known_is_empty():
    assert above(notebook(), "plain", None)[-1].takes[0].digest == ""


def test_an_edited_cell_is_named():
    reason = told(TABLE, "plain", {"set": "rate = 3"})
    assert (reason.kind, reason.place) == ("edited", "cell 1")
    assert reason.text == "input `table` may change: cell 1 was edited"


def test_several_edited_cells_are_named():
    reason = told(TABLE, "plain", {"set": "rate = 3", "define": "def h(x):\n    return x + rate\nlimit = 3"})
    assert reason.text == "input `table` may change: cells 1 and 3 were edited"


def test_a_comment_is_no_edit():
    assert edited(above(notebook(), "set"), above(notebook(set="# the rate\nrate = 2"), "set")) == ()


def test_a_function_whose_definition_was_edited_is_named_with_its_cell():
    reason = told(H, "define", {"define": "def h(x):\n    return x + rate\nlimit = 3"})
    assert reason.text == "`h` in cell 3 was edited"


@pytest.mark.parametrize(
    "source", ["def h(x):\n    return x * rate\nlimit = 4", "def h(x):\n    # so\n    return x * rate"]
)
def test_a_function_whose_cell_was_edited_elsewhere_says_so(source):
    reason = told(H, "define", {"define": source})
    assert reason.text == "`h` may change: cell 3 was edited, though not its definition"


def test_a_function_that_is_made_otherwise_now_is_named_with_its_cell():
    assert told(H, "define", {"define": "h = lambda x: x\nlimit = 3"}).text == "`h` in cell 3 was edited"


def test_a_function_that_no_definition_makes_may_change_with_its_cell():
    made = Part(PartKind.FUNCTION, "made", Digest("m1"))
    assert told(made, "set", {"set": "made = str.upper"}).text == "`made` may change: cell 1 was edited"


def test_a_function_may_change_with_a_cell_above():
    assert told(H, "plain", {"set": "rate = 3"}).text == "`h` may change: cell 1 was edited"


def test_a_new_cell_that_provides_it_is_named():
    graph = notebook(more="limit = 4")
    vague = Reason("not_loaded", "limit", "", old=LIMIT)
    reason = traced(vague, graph, above(notebook(), "define"), above(graph, "more"))
    assert (reason.kind, reason.text) == ("edited", "input `limit` may change: it comes from cell 6 now")


@pytest.mark.parametrize(("version", "how"), [(None, "is not fresh"), ("v2", "has another value now")])
def test_a_task_that_a_cell_above_reads_is_named(version, how):
    reason = told(TABLE, "plain", {}, version=version)
    assert (reason.kind, reason.upstream, reason.place) == ("upstream", "load", "cell 4")
    assert reason.text == f"input `table` may change: cell 4 reads `raw` of task load, which {how}"


def test_what_can_not_be_traced_stays_as_it_is():
    assert told(TABLE, "plain", {}).text == "the cells above have changed"


@pytest.mark.parametrize(
    ("cells", "text"),
    [(["set"], "cell 1"), (["set", "plain"], "cells 1 and 4"), (["set", "load", "plain"], "cells 1, 2 and 4")],
)
def test_cells_are_told_by_their_places(cells, text):
    assert places(notebook(), [CellId(cell) for cell in cells]) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a = 1\n@deco\ndef h():\n    return 1\n", "@deco\ndef h():\n    return 1"),
        ("class h:\n    x = 1", "class h:\n    x = 1"),
        ("%time 1\nasync def h(): pass", "async def h(): pass"),
        ("h = 1", ""),
        ("def h(:", ""),
    ],
)
def test_a_definition_is_cut_out_of_its_cell(source, text):
    assert extract(source, "h") == text
