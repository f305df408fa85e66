"""Whether functions and classes carry state that their use can change."""

from __future__ import annotations

import functools
import math
from types import ModuleType

import pytest

from phelps_jupyter.runtime.own_state import carries_state

WITHOUT = {
    "plain": """
def f(x, y=3, *, z='a'):
    return x + y
""",
    "tuple default": "def f(x, y=(1, (2, None))): ...",
    "recursive": """
def outer():
    def f(n):
        return f(n - 1)
    return f
f = outer()
""",
    "closed over": """
def outer(n):
    def f(x):
        return x + n
    return f
f = outer(3)
""",
    "wraps": """
def deco(g):
    @functools.wraps(g)
    def w(x):
        return g(x)
    return w
@deco
def f(x): ...
""",
    "of a library": "f = functools.reduce",
    "closes over a library": """
def outer(g):
    return lambda x: g(x)
f = outer(functools.wraps)
""",
    "empty cell": """
def outer():
    def f():
        return later
    if 0:
        later = 1
    return f
f = outer()
""",
    "own variable": """
def f():
    n = 0
    def inner():
        nonlocal n
        n += 1
    inner()
""",
    "class": """
class f:
    step = 1
    def m(self): ...
    @property
    def p(self): ...
    @staticmethod
    def s(): ...
""",
    "class, cached": """
class f(list):
    __slots__ = ('a',)
    @functools.cached_property
    def p(self): ...
""",
    "class of a library": "f = dict",
}
WITH = {
    "list default": "def f(x, y=[]): ...",
    "named default": "def f(x, *, y={}): ...",
    "attribute": """
def f(x): ...
f.calls = 0
""",
    "closed over a list": """
def outer(n):
    def f(x):
        return n
    return f
f = outer([])
""",
    "counter": """
def outer(n):
    def f():
        nonlocal n
        n += 1
    return f
f = outer(3)
""",
    "inner counter": """
def outer(n):
    def f():
        def g():
            nonlocal n
            n = 1
        g()
    return f
f = outer(1)
""",
    "wrapped": """
def deco(g):
    @functools.wraps(g)
    def w(x):
        return g(x)
    return w
@deco
def f(x, y=[]): ...
""",
    "class with a list": """
class f:
    made = []
""",
    "class with a default": """
class f:
    @classmethod
    def m(cls, seen=[]): ...
""",
}


def made(source: str) -> object:
    main = ModuleType("__main__")
    vars(main).update(functools=functools, math=math)
    exec(source, vars(main))
    return vars(main)["f"]


@pytest.mark.parametrize("source", WITHOUT.values(), ids=WITHOUT)
def test_ordinary_code_carries_none(source):
    assert not carries_state(made(source))


@pytest.mark.parametrize("source", WITH.values(), ids=WITH)
def test_what_a_use_can_change_is_state(source):
    assert carries_state(made(source))
