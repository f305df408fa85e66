"""Which part of a project's modules a task reaches, and which versions of installed ones."""

from __future__ import annotations

import ast

import pytest

from phelps_jupyter.core.model import PartKind
from phelps_jupyter.core.modules import (
    AbsentModule,
    InstalledModule,
    ProjectModule,
    Wanted,
    imported,
    module_parts,
    project_digest,
    project_lines,
    reach_of,
    version_digest,
    widest,
)

Modules = dict[str, ProjectModule | InstalledModule | AbsentModule]


def project(**sources: str) -> Modules:
    """Modules by their names, with ``__`` for a dot; a name that others lie under is a package."""
    names = [name.replace("__", ".") for name in sources]
    packages = {name for name in names if any(other.startswith(f"{name}.") for other in names)}
    return {name: ProjectModule(source, name in packages) for name, source in zip(names, sources.values(), strict=True)}


def reached(modules: Modules, *wanted: Wanted) -> list[str]:
    """The parts' names."""
    return sorted(part.name for part in module_parts(wanted, modules.get))


def digest(modules: Modules, *wanted: Wanted) -> dict[str, str]:
    return {part.name: part.digest for part in module_parts(wanted, modules.get)}


def counts(before: str, after: str, attribute: str | None = "f") -> bool:
    """Whether this edit of module m changes what a task that uses m.f stands on."""
    wanted = ("m", attribute)
    return digest(project(m=before), wanted) != digest(project(m=after), wanted)


F = "def f():\n    return g() + LIMIT\n\ndef g():\n    return 1\n\nLIMIT = 3\n\ndef other():\n    return 2\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (F, F.replace("g() + LIMIT", "g() - LIMIT"), True),
        (F, F.replace("return 1", "return 7"), True),
        (F, F.replace("LIMIT = 3", "LIMIT = 4"), True),
        (F, F.replace("return 2", "return 7"), False),
        (F, "import json\n" + F, False),
        (F, '"""Docs."""\n' + F, False),
        (F, F + '"""What is above."""\n', False),
        (F, '"""Docs."""', True),
        (F, F + "print('loaded')", True),
        (F, F + "LIMIT += 1", True),
        (F, F + "OTHER = 1", False),
        (F, F + "SETTINGS['a'] = 1", True),
        (F, F + "for name in NAMES:\n    register(name)", True),
        (F, F + "for name in NAMES:\n    last = name", False),
        (F, F + "from elsewhere import *", True),
        (F, F + "def __getattr__(name):\n    return 1", True),
        (F, F + "from functools import cache\n@cache\ndef h(): pass", False),
        (F, F + "@register\ndef h(): pass", True),
        (F, F + "from .registry import register\n@register('h')\nclass H: pass", True),
        (F, F + "from functools import cache\n@cache\n@keep\ndef h(): pass", True),
        (F, "def f(:", True),
        ("def f(:", "def f(::", True),
        (F, F + "\0", True),
        ("def f(:", "def f(:", False),
    ],
)
def test_an_edit_counts_where_it_is_reached(before, after, expected):
    assert counts(before, after) is expected


def test_everything_counts_when_the_module_escapes():
    assert counts(F, F.replace("return 2", "return 7"), None)


def test_installed_modules_count_by_their_version():
    modules: Modules = {"numpy.linalg": InstalledModule("numpy", "2.0")}
    (part,) = module_parts([("numpy.linalg", "norm")], modules.get)
    assert (part.kind, part.name, part.digest, part.detail) == (
        PartKind.VERSION,
        "numpy",
        version_digest("2.0"),
        "2.0",
    )


def test_a_module_that_is_looked_for_in_vain_counts_until_it_is_there():
    m = ProjectModule("try:\n    import fast\nexcept ImportError:\n    fast = None\ndef f():\n    return fast\n", False)
    without: Modules = {"m": m, "fast": AbsentModule()}
    there: Modules = {"m": m, **project(fast="x = 1")}
    found = [digest(modules, ("m", "f"))["fast"] for modules in (without, there)]
    assert found[0] == "absent" != found[1]
    assert reached({"fast": AbsentModule()}, ("fast", "x"), ("fast.inner", None)) == ["fast"]


def test_the_standard_library_is_no_part():
    assert reached({}, ("json", None)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from .impl import f",
        "from .impl import g as f",
        "from . import impl\n\ndef f():\n    return impl.g()",
        "from pkg import impl\n\ndef f():\n    return impl.g()",
        "import pkg.impl\n\ndef f():\n    return pkg.impl.g()",
        "def f():\n    from pkg.impl import g\n    return g()",
        "try:\n    from .impl import f\nexcept ImportError:\n    f = None",
        "from .impl import *",
        "def __getattr__(name):\n    from .impl import f\n    return f",
    ],
)
def test_imports_within_the_project_are_followed(source):
    modules = project(pkg=source, pkg__impl="def f(): return 1\n\ndef g(): return 2")
    assert reached(modules, ("pkg", "f")) == ["pkg", "pkg.impl"]


