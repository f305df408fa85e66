"""The modules that code inside a value comes from or imports."""

from __future__ import annotations

import functools
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from phelps_jupyter.runtime.digests import digest

PROJECT = """
class M:
    def f(self): return 1
def f(): return 1
"""
NOTEBOOK = """
def plain(): return 1
def importing():
    import json
    import a.b
    from c import d, e
def nested():
    def inner(): from g import h
    return inner
def called(): return import_module("i.j"), "not a name"
class C:
    def f(self): import k
class D(C): pass
"""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    module = ModuleType("of_project")
    monkeypatch.setitem(sys.modules, "of_project", module)
    exec(PROJECT, vars(module))
    return vars(module)


@pytest.fixture
def notebook() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(NOTEBOOK, names)
    return names


def test_code_of_the_project_tells_its_module(project: dict[str, Any]) -> None:
    instance, function = project["M"](), project["f"]
    held = [instance, instance.f, function, {"f": function}, functools.partial(function), project["M"], {(instance,)}]
    held += [sys.modules["of_project"], [sys.modules["of_project"]]]
    assert {digest(value).modules for value in held} == {("of_project",)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", ()),
        ("importing", ("a", "a.b", "c", "c.d", "c.e")),
        ("nested", ("g", "g.h")),
        ("called", ("i.j",)),
        ("C", ("k",)),
        ("D", ("k",)),
    ],
)
def test_code_of_the_notebook_tells_what_it_imports(
    notebook: dict[str, Any], name: str, expected: tuple[str, ...]
) -> None:
    assert digest(notebook[name]).modules == expected
    assert digest([notebook[name]]).modules == expected


def test_instances_tell_what_their_methods_import(notebook: dict[str, Any]) -> None:
    assert digest({"c": notebook["D"]()}).modules == ("k",)


@pytest.mark.parametrize("value", [1, [1, {"a": (2.0,)}], json.dumps, json.JSONDecoder(), json])
def test_plain_values_and_libraries_tell_none(value: object) -> None:
    assert digest(value).modules == ()
