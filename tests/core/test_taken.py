"""What cells import, and what a reader takes of the modules under its names; which docstrings are read below."""

from __future__ import annotations

import ast

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.documented import are_docstrings_read, docstrings_told, reads_docstrings
from phelps_jupyter.core.graph import Graph, build
from phelps_jupyter.core.model import Bindings, Cell, CellId, Options, Task, TaskName
from phelps_jupyter.core.modules import InstalledModule, ProjectModule, Wanted
from phelps_jupyter.core.taken import (
    along,
    chains,
    executed,
    imported_by,
    imports_of,
    module_bound,
    submodules,
    tree_of,
)

PROJECT = {
    "pkg": ProjectModule("from .low import deep as inner", True),
    "pkg.core": ProjectModule("def f(): pass", False),
    "pkg.inner": ProjectModule("x = 1", False),
    "lib": InstalledModule("lib", "1"),
}


def notebook(*sources: str) -> Graph:
    """Plain cells with the ids 0, 1, .."""
    return build([(Cell(CellId(str(place)), source), None, analyse(source)) for place, source in enumerate(sources)])


def taken(*sources: str, name: str = "m") -> list[str] | None:
    """What the last of these cells takes of the name's object."""
    found = chains(notebook(*sources), CellId(str(len(sources) - 1)), name)
    return None if found is None else sorted(map(".".join, found))


@pytest.mark.parametrize(
    ("source", "bound", "loaded"),
    [
        ("import a", {"a": ("a", None)}, {"a"}),
        ("import a.b", {"a": ("a", None)}, {"a.b"}),
        ("import a.b as c", {"c": ("a.b", None)}, {"a.b"}),
        ("from a import b as c", {"c": ("a", "b")}, {"a", "a.b"}),
        ("from . import b", {}, set()),
        ("def f():\n    import a", {}, set()),
        ("try:\n    import a as m\nexcept ImportError:\n    import b as m", {}, {"a", "b"}),
        ("%matplotlib inline\nimport a", {"a": ("a", None)}, {"a"}),
        ("import a b", {}, set()),
    ],
)
def test_import_statements_bind_and_load(source: str, bound: dict[str, object], loaded: set[str]) -> None:
    found = imports_of(notebook(source).nodes[CellId("0")])
    assert (dict(found.bound), found.loaded) == (bound, loaded)


def test_a_tasks_body_is_its_code() -> None:
    task = Task(TaskName("t"), CellId("0"), "#\nimport a.b", Options(), Bindings())
    graph = build([(Cell(CellId("0"), "%%task t\nimport a.b"), task, task.bindings)])
    assert imports_of(graph.nodes[CellId("0")]).loaded == {"a.b"}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["import m", "m.a(m.b.c)"], ["a", "b.c"]),
        (["import m", "getattr(m, 'a')(getattr(m.b, 'c'))"], ["a", "b.c"]),
        (["import m", "getattr(m, name)"], None),
        (["import m", "print(m)"], None),
        (["import m", "m.a; getattr(m, 'b', m)"], None),
        (["import m", "eval('m.a')"], ["a"]),
        (["import m", "m.a; globals()"], None),
        (["import m"], []),
        (["import m", "def f(): return m.b", "m.a; f()"], ["a", "b"]),
        (["import m", "def f(): return m", "m.a; f()"], None),
        (["import m", "def f(): return m.b, eval('m.c')", "m.a; f()"], None),
        (["import m", "def f(): return m.b", "m.a"], ["a"]),
        (["import m\ndef f(): return m.b", "m.a"], ["a"]),
        (["import m\ndef f(): return m.b", "x = [f]", "m.a; x[0]()"], ["a", "b"]),
        (["import m", "def f(): return m.b", "f()"], ["b"]),
        (["import m", "x = 1"], None),
    ],
)
def test_what_is_taken_of_a_name(sources: list[str], expected: list[str] | None) -> None:
    assert taken(*sources) == expected


@pytest.mark.parametrize(
    ("module", "chain", "expected"),
    [
        ("pkg", ("core", "f"), [("pkg", ""), ("pkg.core", "f")]),
        ("pkg", ("core",), [("pkg", ""), ("pkg.core", None)]),
        ("pkg", ("inner", "x"), [("pkg", ""), ("pkg", "inner")]),
        ("pkg", ("g",), [("pkg", ""), ("pkg", "g")]),
        ("lib", ("core", "f"), [("lib", ""), ("lib", "core")]),
    ],
)
def test_attributes_lead_into_submodules(module: str, chain: tuple[str, ...], expected: list[object]) -> None:
    assert along(module, frozenset({chain}), PROJECT.get) == expected


