"""Who provides what to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phelps_jupyter.core import providers
from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.graph import Graph, Learned, Node, build, changed, edited
from phelps_jupyter.core.model import Cell, CellId, Digest, FailureKind, Options, Task, TaskName
from phelps_jupyter.core.notebook import Notebook, declare
from phelps_jupyter.core.options import parse_cell


def graph_of(*sources: str, learned: Mapping[str, Learned] | None = None) -> Graph:
    """Cells "1", "2", ..; a source that begins with ``%%task`` declares one. ``learned`` goes by source."""
    known = {Digest(analyse(source).code): found for source, found in (learned or {}).items()}
    return build([_declared(index + 1, source) for index, source in enumerate(sources)], known)


def _declared(place: int, source: str):  # type: ignore[no-untyped-def]  # the triple that build takes
    cell = Cell(CellId(str(place)), source)
    header = parse_cell(source)
    if header is None:
        return cell, None, analyse(source)
    bindings = analyse(header.body)
    return cell, Task(header.name, cell.id, header.body, header.options, bindings), bindings


def edges(graph: Graph) -> set[str]:
    """``1-x>2``: cell 1 provides x to cell 2. ``?``: nobody does."""
    return {
        f"{provider or '?'}-{name}>{cell}" for cell, names in graph.inputs.items() for name, provider in names.items()
    }


def messages(graph: Graph, cell: str) -> list[str]:
    return [failure.message for failure in graph.problems.get(CellId(cell), ())]


# cells, edges
EDGES: list[tuple[Sequence[str], str]] = [
    (["a = 1", "b = a", "c = b"], "1-a>2 2-b>3"),
    (["a = 1", "a = a + 1", "print(a)"], "1-a>2 2-a>3"),
    (["a = 1", "a = 2", "print(a)"], "2-a>3"),
    (["print(a)", "a = 1"], "?-a>1"),
    (["print(len(_), In, display, get_ipython(), __name__, _1, _i12)"], ""),
    (["def print(x): ...", "print(1)"], "1-print>2"),
    (["_ = f()", "print(_)"], "?-f>1 1-_>2"),
    (["f = len", "x = f([])"], "1-f>2"),
    (["def len(x): ...", "def f(xs): return len(xs)", "f([])"], "1-len>3 2-f>3"),
    (["df = f()", *["df = df.dropna()"] * 3, "df"], "?-f>1 1-df>2 2-df>3 3-df>4 4-df>5"),
    (["i = 0", *["for i in range(3):\n    print(i)"] * 10, "i"], "11-i>12"),
    # in place
    (["xs = []", "xs.append(1)", "print(xs)"], "1-xs>2 2-xs>3"),
    (["df = 1", "df.head()", "print(df)"], "1-df>2 1-df>3"),
    (["import numpy as np", "np.random.seed(1)", "np.sin(2)"], "1-np>2 1-np>3"),
    (["xs.append(1)", "print(xs)"], "?-xs>1 ?-xs>2"),
    # aliases
    (["a = [1]", "b = a", "b.append(2)", "print(a)"], "1-a>2 2-b>3 1-a>3 3-a>4"),
    (["a = [1]\nb = a", "b.append(2)", "print(a)"], "1-b>2 1-a>2 2-a>3"),
    (["a = [1]\nb = a", "a = 1", "b.append(2)", "print(a)"], "1-b>3 2-a>4"),
    (["a = [1]", "b = a", "c = b", "del a", "c.append(2)", "print(b)"], "1-a>2 2-b>3 1-a>4 3-c>5 2-b>5 5-b>6"),
    (["a = b = [1]", "a += [2]", "a.append(3)", "b"], "1-a>2 1-b>2 2-a>3 2-b>3 3-b>4"),
    (["a = 1", "a += 1", "b = a", "b += 1", "a"], "1-a>2 2-a>3 3-b>4 2-a>4 4-a>5"),
    (["a = [1]", "b = a.copy()", "b.append(2)", "print(a)"], "1-a>2 2-b>3 1-a>4"),
    (["a = 1", "if c:\n    b = a", "b.append(1)", "a"], "1-a>2 ?-c>2 ?-b>2 2-b>3 1-a>3 3-a>4"),
    # conditional writes
    (["x = 1", "if c:\n    x = 2", "print(x)"], "?-c>2 1-x>2 2-x>3"),
    (["x = 1", "if c:\n    x = 2"], "?-c>2"),
    (["x = 1", "for i in []:\n    x = i", "for i in []:\n    x = i", "x"], "1-x>2 2-x>3 3-x>4"),
    (["for i in f():\n    i", "for i in f():\n    i"], "?-f>1 ?-f>2"),
    (["x = 1", "try:\n    x\nexcept NameError:\n    x = 2"], "1-x>2"),
    (["try:\n    x\nexcept NameError:\n    x = 2"], "?-x>1"),
    (["if c:\n    x = 1", "x"], "?-c>1 ?-x>1 1-x>2"),
    # deletions
    (["x = 1", "del x", "print(x)"], "1-x>2 ?-x>3"),
    (["x = 1", "del x", "x = 2", "print(x)"], "1-x>2 3-x>4"),
    (["x = 1", "if c:\n    del x", "print(x)"], "1-x>2 ?-c>2 2-x>3"),
    (["if c:\n    del x", "print(x)"], "?-c>1 ?-x>1 ?-x>2"),
    (["e = 1", "try:\n    f()\nexcept E as e:\n    pass", "print(e)"], "?-f>2 ?-E>2 1-e>2 2-e>3"),
    (["try:\n    f()\nexcept E as e:\n    pass", "print(e)"], "?-f>1 ?-E>1 ?-e>2"),
    # functions
    (["def f(): return n", "n = 1", "f()"], "1-f>3 2-n>3"),
    (["n = 1", "def f(): return n", "n = 2", "f()"], "2-f>4 3-n>4"),
    (["def f(): return g()", "def g(): return n", "n = 1", "f()"], "1-f>4 2-g>4 3-n>4"),
    (["def f(): return g()", "def g(): return f()", "f()"], "1-f>3 2-g>3"),
    (["def f(): return n", "f()"], "1-f>2 ?-n>2"),
    (["def f(): return len(_hidden)", "_hidden = 1", "f()"], "1-f>3 2-_hidden>3"),
    (["def f(): return n", "n = 1", "g = f", "g()"], "1-f>3 2-n>3 3-g>4 2-n>4"),
    (["def f(): return n", "n = 1", "g = f", "f = 1", "g()"], "1-f>3 2-n>3 3-g>5 2-n>5"),
    (["def f(): return n", "n = 1", "g = f", "g = 2", "g"], "1-f>3 2-n>3 4-g>5"),
    (["def f(): return n", "n = 1", "y = f()", "print(y)"], "1-f>3 2-n>3 3-y>4"),
    (["k = 2", "def f(n, k=k): return n * k", "f(3)"], "1-k>2 2-f>3"),
    (["hooks = []", "def f(): return n", "hooks.append(f)", "n = 1", "hooks"], "1-hooks>3 2-f>3 ?-n>3 3-hooks>5 4-n>5"),
    (["size = 1", "class Box:\n def f(self): return size", "b = Box()", "b.f()"], "2-Box>3 1-size>3 3-b>4 1-size>4"),
    (["class B:\n    def f(self): return n", "class D(B): pass", "n = 1", "D()"], "1-B>2 ?-n>2 2-D>4 3-n>4"),
    (["def make():\n    return lambda: n", "n = 1", "f = make()", "f()"], "1-make>3 2-n>3 3-f>4 2-n>4"),
    (["def make(): return Box()", "class Box:\n def f(self): return n", "n = 1", "b = make()", "b"],
     "1-make>4 2-Box>4 3-n>4 4-b>5"),
    (["class Box:\n def f(self): return n", "def make(): return Box()", "n = 1", "b = make()", "b"],
     "2-make>4 1-Box>4 3-n>4 4-b>5 3-n>5"),
    # functions that write
    (["def setcfg(v):\n    global cfg\n    cfg = v", "setcfg(1)", "print(cfg)"], "1-setcfg>2 2-cfg>3"),
    (["cfg = 0", "def setcfg(v):\n    global cfg\n    cfg = v", "setcfg(1)", "cfg"], "2-setcfg>3 1-cfg>3 3-cfg>4"),
    (["def add(r): rows.append(r)", "rows = []", "add(1)", "print(rows)"], "1-add>3 2-rows>3 3-rows>4"),
    (["def add(r): rows.append(r)", "add(1)", "rows = 1"], "1-add>2 ?-rows>2"),
    (["def add(r): rows.append(r)", "rows = []", "g = add", "g(1)", "rows"],
     "1-add>3 2-rows>3 3-g>4 2-rows>4 4-rows>5"),
    (["def f():\n    global x\n    x = 1", "def g(): f()", "g()", "x"], "2-g>3 1-f>3 3-x>4"),
    (["class A:\n def f(self):\n  global x\n  x = 1", "a = A()", "a.f()", "x"], "1-A>2 2-a>3 2-x>3 3-x>4"),
    (["def f():\n    global x\n    x = 1\n    return 2", "y = f()", "print(y)", "x"], "1-f>2 2-y>3 2-x>4"),
    # everything
    (["a = 1", "b = 2", "eval(s)"], "1-a>3 2-b>3 ?-s>3"),
    (["a = 1", "def f(): return eval('a' + 'b')", "f()"], "1-a>3 2-f>3"),
    (["a = 1", "if c:\n    a = 2", "eval('a' + 'b')"], "?-c>2 1-a>2 2-a>3"),
    # unknown names
    (["from m import *", "print(x)"], "1-x>2"),
    (["x = 1", "%run y.py", "print(x, z)"], "1-x>3 2-z>3"),
    (["x = (", "print(x)"], "1-x>2"),
    (["from m import *", "def f(): return n", "f()"], "2-f>3 1-n>3"),
    # texts
    (["low = 1", "q = 'x > @low and y > @high'", "df.query(q)"], "1-low>3 2-q>3 ?-df>3"),
    (["n = low = 1", "def f(): return n", "q = 'x > @f() @low'", "r = q", "show(r)"],
     "3-q>4 1-low>4 2-f>4 1-n>4 4-r>5 1-low>5 2-f>5 1-n>5 ?-show>5"),
    (["low = df = 1", "%%task t\nq = 'x > @low'\ndf.query(q)"], "1-low>2 1-df>2"),
    (["low = df = 1\nq = 'x > @low'", "%%task t --in df q\ndf.query(q, p := '@low', p)"], "1-df>2 1-q>2"),
    # tasks
    (["a = b = 1", "%%task t --in a\nc = a", "c"], "1-a>2 2-c>3"),
    (["import m\ndef f(): return n\nn = 1\na = 1", "%%task t --in a\nc = f(a, m)", "c"],
     "1-a>2 1-f>2 1-m>2 1-n>2 2-c>3"),
    (["a = b = 1", "%%task t --in a\neval(s)"], "1-a>2 ?-s>2"),
    (["x = 1", "%%task t --out y\nx = 2\ny = 3", "x, y"], "1-x>3 2-y>3"),
    (["xs = []", "%%task t --out y\nxs.append(1)\ny = 1", "xs"], "1-xs>2 1-xs>3"),
    (["x = 1", "%%task t --out y\ndel x\ny = 1", "x"], "1-x>2 1-x>3"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "expected"), EDGES)
def test_edges(cells: list[str], expected: str) -> None:
    assert edges(graph_of(*cells)) == set(expected.split())


# cells, what the last one provides
WRITES = [
    (["a = 1\n_b = 2"], "a"),
    (["_b = 2", "print(_b)", "_b = 3"], ""),
    (["xs = []", "xs.append(1)"], "xs"),
    (["%%task t --out a\na = b = 1"], "a"),
    (["import plt", "def draw(): plt.plot()", "draw()"], ""),
    (["try:\n    f()\nexcept E as e: pass"], ""),
]


@pytest.mark.parametrize(("cells", "expected"), WRITES)
def test_names_that_a_cell_provides(cells: list[str], expected: str) -> None:
    graph = graph_of(*cells)
    assert graph.writes[CellId(str(len(cells)))] == set(expected.split())


def test_a_private_name_is_provided_where_somebody_reads_it() -> None:
    assert graph_of("_b = 2", "print(_b)").writes[CellId("1")] == {"_b"}


def test_a_guess_that_digests_denied_is_no_write() -> None:
    graph = graph_of("m = 1", "m.show_off()", "m", learned={"m.show_off()": Learned(denied=frozenset("m"))})
    assert edges(graph) == {"1-m>2", "1-m>3"}


def test_a_change_that_digests_found_is_a_write() -> None:
    graph = graph_of("m = 1", "f(m)", "m", learned={"f(m)": Learned(added=frozenset("mx"))})
    assert edges(graph) == {"1-m>2", "?-f>2", "2-m>3"}


def test_a_change_by_a_called_function_can_be_denied() -> None:
    cells = ["def add(r): rows.append(r)", "rows = []", "add(1)", "rows"]
    graph = graph_of(*cells, learned={"add(1)": Learned(denied=frozenset({"rows"}))})
    assert "2-rows>4" in edges(graph)


def test_what_uptodate_reads_comes_first_and_is_no_input() -> None:
    cells = ["db, _limit = 1, 2", "def count():\n    return db", "%%task t --uptodate 'count() < _limit'\nx = 1"]
    graph = graph_of(*cells)
    assert graph.uptodate == {CellId("3"): {"_limit": "1", "count": "2", "db": "1"}}
    assert (graph.inputs[CellId("3")], graph.after[CellId("3")]) == ({}, ("1", "2"))
    assert graph.writes[CellId("1")] == {"db", "_limit"}
    assert graph.downstream([CellId("1")]) == ("1", "3")
    assert graph.problems == {}


def test_uptodate_takes_no_import_of_a_task() -> None:
    look = "from pathlib import Path\ndef size():\n    return Path('a').stat().st_size"
    graph = graph_of(look, "%%task make\nfrom pathlib import Path\nx = 1", "%%task t --uptodate size()\ny = 1")
    assert (graph.uptodate, graph.problems) == ({CellId("3"): {"size": "1"}}, {})


def test_uptodate_may_read_what_no_cell_provides() -> None:
    graph = graph_of("%%task t --after u --uptodate 'len(later)'\nx = 1", "later = [1]", "%%task u\ny = 1")
    assert (graph.uptodate, graph.after[CellId("1")], graph.problems) == ({CellId("1"): {}}, ("3",), {})


def test_inputs_that_may_be_absent_are_known() -> None:
    graph = graph_of("x = 1\nz = 1", "if c:\n    x = 2\n'z' in globals()", "print(x)")
    assert graph.optional(CellId("2")) == {"x", "z"}
    assert graph.optional(CellId("3")) == frozenset()


def test_tasks_are_found_by_name() -> None:
    graph = graph_of("a = 1", "%%task t\nb = a")
    assert graph.tasks == {"t": "2"}
    node = graph.nodes[CellId("2")]
    assert (node.index, node.task is not None, isinstance(node, Node)) == (1, True, True)


def test_an_empty_document_has_an_empty_graph() -> None:
    assert build(()) == Graph()


DIAMOND = ["a = 1", "b = a", "c = a", "d = b + c", "e = 1"]


def test_upstream_is_all_that_is_needed_in_document_order() -> None:
    assert graph_of(*DIAMOND).upstream([CellId("4")]) == ("1", "2", "3", "4")


def test_downstream_is_all_that_needs_it_in_document_order() -> None:
    assert graph_of(*DIAMOND).downstream([CellId("3"), CellId("1"), CellId("5")]) == ("1", "2", "3", "4", "5")


def test_readers_take_a_value_and_followers_need_not() -> None:
    graph = graph_of("%%task t\na = 1", "b = a", "%%task u --after t\nc = 1")
    assert graph.readers(CellId("1")) == ("2",)
    assert graph.downstream([CellId("1")]) == ("1", "2", "3")
    assert graph.after == {"1": (), "2": (), "3": ("1",)}


def test_after_a_task_below_puts_it_first() -> None:
    graph = graph_of("%%task a --after c\nx = 1", "x", "%%task c\nz = 1", "z")
    assert graph.upstream([CellId("2")]) == ("3", "1", "2")
    assert graph.downstream([CellId("3")]) == ("3", "1", "2", "4")
    assert not graph.problems


def test_an_order_with_two_things_to_wait_for() -> None:
    graph = graph_of("%%task a --after b c\nx = 1", "%%task b\ny = 1", "%%task c --after b\nz = 1")
    assert graph.upstream([CellId("1")]) == ("2", "3", "1")


# cells, the cell that reads, the name, what is said of it
ABSENT = [
    (["%%task t\ny = x", "z = 1", "x = 1"], "1", "x",
     "is provided by no cell above; cell 3 below defines it: move it up"),
    (["count = 1", "%%task t\ny = cuont"], "2", "cuont", "is provided by no cell above; did you mean 'count'?"),
    (["%%task t\ny = x"], "1", "x", "is provided by no cell above"),
    (["%%task t\nprint(x)\nx = 1"], "1", "x", "is provided by no cell above"),
    (["%%task t\ntry:\n    y = x\nexcept NameError: ..."], "1", "x", "is provided by no cell above"),
    (["def f(): return n", "%%task t\nf()", "n = 1"], "2", "n",
     "is provided by no cell above; cell 3 below defines it: move it up"),
    (["x = 1", "del x", "%%task t\ny = x"], "3", "x", "is deleted by cell 2 above"),
    (["x = 1", "%%task t\ndel x", "y = x"], "3", "x", "is deleted by cell 2 above"),
    (["a = 1", "%%task t --in a\ny = a\nz = b"], "2", "b", "is provided by no cell above"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "cell", "name", "told"), ABSENT)
def test_a_name_that_no_cell_above_provides_is_no_problem(cells: list[str], cell: str, name: str, told: str) -> None:
    graph = graph_of(*cells)
    assert graph.problems == {}
    assert graph.absent[CellId(cell)] == {name: told}
    assert graph.inputs[CellId(cell)][name] is None


def test_of_names_that_plain_cells_lack_nothing_is_said() -> None:
    assert graph_of("y = x", "x = 1", "del x", "y = x").absent == {}


# cells, edges: a cell that may bind any name passes on what is above
FLOODS = [
    (["a = 1", "%%task t\nfrom m import *", "print(a)"], "1-a>2 2-a>3"),
    (["a = 1", "%%task t\nglobals()[f()] = 1", "print(a, b)"], "?-f>2 1-a>2 ?-b>2 2-a>3 2-b>3"),
    (["a = 1", "exec(s)", "print(a)"], "?-s>2 1-a>2 2-a>3"),
    (["exec(s)", "exec(s)", "print(a)"], "?-s>1 ?-a>1 1-s>2 1-a>2 2-a>3"),
    (["del a", "%%task t\nfrom m import *", "print(a)"], "?-a>1 ?-a>2 2-a>3"),
    (["a = 1", "%%task t\nfrom m import *\ndel a", "print(a)"], "1-a>2 ?-a>3"),
    (["a = 1", "from m import *", "print(a)"], "1-a>3"),
    (["a = 1", "%%task t --out b\nfrom m import *", "print(a)"], "1-a>3"),
    (["a = 1", "%%task t\nfrom m import *\na = 2", "print(a)"], "2-a>3"),
    (["b = (", "print(a)"], "1-a>2"),
]


@pytest.mark.parametrize(("cells", "expected"), FLOODS)
def test_a_cell_that_may_bind_any_name(cells: list[str], expected: str) -> None:
    assert edges(graph_of(*cells)) == set(expected.split())


def test_what_a_plain_cell_was_seen_to_bind_is_its() -> None:
    learned = {"from m import *": Learned(added=frozenset("a"))}
    assert edges(graph_of("a = 1", "from m import *", "print(a, b)", learned=learned)) == {"2-a>3", "2-b>3"}


# cells, the cell at fault, message, line
PROBLEMS = [
    (["%%task t --in x\ny = 1"], "1", "name 'x' (--in) is provided by no cell above", 1),
    (["a = b = 1", "%%task t --in a\ny = a, b"], "2", "name 'b' (line 2) is read but not declared: add it to --in", 2),
    (["%%task t\ny = 1", "x", "%%task t\ny = 2"], "1", "task name 't' is taken by cell 3 as well: rename one", 1),
    (["%%task t\ny = 1", "x", "%%task t\ny = 2"], "3", "task name 't' is taken by cell 1 as well: rename one", 1),
    (["%%task t\ny = ("], "1", "can't be parsed: '(' was never closed (line 2)", 2),
    (["%%task load\ny = 1", "%%task t --after lod\n"], "2", "--after: there is no task 'lod'; did you mean 'load'?", 1),
    (["%%task t --after nothing\nz = 1"], "1", "--after: there is no task 'nothing'", 1),
    (
        ["%%task load\nrows = [1]", "%%task t --uptodate len(rows)\nz = 1"],
        "2",
        "--uptodate len(rows): `rows` is made by task load; it is evaluated in the kernel, where only names of plain "
        "cells are at hand",
        1,
    ),
    (["%%task a --after b\nx = 1", "%%task b --after a\ny = 1"], "1", "--after makes a cycle: a -> b -> a", 1),
    (["%%task a --after b\nx = 1", "%%task b --after a\ny = 1"], "2", "--after makes a cycle: a -> b -> a", 1),
    (["%%task a --after c\nx = 1", "y = x", "%%task c\nz = y"], "1", "--after makes a cycle: a -> c -> cell 2 -> a", 1),
    (["%%task a --after a\nx = 1"], "1", "--after makes a cycle: a -> a", 1),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "cell", "message", "line"), PROBLEMS)
def test_problems(cells: list[str], cell: str, message: str, line: int) -> None:
    (failure,) = graph_of(*cells).problems[CellId(cell)]
    assert (failure.kind, failure.message, failure.line) == (FailureKind.DECLARATION, message, line)


# cells of which none has a problem
NO_PROBLEM = [
    ["print(x)"],
    ["%%task t\ntry:\n    x\nexcept NameError:\n    x = 1"],
    ["def f(): return nobody", "%%task t\ny = f()"],
    ["%%task t --out y z\ny = 1"],
    ["from m import *", "%%task t\ny = x"],
    ["import m\ndef f(): ...\nclass C: ...\ng = lambda: 1\na = 1", "%%task t --in a\ny = f(a, m, C, g, len, __name__)"],
    ["a = 1", "%%task t --in a\n'b' in globals()"],
    ["xs = []", "%%task t --in xs\nxs.append(1)"],
    ["%%task t\nx = 1", "%%task u --after t\ny = 1"],
]


@pytest.mark.parametrize("cells", NO_PROBLEM)
def test_no_problem(cells: list[str]) -> None:
    assert graph_of(*cells).problems == {}


def test_a_cycle_that_is_cut_leaves_an_order() -> None:
    graph = graph_of("%%task a --after b\nx = 1", "%%task b --after a\ny = 1")
    assert graph.upstream([CellId("2")]) == ("1", "2")


def test_a_cycle_is_found_where_ways_meet() -> None:
    graph = graph_of("%%task a --after d\nx = 1", "y = x", "z = x", "%%task d\nv = y + z")
    assert messages(graph, "1") == ["--after makes a cycle: a -> d -> cell 2 -> a"]


def test_several_problems_of_a_cell_stand_in_order_of_their_lines() -> None:
    found = messages(graph_of("a1 = b1 = c1 = 1", "%%task t --in c1 --after u\nx = b1\ny = a1"), "2")
    assert [message[:10] for message in found] == ["name 'b1' ", "name 'a1' ", "--after: t"]


def test_options_need_no_line_of_their_own() -> None:
    bindings = analyse("y = x")
    task = Task(TaskName("t"), CellId("1"), "y = x", Options(inputs=("x",)), bindings)
    graph = build([(Cell(CellId("1"), "y = x"), task, bindings)])
    assert messages(graph, "1") == ["name 'x' (line 1) is provided by no cell above"]


# An edit of a document, by the sources that cells can have. Names are few, so that cells meet.
SOURCES = [
    "a = 1", "b = a", "a = b + 1", "a.append(b)", "def f(): return a", "c = f()", "if c:\n    b = 1", "del a",
    "%%task t\nb = a", "%%task t\nb = a * 2", "%%task u --after t\nc = b", "%%task u --in a --out c\nc = a", "b = (",
    "c = b = a", "from m import *", "_d = b", "print(_d, a)", "%%task v\nc = nothing", "def f(): return a + 1",
]  # fmt: skip
KNOWN = {Digest(analyse("a.append(b)").code): Learned(denied=frozenset("a"))}
LENGTHS = st.sampled_from([1, 2, 3, providers.LENGTH])
"""Of stretches: those of real notebooks are longer than these documents."""


@given(
    st.lists(st.sampled_from(SOURCES), min_size=1, max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.sampled_from(SOURCES), st.booleans()), max_size=6),
    LENGTHS,
)
def test_the_graph_of_an_edited_document_is_the_one_that_is_built_anew(
    sources: list[str], edits: list[tuple[int, str, bool]], length: int
) -> None:
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "LENGTH", length)
        notebook.graph()
        for place, source, knows in edits:
            notebook.ran(CellId(str(place % len(sources))), source, 1.0)
            notebook.learned.update(KNOWN if knows else {})
            assert notebook.graph() == build([declare(cell) for cell in notebook.document.cells], notebook.learned)


# What else cells can be, where names are functions, instances, files, or not known.
MORE = [
    "print = a", "print(a, b)", "import a", "from m import a as c", "class C:\n    b = a", "c = C()", "c.x = b",
    "def g():\n    global b\n    b = a", "g()", "f = g", "c = [a, b]", "for b in a: pass", "exec(a)", "c = eval(b)",
    "def h(): return f", "a = h()()", "%%task w --out b\nb = c", "try:\n    b = a\nexcept NameError:\n    pass",
    "with open('x', 'w') as b: b.write(a)", "b = open('x').read()", "%%task y --reads x --writes z --after t\nc = 1",
    "def f(): return [_d, len]", "len = b", "b = f() + len(a)", "del f", "c = 1\ndel c",
    "%%task q --uptodate 'f() + _d'\nc = 1", "b = same(a)", "b.append(2)", "c = 'x > @a'", "b = a.query(c)",
]  # fmt: skip
LEARNT = {
    Digest(analyse(source).code): found
    for source, found in {
        "c = f()": Learned(added=frozenset("a"), wrote=frozenset({"x"})),
        "b = a": Learned(added=frozenset("a")),
        "b = f() + len(a)": Learned(added=frozenset("f"), read=frozenset({"x"})),
        "b = same(a)": Learned(same=frozenset({"b a"})),
    }.items()
}


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("ijklmnop"), st.sampled_from(SOURCES + MORE)), st.booleans(), st.booleans()
        ),
        max_size=6,
    ),
    LENGTHS,
)
def test_however_a_document_changes_its_graph_is_the_one_that_is_built_anew(
    documents: list[tuple[dict[str, str], bool, bool]], length: int
) -> None:
    notebook, cells = Notebook(), dict[str, str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "LENGTH", length)
        for edit, whole, knows in documents:
            # Cells are put below the others, taken away, moved and edited.
            cells = edit if whole else {**cells, **edit}
            notebook.read([Cell(CellId(cell), source) for cell, source in cells.items()], 0.0)
            notebook.learned = LEARNT if knows else {}
            assert notebook.graph() == build([declare(cell) for cell in notebook.document.cells], notebook.learned)


# cells, and another source of the first one
SEEN_BELOW = [
    (["f = 1", "a = 1", "b = f() + 1"], "def f(): return a"),
    (["def f(): return a", "a = 1", "b = f() + 1"], "f = 1"),
    (["a = 1", "_d = 2", "b = _d"], "c = 1"),
    (["a = 1", "print(2)", "b = 1"], "print = 1"),
    (["a = 1", "b = 1", "c = a + b"], "d = 1"),
    (["import a", "a = 1", "%%task t --in b\nc = a"], "import a, b"),
    (["a = b = 1", "b = 2", "a.append(1)", "b"], "a = b = c = 1"),
]


@pytest.mark.parametrize("length", [1, 2, providers.LENGTH])
@pytest.mark.parametrize(("cells", "source"), SEEN_BELOW)
def test_what_an_edit_tells_of_names_is_seen_by_the_cells_below(
    cells: list[str], source: str, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "LENGTH", length)
    places = [CellId(str(index + 1)) for index in range(len(cells))]
    after = edited(graph_of(*cells), list(map(Cell, places, [source, *cells[1:]])), declare, {})
    assert after == graph_of(source, *cells[1:])


@pytest.mark.parametrize("length", [1, 2, providers.LENGTH])
def test_what_runs_have_shown_is_seen_by_the_cells_below(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "LENGTH", length)
    notebook = Notebook()
    sources = ["a = 1", "d = 0", "b = a + 1", "c = b + 1", "print(d)"]
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)
    assert "1-d>4" in edges(notebook.graph())
    notebook.learned[Digest(analyse("b = a + 1").code)] = Learned(added=frozenset("d"))
    assert "2-d>4" in edges(notebook.graph())


def test_cells_that_an_edit_does_not_touch_are_repeated_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "LENGTH", 2)
    before = graph_of("a = 1", "b = a + 1", "c = b + 1", "d = c + 1", "e = b + 1", "b = b + d")
    edit = {CellId("4"): "d = c + 2\nf = c + 3"}
    cells = [Cell(node.cell, edit.get(node.cell, node.source)) for node in before.nodes.values()]
    old, new = before.repeatable.stretches, edited(before, cells, declare, {}).repeatable.stretches
    assert [new[cell] is old[cell] for cell in old] == [True, False, True]


def test_a_name_that_a_called_function_binds_is_no_longer_deleted() -> None:
    graph = graph_of("b = 1", "del b", "def g():\n    global b\n    b = 2", "g()", "%%task t\nc = b")
    assert "4-b>5" in edges(graph)


# cells, another source of the second one, whether the graph's links are taken over
EDITS = [
    (["a = 1", "b = a + 1", "b"], "b = a + 2", True),
    (["a = 1", "%%task t\nb = a + 1", "b"], "%%task t\nb = a + 2", True),
    (["a = 1", "b = a", "b"], "b = 2", False),
    (["a = 1", "%%task t\nb = a", "b"], "%%task u\nb = a", False),
    (["a = 1", "%%task t --in x\nb = x", "b"], "%%task t --in x\n\nb = x", False),
    (["a = 1", "%%task t\nb = x", "b"], "%%task t\n\nb = x", True),
    (["a = 1", "a.append(b)", "b"], "a.append( b,)", True),
]


@pytest.mark.parametrize(("cells", "source", "taken_over"), EDITS)
def test_an_edit_that_changes_no_name_takes_the_links_over(cells: list[str], source: str, taken_over: bool) -> None:
    graph = graph_of(*cells)
    changed_cells = [Cell(CellId("1"), cells[0]), Cell(CellId("2"), source), Cell(CellId("3"), cells[2])]
    new = edited(graph, changed_cells, declare, {})
    assert (new.inputs is graph.inputs) == taken_over


def test_other_cells_make_another_graph() -> None:
    graph = graph_of("a = 1", "b = a")
    assert edited(graph, [Cell(CellId("1"), "a = 1")], declare, {}) == graph_of("a = 1")
    swapped = edited(graph, [Cell(CellId("2"), "b = a"), Cell(CellId("1"), "a = 1")], declare, {})
    assert edges(swapped) == {"?-a>2"}


def test_a_graph_of_the_same_cells_is_the_same() -> None:
    graph = graph_of("a = 1", "b = a")
    assert edited(graph, [Cell(CellId("1"), "a = 1"), Cell(CellId("2"), "b = a")], declare, {}) is graph


# cells before, cells after, those that changed
CHANGES = [
    (["a = 1", "b = a", "c = b"], ["a = 2", "b = a", "c = b"], ("1",)),
    (["a = 1", "b = a", "c = b"], ["a = 1", "a = 3; b = 1", "c = a"], ("2", "3")),
    (["a = 1", "b = 1", "a"], ["a = 1", "a = 1", "a"], ("2", "3")),
    (["a = 1"], ["a = 1", "b = 1"], ("2",)),
    (["a = 1", "b = 1"], ["a = 1"], ()),
]


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_cells_that_changed(before: list[str], after: list[str], expected: tuple[str, ...]) -> None:
    assert changed(graph_of(*before), graph_of(*after)) == expected


@given(*[st.lists(st.sampled_from(SOURCES), max_size=7)] * 2)
def test_cells_that_changed_are_those_of_which_anything_is_other(before: list[str], after: list[str]) -> None:
    old, new = graph_of(*before), graph_of(*after)
    tables = ("nodes", "inputs", "after", "writes", "problems", "absent", "optionals", "called")
    others = [cell for cell in new.nodes if any(entry(old, one, cell) != entry(new, one, cell) for one in tables)]
    assert list(changed(old, new)) == others


def entry(graph: Graph, table: str, cell: CellId) -> object:
    found: Mapping[CellId, object] = getattr(graph, table)
    return found.get(cell)
