"""What one look at a notebook keeps for the next."""

from __future__ import annotations

import marshal

import pytest

from phelps_jupyter.core.graph import Learned
from phelps_jupyter.core.kept import Kept, to_plain
from phelps_jupyter.core.model import Cell, CellId, Digest
from phelps_jupyter.core.notebook import Notebook, declare

SOURCES = (
    "import numpy as np\nrows = []",
    "def add(row):\n    rows.append(np.sqrt(row))",
    "%%task load --cpus 2 --mem 1GB --env HOME\ntable = [1]\nadd(2)",
    "%%task fit --after load --seed 3 --uptodate np.pi\nmodel = table if rows else None",
    "model2 = other = model",
)
LEARNED = {Digest("code"): Learned(added=frozenset("x"))}


def notebook(*sources: str) -> Notebook:
    found = Notebook(learned=dict(LEARNED))
    found.read([Cell(CellId(f"c{place}"), source) for place, source in enumerate(sources)], 0.0)
    return found


def kept(found: Notebook) -> Kept:
    """Written and read again."""
    return Kept(marshal.loads(marshal.dumps(to_plain(found.graph(), found.learned))))


def test_the_graph_of_the_same_cells_comes_back():
    found = notebook(*SOURCES)
    assert kept(found).graph(found.document.cells, found.learned) == found.graph()


@pytest.mark.parametrize(
    "other",
    [notebook(*SOURCES[:-1]), notebook(*SOURCES[:-1], "model3 = model"), notebook(*SOURCES[::-1])],
    ids=["a cell less", "an edit", "another order"],
)
def test_other_cells_have_another_graph(other: Notebook):
    assert kept(notebook(*SOURCES)).graph(other.document.cells, other.learned) is None


def test_what_was_learned_since_makes_another_graph():
    found = notebook(*SOURCES)
    assert kept(found).graph(found.document.cells, {}) is None


def test_a_graph_with_a_problem_is_built_each_time():
    found = notebook("%%task t --in nothing\nx = nothing")
    assert kept(found).graph(found.document.cells, found.learned) is None


def test_parses_come_back():
    found = notebook(*SOURCES)
    parses = kept(found).parses()
    for cell in found.document.cells:
        assert declare(cell, parses) == declare(cell)
        assert cell.source in parses


def test_equal_options_come_back_as_one():
    found = notebook("%%task a --cpus 2\nx = 1", "%%task b --cpus 2\ny = 1")
    first, second = kept(found).parses().values()
    assert first.options == second.options
    assert first.options is second.options


def test_a_notebook_takes_what_is_parsed_already():
    found = notebook(*SOURCES)
    again = notebook(*SOURCES)
    again.parses = kept(found).parses()
    assert again.graph() == found.graph()
    assert again.graph().nodes[CellId("c0")].bindings is again.parses[SOURCES[0]].bindings
