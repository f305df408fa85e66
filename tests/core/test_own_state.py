"""What a function keeps from call to call, what hangs on a class, and other names of what is changed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.graph import Graph, Learned, build
from phelps_jupyter.core.model import Cell, CellId, Digest, Task
from phelps_jupyter.core.options import parse_cell
from phelps_jupyter.parts import outputs_of


def graph_of(*sources: str, denied: Sequence[str] = ()) -> Graph:
    """Cells "1", "2", ..; a source that begins with ``%%task`` declares one, and ``denied`` was learnt of the last."""
    declared = []
    for place, source in enumerate(sources):
        cell, header = Cell(CellId(str(place + 1)), source), parse_cell(source)
        bindings = analyse(source if header is None else header.body)
        task = None if header is None else Task(header.name, cell.id, header.body, header.options, bindings)
        declared.append((cell, task, bindings))
    return build(declared, {Digest(declared[-1][2].code): Learned(denied=frozenset(denied))} if denied else None)


def kept_by(source: str) -> list[str]:
    """The functions that keep something, by the cell that defines them."""
    return sorted(name for name, written in analyse(source).deferred_writes.items() if "." in written)


# A cell, and the names bound there whose use changes them.
KEEPING = [
    ("def f(x, seen=[]):\n    seen.append(x)", ["f"]),
    ("def f(x, seen=[]):\n    return seen", []),
    ("def f(x, n=1):\n    n += 1", []),
    ("def f(x, *, seen={}):\n    mine = seen\n    mine[x] = 1", ["f"]),
    ("def f(x, seen=[]):\n    seen = list(seen)\n    seen.append(x)", []),
    ("def f(x, seen=[]):\n    def put():\n        seen.append(x)\n    put()", ["f"]),
    ("def f(x):\n    def put(seen=[]):\n        seen.append(x)\n    put()", []),
    ("f = lambda x, seen=[]: seen.pop()", ["f"]),
    ("@(lambda g: g)\ndef f(): ...", []),
    ("(lambda: 1)()", []),
    ("f = lambda n=[0]: n.__setitem__(0, n[0] + 1) or n[0]", ["f"]),
    (
        "def make():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n    return inner\nf = make()",
        ["f"],
    ),
    (
        "def make():\n    n = 0\n    def inner():\n        nonlocal n\n        n = 1\n    inner()\nf = make()",
        [],
    ),
    ("def make():\n    seen = []\n    return lambda x: seen.pop()\nfs = {'a': make()}", ["fs"]),
    ("def deco(g):\n    def w():\n        w.calls += 1\n    return w\n@deco\ndef f(): ...", ["f"]),
    ("class C:\n    def m(self, seen=[]):\n        seen.append(1)\np = C()", ["C", "p"]),
]


@pytest.mark.parametrize(("source", "names"), KEEPING)
def test_functions_that_keep_something_are_known_by_their_code(source, names):
    assert kept_by(source) == names


MAKE = (
    "def make():\n    n = 0\n    def inner(x):\n        nonlocal n\n        n += x\n        return n\n    return inner"
)
SEEN = "def f(x, seen=[]):\n    seen.append(x)"
STEP = "class C:\n    step = 1"

# Cells; what the last reads, each with the cell that provides it.
READS: list[tuple[Sequence[str], str]] = [
    ([SEEN, "%%task a\nf(1)", "f(2)"], "f:2"),
    ([SEEN, "%%task a\nf", "f(2)"], "f:1"),
    ([SEEN, "def g(x):\n    f(x)", "%%task a\ng(1)", "f(2)"], "f:3"),
    ([SEEN, "g = f", "%%task a\ng(1)", "f(2)"], "f:3"),
    ([MAKE, "f = make()", "%%task a\nf(1)", "f(2)"], "f:3"),
    ([MAKE, "fs = [make()]", "%%task a\nfs[0](1)", "fs[0](2)"], "fs:3"),
    ([f"{MAKE}\nf = make()", "%%task a\nf = make()", "%%task b\nmake", "make, f"], "make:1 f:2"),
    ([f"{STEP}\np = C()", "%%task a\nC.step = 5", "p.step"], "p:2"),
    ([STEP, "p = C()\nps = [p]", "%%task a\nC.step = 5", "ps, p"], "p:3 ps:3"),
    ([STEP, "class D(C): ...", "q = D()", "%%task a\nC.step = 5", "q, D"], "q:4 D:4"),
    ([STEP, "p = C()", "p = 1", "%%task a\nC.step = 5", "p"], "p:3"),
    ([f"{STEP}\n    def __init__(self):\n        C.step += 1", "p = C()", "%%task a\nq = C()", "p"], "p:3"),
    (
        ["class C:\n    n = 0\n    @classmethod\n    def make(cls):\n        cls.n += 1", "%%task a\nC.make()", "C"],
        "C:2",
    ),
    ([f"fs = []\n{SEEN}\nfs.append(f)", "%%task a\nprint([g(1) for g in fs])", "fs"], "fs:2"),
    (["%%task a\na = b = []", "%%task b\na.append(1)", "b"], "b:2"),
    (["a = b = 1", "%%task b\na += 1", "b"], "b:1"),
    (["seen = []\ndef note(f):\n    seen.append(f)", "%%task a\n@note\ndef f(): ...", "seen"], "seen:2"),
    (["seen = []\ndef note(f):\n    seen.append(f)", "%%task a\n@note\nclass A: ...", "seen"], "seen:2"),
    (["def show(x): ...", "%%task a\n@show.register\ndef _(x: int): ...", "show"], "show:2"),
    (["xs = [1]\nys = xs\ndef grow():\n    xs.append(1)", "%%task a\ngrow()", "ys"], "ys:2"),
]


@pytest.mark.parametrize(("sources", "told"), READS)
def test_what_a_cell_changes_so_is_provided_by_it(sources, told):
    graph = graph_of(*sources)
    inputs = graph.inputs[CellId(str(len(sources)))]
    for one in told.split():
        name, cell = one.split(":")
        assert inputs[name] == cell


# Cells; names that the last one stores.
STORED = [
    ([SEEN, "%%task a\nf(1)"], ("f",)),
    (["xs = [1]\ndef grow(n):\n    if n > 5:\n        xs.append(n)", "%%task a\ngrow(1)"], ("xs",)),
    (["a = [1]", "b = a", "%%task c\na.append(1)"], ("a", "b")),
    (["n = 1\ndef bump():\n    global n\n    n += 1", "%%task a\nbump()"], ("n",)),
]


@pytest.mark.parametrize(("sources", "names"), STORED)
def test_what_may_change_so_is_stored_whether_it_did_or_not(sources, names):
    for graph in (graph_of(*sources), graph_of(*sources, denied=("a",))):
        (task,) = (node.task for node in graph.nodes.values() if node.task is not None)
        assert outputs_of(graph, task) == names


def test_other_names_come_along_also_where_nothing_was_changed_so_far():
    graph = graph_of("a = [1]", "b = a", "%%task c\na.append(1)", denied=("a",))
    assert graph.inputs[CellId("3")] == {"a": "1", "b": "2"}
    assert graph.writes[CellId("3")] == set()