def test_imports_that_are_not_reached_are_not_followed():
    modules = project(m="import a\nimport b\n\ndef f():\n    return a.x", a="x = 1", b="x = 1")
    assert reached(modules, ("m", "f")) == ["a", "m"]


def test_imports_in_a_circle_end():
    modules = project(a="from b import g\n\ndef f(): return g()", b="from a import f\n\ndef g(): return f()")
    assert reached(modules, ("a", "f")) == ["a", "b"]


@pytest.mark.parametrize("wanted", [("lib", "st"), ("lib.st", None)])
def test_what_lies_in_a_folder_without_init_counts(wanted):
    assert reached(project(lib__st="x = 1"), wanted) == ["lib.st"]


def test_some_of_a_module_counts_no_more_beside_all_of_it():
    some = module_parts([("m", "x")], project(m="x = 1").get)
    whole = module_parts([("m", None)], project(m="x = 1").get)
    version = module_parts([("numpy", None)], {"numpy": InstalledModule("numpy", "2.0")}.get)
    kept = widest([*some, *version, *whole, *version])
    assert [(part.name, part.origin) for part in kept] == [("numpy", ""), ("m", "reach:*")]


def test_an_attribute_that_is_a_submodule_is_followed():
    assert reached(project(pkg="", pkg__sub="x = 1"), ("pkg", "sub")) == ["pkg", "pkg.sub"]


def test_packages_above_count_by_what_they_do():
    wanted = ("pkg.sub", "x")
    quiet = digest(project(pkg="def unused(): return 1", pkg__sub="x = 1"), wanted)
    louder = digest(project(pkg="def unused(): return 2", pkg__sub="x = 1"), wanted)
    acting = digest(project(pkg="import os\nos.environ['A'] = 'b'", pkg__sub="x = 1"), wanted)
    assert quiet == louder
    assert quiet != acting


def test_all_of_a_module_outweighs_one_attribute():
    modules = project(m="x = 1\ny = 2")
    (part,) = module_parts([("m", "x"), ("m", None), ("m", "y")], modules.get)
    assert reach_of(part) is None


def test_what_a_part_reaches_can_be_made_again():
    modules = project(m="x = 1\ny = 2\nz = 3")
    (part,) = module_parts([("m", "x"), ("m", "y")], modules.get)
    assert project_digest("m", reach_of(part), modules.get) == part.digest


def test_only_modules_of_the_project_have_such_a_digest():
    assert project_digest("numpy", None, {"numpy": InstalledModule("numpy", "2.0")}.get) is None


@pytest.mark.parametrize(
    ("source", "module", "is_package", "expected"),
    [
        ("import a.b, c", "", False, [("a.b", None), ("a", None), ("c", None)]),
        ("import a.b as c", "", False, [("a.b", None)]),
        ("importlib.import_module('a.b')", "", False, [("a.b", None)]),
        ("import_module('.c', __package__)", "a.b", True, [("a.b.c", None)]),
        ("__import__('a')", "", False, [("a", None)]),
        ("__import__(name)\n__import__(1)\nopen('a')\nfind()()", "", False, []),
        ("from a.b import c, d as e", "", False, [("a.b", "c"), ("a.b", "d")]),
        ("from a import *", "", False, [("a", None)]),
        ("from . import c", "a.b", False, [("a", "c")]),
        ("from . import c", "a.b", True, [("a.b", "c")]),
        ("from .c import d", "a.b", False, [("a.c", "d")]),
        ("from ..c import d", "a.b", True, [("a.c", "d")]),
        ("def f():\n    import a", "", False, [("a", None)]),
        ("x = 1", "", False, []),
    ],
)
def test_imports_are_told_by_absolute_names(source, module, is_package, expected):
    assert imported(ast.parse(source), module, is_package) == expected


def test_the_lines_in_reach_have_the_numbers_of_the_file():
    source = "import json\n\nLIMIT = 3\n\n@staticmethod\ndef f():\n    return LIMIT\n\ndef other():\n    return 2\n"
    assert project_lines("m", {"f"}, project(m=source).get) == (
        (3, "LIMIT = 3"),
        (5, "@staticmethod"),
        (6, "def f():"),
        (7, "    return LIMIT"),
    )


def test_a_module_that_is_no_python_is_in_reach_as_a_whole():
    assert project_lines("m", {"f"}, project(m="def f(:\n    pass").get) == ((1, "def f(:"), (2, "    pass"))


@pytest.mark.parametrize("modules", [{}, {"m": InstalledModule("m", "1.0")}])
def test_what_is_no_module_of_the_project_has_no_lines(modules):
    assert project_lines("m", None, modules.get) == ()