@pytest.mark.parametrize(
    ("source", "place", "expected"),
    [
        ("import pkg as p\np.g()", ("pkg", None), {("pkg", ""), ("pkg", "g")}),
        ("import pkg.core\npkg.core.f()", ("pkg.core", None), {("pkg.core", ""), ("pkg", ""), ("pkg.core", "f")}),
        ("import pkg.core as c\nc.f()", ("pkg.core", None), {("pkg.core", ""), ("pkg.core", "f")}),
        ("from pkg import core\ncore.f()", ("pkg", "core"), {("pkg.core", ""), ("pkg.core", "f")}),
        ("from pkg import inner\ninner.f()", ("pkg", "inner"), {("pkg", "inner")}),
        ("from pkg import g", ("pkg", "g"), {("pkg", "g")}),
        ("import_module('pkg.core')\nimport pkg", ("pkg.core", None), {("pkg.core", None)}),
        ("import pkg\npkg = 1", ("pkg", None), {("pkg", None)}),
    ],
)
def test_what_a_cell_imports_counts_by_what_it_takes(source: str, place: Wanted, expected: set[Wanted]) -> None:
    assert set(imported_by(notebook(source), CellId("0"), place, PROJECT.get)) == expected


def test_a_module_that_escapes_counts_as_a_whole() -> None:
    assert along("pkg", None, PROJECT.get) == [("pkg", None)]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["import a.b.c", "a.b.c.f()"], ["a.b.c"]),
        (["import a.b.c", "a.b"], ["a.b.c"]),
        (["import a.b.c", "a.d"], []),
        (["import a.b.c", "print(a)"], ["a.b.c"]),
        (["import a.b.c", "import a\na.b.c"], ["a.b.c"]),
        (["import a.b as x", "x.f()"], []),
        (["import a.b as x\nimport x.c", "x.c"], []),
        (["import a.b", "import a", "a.x = 1", "a.b.f()"], ["a.b"]),
        (["import a.b", "from a import c", "c.d()"], []),
        (["a = 1", "import c.d", "a.b()"], []),
        (["a.b.f()", "import a.b"], []),
        (["import a", "a.b.f()"], []),
    ],
)
def test_submodules_that_cells_above_have_loaded(sources: list[str], expected: list[str]) -> None:
    reader = next(place for place, source in reversed(list(enumerate(sources))) if not source.startswith("import a.b"))
    assert list(submodules(notebook(*sources), CellId(str(reader)))) == expected


def test_an_import_binds_a_module_or_something_in_one() -> None:
    assert (module_bound(("a", None)), module_bound(("a", "b"))) == ("a", "a.b")


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("def f(): import a", ""),
        ("def f(): import a\nf()", "def f(): import a\nf()"),
        ("def f(): import a\ndef g(): f()", ""),
        ("def f(): import a\neval('f()')", "def f(): import a\neval('f()')"),
        ("@d\ndef f(): import a", "@d\ndef f(): import a"),
        ("def f(x=g()): import a", "def f(x=g()): import a"),
        ("def f(x=1, *, y, z=2): import a", ""),
        ("class A:\n    'A.'\n    def f(self): import a", ""),
        ("class A:\n    x = g()", "class A:\n    x = g()"),
        ("class A(B):\n    pass", "class A(B):\n    pass"),
        ("def f(): import a\nglobals()", "def f(): import a\nglobals()"),
    ],
)
def test_what_is_defined_and_not_used_is_not_executed(source: str, left: str) -> None:
    found = executed(tree_of(source), analyse(source))
    assert sorted(map(ast.unparse, found.body)) == sorted(map(ast.unparse, ast.parse(left).body))


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (["f()"], ()),
        (["f.__doc__"], ("old",)),
        (["def g(): return f.__doc__", "g()"], ("old",)),
        (["x = [f]", "help(x[0])"], ("old",)),
        (["print.__doc__"], ()),
    ],
)
def test_docstrings_count_where_a_cell_below_reads_them(below: list[str], expected: tuple[str, ...]) -> None:
    graph = notebook("def f():\n    'old'\ndef g(): pass", *below)
    assert docstrings_told(graph, CellId("0")) == expected
    assert are_docstrings_read(graph, CellId("0")) == bool(expected)


@pytest.mark.parametrize(("source", "expected"), [("a.__doc__", True), ("help(a)", True), ("a.doc", False)])
def test_whether_any_cell_reads_docstrings(source: str, expected: bool) -> None:
    assert reads_docstrings(notebook("a = 1", source)) is expected
