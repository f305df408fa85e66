"""Names that were seen to be one object, beyond what the code says."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.model import Cell, CellId, Digest
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.same import aliases, seen_same

# the cell, the objects of names as `a1`: the first one of `a`'s, what was seen
SEEN = [
    ("b = same(a)", "a=1 b=1", "b a"),
    ("b = same(a)", "a=1 b=2", ""),
    ("b = a", "a=1 b=1", ""),
    ("b = c = make()", "b=1 c=1", ""),
    ("b = make()\nc = same(b)", "b=1 c=1", "b #b,c #b"),
    ("b = c = []\nd = same(c)", "b=1 c=1 d=1", "d #1"),
    ("d = pick(a, b)", "a=1 b=1 d=1", "d a,d b"),
    ("print(a, b)", "a=1 b=1", ""),
    ("b = 1", "b=1", ""),
]


@pytest.mark.parametrize(("cell", "objects", "seen"), SEEN)
def test_what_the_code_does_not_say_is_seen(cell: str, objects: str, seen: str):
    bindings = analyse(cell)
    told = dict(pair.split("=") for pair in objects.split())
    assert seen_same(bindings, bindings.writes, told) == frozenset(filter(None, seen.split(",")))


def test_what_was_seen_goes_with_what_the_code_says():
    bindings = analyse("b = a\nc = same(a)")
    assert aliases(bindings, Learned(same=frozenset({"c a", "b d"}))) == {"b": {"a", "d"}, "c": {"a"}}
    assert aliases(bindings, Learned()) is bindings.aliases


def test_who_changes_one_name_provides_the_others():
    cells = ["a = [1]", "%%task t\nb = same(a)", "%%task u\nb.append(2)", "%%task v\nn = len(a)"]
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(cells)], 0.0)
    assert notebook.graph().inputs[CellId("3")] == {"a": "0"}
    code = notebook.graph().nodes[CellId("1")].bindings.code
    notebook.learned[Digest(code)] = Learned(same=frozenset({"b a"}))
    graph = notebook.graph()
    assert (graph.inputs[CellId("2")], graph.inputs[CellId("3")]) == ({"a": "0", "b": "1"}, {"a": "2"})


def test_a_plain_cell_tells_it_too():
    notebook = Notebook()
    notebook.read([Cell(CellId("0"), "a = [1]"), Cell(CellId("1"), "b = same(a)")], 0.0)
    notebook.graph()
    learned = notebook.learn_plain(CellId("1"), ["b"], (), {"a": 1, "b": 1})
    assert learned is not None
    assert learned.same == {"b a"}
    assert notebook.learn_plain(CellId("1"), ["b"], (), {"a": 1, "b": 2}) is None
