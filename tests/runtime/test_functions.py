"""What of a live function or class counts, and which globals it reads."""

from __future__ import annotations

import functools
import importlib
import json
import linecache
import math
import subprocess
import sys
import types

import pytest
from notebook_cells import run

from phelps_jupyter.runtime.functions import (
    code_part,
    function_digest,
    global_reads,
    is_notebook,
    reads_docstrings,
    remember,
    remember_class,
)

BASE = "class Base:\n    def size(self):\n        return {}\n"
SINGLE = (
    "import functools\n@functools.singledispatch\ndef f(x):\n    return 0\n@f.register\ndef _(x: int):\n    return {}"
)

SAME = {
    "comments": ("def f(x):\n    return x", "def f(x):  # note\n\n    return (x)"),
    "docstring": ("def f(x):\n    'old'\n    return x", "def f(x):\n    'new'\n    return x"),
    "a docstring more": ("def f(x):\n    return x", "def f(x):\n    'new'\n    return x"),
    "line": ("def f(x):\n    return x", "y = 1\n\n\ndef f(x):\n    return x"),
    "neighbours on the line": ("f = lambda x: x", "g, f = lambda x: x + 1, lambda x: x"),
    "where a default comes from": ("def f(x=3): return x", "N = 3\ndef f(x=N): return x"),
    "where a closure's value comes from": (
        "def make(n):\n    return lambda: n\nf = make(2)",
        "def other(n, m):\n    print\n    return lambda: n\nf = other(2, 3)",
    ),
    "cache of lru_cache": (
        "import functools\n@functools.lru_cache\ndef f(x):\n    return x",
        "import functools\n@functools.lru_cache\ndef f(x):\n    return x\nf(1)",
    ),
    "cache of singledispatch": (SINGLE.format(1), SINGLE.format(1) + "\nf(1); f(''); f(True)"),
    "docstrings in a class": (
        "class f:\n    def g(self):\n        return 1",
        "class f:\n    'doc'\n    def g(self):\n        'doc'\n        return 1",
    ),
    "a name that another cell binds": ("def f(): return y", "y = 1\ndef f(): return y"),
    "order of methods": (
        "class f:\n    def a(self): pass\n    def b(self): pass",
        "class f:\n    def b(self): pass\n    def a(self): pass",
    ),
    "caches in a class": (
        "import copyreg, enum\nclass f(enum.Flag):\n    A = 1\n    B = 2",
        "import copyreg, enum\nclass f(enum.Flag):\n    A = 1\n    B = 2\nf.A | f.B\ncopyreg._slotnames(f)",
    ),
}

DIFFERENT = {
    "body": ("def f(x): return x", "def f(x): return -x"),
    "constant": ("def f(): return 1", "def f(): return True"),
    "lambda": ("f = lambda x: x", "f = lambda x: x + 1"),
    "lambda among lambdas": ("f, g = lambda: 1, lambda: 2", "g, f = lambda: 1, lambda: 2"),
    "lambda in a lambda": ("f = lambda: lambda: 1", "f = (lambda: lambda: 1)()"),
    "default": ("N = 3\ndef f(x=N): return x", "N = 4\ndef f(x=N): return x"),
    "changed default": ("def f(x=[]): return x", "def f(x=[]): return x\nf.__defaults__[0].append(1)"),
    "keyword default": ("N = 3\ndef f(*, x=N): return x", "N = 4\ndef f(*, x=N): return x"),
    "annotation": ("def f(x: int): return x", "def f(x: float): return x"),
    "value of an annotation": ("T = int\ndef f(x: T): return x", "T = str\ndef f(x: T): return x"),
    "value of an annotation that is no type": ("N = 3\ndef f(x) -> N: pass", "N = 4\ndef f(x) -> N: pass"),
    "closure": ("def make(n):\n    return lambda: n\nf = make(2)", "def make(n):\n    return lambda: n\nf = make(3)"),
    "attribute": ("def f(): pass\nf.note = 1", "def f(): pass\nf.note = 2"),
    "decorator": (
        "def d(g):\n    return lambda: g() + 1\n@d\ndef f(): return 1",
        "def d(g):\n    return lambda: g() + 2\n@d\ndef f(): return 1",
    ),
    "decorated": (
        "def d(g):\n    return lambda: g() + 1\n@d\ndef f(): return 1",
        "def d(g):\n    return lambda: g() + 1\n@d\ndef f(): return 2",
    ),
    "context manager": (
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 1",
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 2",
    ),
    "cached": (
        "import functools\n@functools.lru_cache\ndef f(x):\n    return x",
        "import functools\n@functools.lru_cache\ndef f(x):\n    return -x",
    ),
    "attribute that is read": ("f = lambda x: x.a", "f = lambda x: x.b"),
    "name that is read": ("f = lambda: a", "f = lambda: b"),
    "keyword-only argument": ("f = lambda x, y: x", "f = lambda x, *, y: x"),
    "size of a cache": (
        "import functools\n@functools.lru_cache(1)\ndef f(x):\n    return x",
        "import functools\n@functools.lru_cache(2)\ndef f(x):\n    return x",
    ),
    "argument of partial": (
        "import functools\nf = functools.partial(print, 1)",
        "import functools\nf = functools.partial(print, 2)",
    ),
    "overload of singledispatch": (SINGLE.format(1), SINGLE.format(2)),
    "docstring that is read": (
        "def f():\n    'old'\n    return f.__doc__",
        "def f():\n    'new'\n    return f.__doc__",
    ),
    "docstring that a class reads": (
        "class f:\n    'old'\n    def g(self): return self.__doc__",
        "class f:\n    'new'\n    def g(self): return self.__doc__",
    ),
    "method": ("class f:\n    def g(self): return 1", "class f:\n    def g(self): return 2"),
    "base": (BASE.format(1) + "class f(Base): pass", BASE.format(2) + "class f(Base): pass"),
    "class attribute": ("N = 1\nclass f:\n    x = N", "N = 2\nclass f:\n    x = N"),
    "changed class attribute": ("class f:\n    x = []", "class f:\n    x = []\nf.x.append(1)"),
    "static method": (
        "class f:\n    @staticmethod\n    def g(): return 1",
        "class f:\n    @staticmethod\n    def g(): return 2",
    ),
    "kind of method": (
        "class f:\n    @staticmethod\n    def g(x): return 1",
        "class f:\n    @classmethod\n    def g(x): return 1",
    ),
    "property": (
        "class f:\n    @property\n    def g(self): return 1",
        "class f:\n    @property\n    def g(self): return 2",
    ),
    "cached property": (
        "import functools\nclass f:\n    @functools.cached_property\n    def g(self): return 1",
        "import functools\nclass f:\n    @functools.cached_property\n    def g(self): return 2",
    ),
    "field of a dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    x: int",
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    x: float",
    ),
    "default of a field": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    x: int = 1",
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    x: int = 2",
    ),
    "frozen dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass f:\n    x: int",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass f:\n    x: int",
    ),
    "named tuple": (
        "import collections\nf = collections.namedtuple('f', 'a b')",
        "import collections\nf = collections.namedtuple('f', 'a c')",
    ),
    "member of an enum": ("import enum\nclass f(enum.Enum):\n    A = 1", "import enum\nclass f(enum.Enum):\n    A = 2"),
    "bare annotation of a class": ("class f:\n    x: int", "class f:\n    x: str"),
    "metaclass": (
        "class M(type):\n    def g(cls): return 1\nclass f(metaclass=M): pass",
        "class M(type):\n    def g(cls): return 2\nclass f(metaclass=M): pass",
    ),
    "owner of a method": (
        "class C:\n    def __init__(self, x): self.x = x\n    def g(self): return self.x\nf = C(1).g",
        "class C:\n    def __init__(self, x): self.x = x\n    def g(self): return self.x\nf = C(2).g",
    ),
    "builtin": ("f = len", "f = sum"),
    "method of a builtin": ("f = [1].append", "f = [2].append"),
    "descriptor": ("f = str.upper", "f = str.lower"),
    "slot": ("f = (1).__add__", "f = (2).__add__"),
    "library": ("import math\nf = math.sin", "import math\nf = math.cos"),
    "made by a library": (
        "import dataclasses\nf = dataclasses.make_dataclass('D', ['a'])",
        "import dataclasses\nf = dataclasses.make_dataclass('D', ['b'])",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_equal_functions_have_one_digest(one, other):
    assert function_digest(run(one)["f"]) == function_digest(run(other, above=3)["f"])


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
@pytest.mark.parametrize("kept", [True, False], ids=["with source", "without source"])
def test_other_functions_have_another_digest(one, other, kept):
    assert function_digest(run(one, kept=kept)["f"]) != function_digest(run(other, kept=kept)["f"])


@pytest.mark.parametrize("source", [each for pair in (*SAME.values(), *DIFFERENT.values()) for each in pair])
def test_every_function_has_a_digest(source):
    assert not function_digest(run(source)["f"]).startswith("opaque")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes a module of the user's project, and imports it."""
    monkeypatch.syspath_prepend(tmp_path)
    names = []

    def write(source, name="phelps_project"):
        (tmp_path / f"{name}.py").write_text(source)
        names.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


def test_a_function_without_source_counts_by_its_code_object_wherever_it_stands():
    one = run("def f(x):\n    'old'\n    return x in {'a', 'b'}", kept=False)["f"]
    other = run("def f(x):\n    'new'\n    return x in {'a', 'b'}", kept=False, above=4)["f"]
    assert function_digest(one) == function_digest(other)


def test_an_annotation_that_can_not_be_shown_is_no_fault():
    hidden = "class X:\n    def __repr__(self): raise KeyError\n"
    made = run(hidden + "def f(x: list[X()]) -> 3: return x\nclass C:\n    x: list[X()]", kept=False)
    assert not function_digest(made["f"]).startswith("opaque")
    assert not function_digest(made["C"]).startswith("opaque")


def test_where_an_annotation_lies_in_memory_does_not_count():
    source = "from typing import Annotated\nclass X: pass\nkept = X()\ndef f(x: Annotated[int, kept]): return x"
    assert function_digest(run(source)["f"]) == function_digest(run(source)["f"])


def test_looking_at_odd_source_warns_of_nothing():
    with pytest.warns():
        function = run("def f(): return '\\d' is 1")["f"]
    assert code_part(function)


def test_a_source_that_is_not_the_functions_own_is_not_believed():
    one, other = run("def f(x): return x")["f"], run("def f(x): return x")["f"]
    path = other.__code__.co_filename
    linecache.cache[path] = (1, None, ["def f(x): return -x\n"], path)
    assert code_part(other) == code_part(run("def f(x): return x", kept=False)["f"]) != code_part(one)


def test_a_source_that_is_no_python_is_not_believed():
    function = run("def f(x): return x")["f"]
    path = function.__code__.co_filename
    linecache.cache[path] = (1, None, ["%magic\n"], path)
    assert code_part(function) == code_part(run("def f(x): return x", kept=False)["f"])


def test_a_rebuilt_function_keeps_the_digest_that_was_remembered():
    original = run("def f(x=[1]): return x")["f"]
    rebuilt = run("def f(x=[1]): return x", kept=False)["f"]
    remember(rebuilt.__code__, code_part(original))
    assert function_digest(rebuilt) == function_digest(original)


def test_a_rebuilt_function_with_another_default_is_another():
    original = run("def f(x=1): return x")["f"]
    rebuilt = run("def f(x=2): return x", kept=False)["f"]
    remember(rebuilt.__code__, code_part(original))
    assert function_digest(rebuilt) != function_digest(original)


def test_a_rebuilt_class_keeps_the_digest_that_was_remembered():
    original = run("class f:\n    def g(self): return 1")["f"]
    rebuilt = run("class f:\n    def g(self): return 1", kept=False)["f"]
    remember_class(rebuilt, function_digest(original))
    assert function_digest(rebuilt) == function_digest(original)


def test_a_rebuilt_class_that_is_changed_loses_the_digest_that_was_remembered():
    original = run("class f:\n    x = 1")["f"]
    rebuilt = run("class f:\n    x = 1", kept=False)["f"]
    remember_class(rebuilt, function_digest(original))
    rebuilt.x = 2
    assert function_digest(rebuilt) != function_digest(original)


def test_a_subclass_of_a_rebuilt_class_has_the_digest_it_has_elsewhere():
    original = run(BASE.format(1))["Base"]
    rebuilt = run(BASE.format(1), kept=False)["Base"]
    remember_class(rebuilt, function_digest(original))
    one = run("class f(Base): pass", Base=original)["f"]
    other = run("class f(Base): pass", Base=rebuilt)["f"]
    assert function_digest(one) == function_digest(other)


def test_what_was_remembered_goes_with_its_code():
    function = run("def f(): return 1", kept=False)["f"]
    remember(function.__code__, "0" * 32)
    again = function.__code__.replace()
    assert code_part(types.FunctionType(again, {"__name__": "__main__"})) != "0" * 32


def test_recursion_ends():
    source = "def make():\n    def f(n):\n        return n and f(n - 1)\n    return f\nf = make()"
    assert function_digest(run(source)["f"]) == function_digest(run(source)["f"])


def test_classes_that_refer_to_one_another_have_digests_of_their_own():
    source = "class f:\n    def g(self): return super().__repr__()\nclass B(f): x = {}\nf.other = B"
    one, other = run(source.format(1)), run(source.format(2))
    assert function_digest(one["f"]) != function_digest(other["f"])
    assert function_digest(one["f"]) == function_digest(run(source.format(1))["f"])
    assert function_digest(one["f"]) != function_digest(one["B"])


def test_a_variable_that_is_not_bound_yet_is_no_fault():
    source = "def make():\n    f = lambda: later\n    if 0: later = 1\n    return f\nf = make()"
    assert not function_digest(run(source)["f"]).startswith("opaque")


def test_a_function_over_an_open_file_is_opaque():
    source = "def make(file):\n    return lambda: file\nwith open('/dev/null') as file: f = make(file)"
    assert function_digest(run(source)["f"]).startswith("opaque-")


def test_a_function_of_a_library_counts_by_its_name():
    assert function_digest(json.dumps) != function_digest(json.loads)


def test_a_library_function_that_was_replaced_counts_by_its_code():
    replaced = types.FunctionType(json.dumps.__code__.replace(co_consts=(None, 7)), json.dumps.__globals__, "dumps")
    assert function_digest(replaced) != function_digest(json.dumps)


def test_code_of_the_project_counts_as_it_is_in_its_file_today(project, tmp_path):
    old = project("def f(x):\n    return x\n")
    before = function_digest(old.f)
    (tmp_path / "phelps_project.py").write_text("# a line more\ndef f(x):\n    return -x\n")
    assert function_digest(old.f) != before


def test_code_of_the_project_that_only_moved_is_the_same(project, tmp_path):
    module = project("class C:\n    def f(self):\n        return 1\n")
    before = function_digest(module.C)
    (tmp_path / "phelps_project.py").write_text("import os\n\nclass C:\n    def f(self):\n        return 1\n")
    assert function_digest(module.C) == before


def test_code_of_the_project_that_is_gone_counts_as_it_was(project, tmp_path):
    module = project("def f(x):\n    return x\n")
    (tmp_path / "phelps_project.py").write_text("x = 1\n")
    assert len(function_digest(module.f)) == 32


def test_a_lock_in_a_class_of_the_project_is_no_fault(project):
    module = project("import threading\nclass C:\n    lock = threading.Lock()\n")
    assert not function_digest(module.C).startswith("opaque")


def test_a_lock_in_a_class_of_the_notebook_makes_it_opaque():
    assert function_digest(run("import threading\nclass f:\n    lock = threading.Lock()")["f"]).startswith("opaque")


def test_digests_are_the_same_in_every_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import enum\n"
        "from phelps_jupyter.runtime.functions import function_digest\n"
        "def make(n):\n    def f(x, y={'a', 'b'}): return x in {'c', 'd', 'e'} or n\n    return f\n"
        "class C:\n    x = {'a', 'b', 'c'}\n    def f(self): return f\n"
        "class E(enum.Enum):\n    A = 'a'\n    B = 'b'\n"
        "print(function_digest(make(1)), function_digest(C), function_digest(E))\n"
    )
    found = {
        subprocess.run(
            [sys.executable, script],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert "opaque" not in found.pop()


READS = {
    "def f(): return a + len(b)": {"a", "b"},
    "def f(x): return [a for y in x if (lambda: b)()]": {"a", "b"},
    "def f():\n    def g(): return a\n    return g": {"a"},
    "def f(): return x.a": {"x"},
    "def f():\n    global a\n    a = b": {"b"},
    "def f():\n    import os\n    return os.sep": set(),
    "len = 3\ndef f(): return len(a)": {"a", "len"},
    "f = lambda: a": {"a"},
    "class f:\n    def g(self): return a\n    @property\n    def h(self): return b": {"a", "b"},
    "class f:\n    @staticmethod\n    def g(): return a\n    @classmethod\n    def h(cls): return b": {"a", "b"},
    "import functools\nclass f:\n    @functools.cached_property\n    def g(self): return a": {"a"},
    "class Base:\n    def g(self): return a\nclass f(Base):\n    def h(self): return b": {"a", "b"},
    "def f():\n    class C:\n        x = a\n        y = x\n    return C": {"a"},
    "import functools\n@functools.lru_cache\ndef f(): return a": {"a"},
    "import functools\ndef g(x): return a\nf = functools.partial(g, 1)": {"a"},
    "import contextlib\n@contextlib.contextmanager\ndef f(): yield a": {"a"},
    "def d(g):\n    def h(): return b(g())\n    return h\n@d\ndef f(): return a": {"a", "b"},
    "def f(x=lambda: a): return x": {"a"},
    "def f(*, x=lambda: a): return x": {"a"},
    "def make(steps):\n    return lambda: steps\nf = make([lambda: a, {'k': lambda: b}])": {"a", "b"},
    "def make(steps):\n    return lambda: steps\nf = make([lambda: a] * 2000)": set(),
    "class C:\n    def g(self): return a\nf = C().g": {"a"},
    "class C:\n    def __call__(self): return a\nf = C()": {"a"},
    "import json\nf = json.dumps": set(),
    "def make():\n    f = lambda: later\n    if 0: later = 1\n    return f\nf = make()": set(),
    "f = len": set(),
    "f = 3": set(),
    "def f():\n    " + "\n    ".join(f"x{i}" for i in range(300)): {f"x{i}" for i in range(300)},
}


@pytest.mark.parametrize(("source", "names"), READS.items())
def test_globals_that_are_read(source, names):
    assert global_reads(run(source)["f"]) == names


def test_what_the_notebook_defines_is_told_through_its_wrappers():
    made = run(
        "import functools, contextlib\ndef f(): yield\nclass C:\n    def g(self): pass\n"
        "every = [f, C, C().g, functools.partial(f), functools.lru_cache(f), contextlib.contextmanager(f)]\n"
        "every.append(staticmethod(f))"
    )
    assert all(is_notebook(each) for each in made["every"])


def test_what_others_define_is_not_the_notebooks():
    made = run("class C: pass\nc = C()")
    assert not any(is_notebook(each) for each in (math.sin, json.dumps, int, functools.partial(len), 3, made["c"]))


def test_reading_docstrings_is_told():
    made = run("def f(): return f.__doc__\ndef g(): return 1\ndef h(): return getattr(g, '__doc__')")
    assert [reads_docstrings(made[name]) for name in "fgh"] == [True, False, True]
