"""What a cell's functions, classes and lambdas do when they are used."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse


def words(text: str) -> set[str]:
    return set(text.split())


# source, name, what its functions read
DEFERRED = [
    ("def f(x):\n    return x + n", "f", "n"),
    ("def f(x):\n    n = 1\n    return x + n", "f", ""),
    ("def f(x):\n    return [n for n in x]", "f", ""),
    ("def f(x):\n    def g(): return x + n\n    return g", "f", "n"),
    ("def f(x):\n    return lambda: x + n", "f", "n"),
    ("def f(x):\n    class A(B):\n        def m(self): return x + n\n    return A", "f", "B n"),
    ("def f(x):\n    global n\n    n += 1", "f", "n"),
    ("def f():\n    try:\n        pass\n    except E as e:\n        print(e)", "f", "E print"),
    ("def f():\n    return eval(text)", "f", "* eval text"),
    ("def f():\n    return globals()", "f", "* globals"),
    ("def f():\n    return locals()", "f", "locals"),
    ("def f():\n    globals()['z'] = 1", "f", ""),
    ("def f(x=d): return n", "f", "n"),
    ("q = 'x > @low and name != \"@no\"'", "q", "@low"),
    ("q = f'x > @low and y > {high}'", "q", "@low"),
    ("q = 'x > @low' + ' and ' + rest + ' < @high'", "q", "@high @low"),
    ("q = {'a': 'x > @low' if strict else 'x > 1'}\nr = q", "r", "@low"),
    ("q = 'x > @low'\nq = 'x > 1'", "q", None),
    ("to = 'me@home.org'\nn = 1 + 2", "to", None),
    ("def f():\n    q = 'x > @low'", "f", ""),
    ("f = lambda x: x + n", "f", "n"),
    ("f = lambda x: x + n\nf = 1", "f", None),
    ("def f(): return n\ng = f", "g", "n"),
    ("def f(): return n\ng = partial(f, 2)", "g", "n"),
    ("def f(): return n\ng = functools.partial(f, 2)", "g", "n"),
    ("def f(): return n\ng = [1, (f, 2)]", "g", "n"),
    ("def f(): return n\ng = {'k': f}['k']", "g", "n"),
    ("def f(): return n\ng = f if c else None", "g", "n"),
    ("def f(): return n\ng = c or f", "g", "n"),
    ("def f(): return n\ng = [f for _ in xs]", "g", "n"),
    ("def f(): return n\ng = [h for h in [f]]", "g", "n"),
    ("def f(): return n\ng = {k: f for k in xs}", "g", "n"),
    ("def f(): return n\nif c:\n    def f(): return m", "f", "m n"),
    ("def f(): return n\nhooks = []\nhooks.append(f)", "hooks", "n"),
    ("def f(): return n\nhooks.append(f)", "hooks", "n"),
    ("def f(): return n\nd['k'] = f", "d", "n"),
    ("def f(): return n\nhooks += [f]", "hooks", "n"),
    ("def f(): return n\ng = f(1)", "g", None),
    ("def f(): return n\n(g := f)", "g", "n"),
    ("def f(): return n\nfor g in [f]: pass", "g", "n"),
    ("def make(k):\n    def inner(x): return x * k + n\n    return inner\ng = make(2)", "g", "n"),
    ("def make(k):\n    inner = lambda x: x * k + n\n    return inner, 1\ng = make(2)", "g", "n"),
    ("make = lambda k: lambda x: x * k + n\ng = make(2)", "g", "n"),
    ("class A:\n    def get(self): return size", "A", "size"),
    ("class A:\n    def get(self): return size\na = A()", "a", "size"),
    ("class A:\n    def get(self): return size\na = A.load()", "a", "size"),
    ("class A:\n    def get(self): return size\na = A().fit(x)", "a", "size"),
    ("class A:\n    def get(self): return size\na = tools.make(A)", "a", None),
    ("class A:\n    def get(self): return size\nwith A() as a: pass", "a", "size"),
    ("class A:\n    def get(self): return size\nclass B(A): pass", "B", "size"),
    ("def f(): return n\nclass A:\n    method = f", "A", "n"),
    ("def f(): return n\nt = Transformer(f)", "t", "n"),
    ("t = sk.Transformer(lambda: n)", "t", "n"),
    ("def deco(f):\n    def inner(): return f() + n\n    return inner\n@deco\ndef g(): return m", "g", "m n"),
    ("def deco(f):\n    def inner(): return f() + n\n    return inner\n@deco(1)\ndef g(): return m", "g", "m n"),
    ("def f(): return n\ndef g(h=f): return h()", "g", "n"),
    ("def f():\n    h = g\n    h()\ndef g(): return n", "f", "g"),
]


@pytest.mark.parametrize(("source", "name", "reads"), DEFERRED)
def test_what_functions_read_when_they_are_used(source: str, name: str, reads: str | None) -> None:
    assert analyse(source).deferred.get(name) == (None if reads is None else words(reads))


# source, name, names it holds functions of
HELD = [
    ("g = f", "g", "f"),
    ("g = f(2)", "g", "f()"),
    ("g = f(2)(3)", "g", None),
    ("g = len(x)", "g", None),
    ("g = partial(f, 2)", "g", "f partial()"),
    ("x.f = g", "x", "g"),
    ("xs.append(g)", "xs", "g"),
    ("def make(): return Box()", "make()", "Box()"),
    ("def make(Box): return Box()", "make()", None),
    ("if c:\n    g = f", "g", "f"),
    ("if c:\n    f = h\ng = f", "g", "f h"),
    ("class D(B): pass", "D", "B"),
    ("@deco\ndef f(): ...", "f", "deco()"),
    ("@deco()()\ndef f(): ...", "f", None),
    ("g = f\nh = g()", "h", "f()"),
    ("g = await f", "g", "f"),
    ("g, *h = (*f,)", "h", "f"),
    ("class A:\n    g = f\n    h = g", "A", "f"),
]


@pytest.mark.parametrize(("source", "name", "holds"), HELD)
def test_names_whose_functions_a_name_holds(source: str, name: str, holds: str | None) -> None:
    assert analyse(source).holds.get(name) == (None if holds is None else words(holds))


def test_what_calls_give_is_told_apart_from_what_functions_read() -> None:
    found = analyse("def make():\n    def inner(): return n\n    return inner\nclass A:\n    def f(self): return m")
    assert found.returned == {"make": {"n"}, "A": {"m"}}


def test_a_function_writes_what_it_binds_globally_and_what_it_changes() -> None:
    found = analyse("def f():\n    global a\n    a = 1\n    rows.append(2)\ndef g():\n    globals()['b'] = 1")
    assert found.deferred_writes == {"f": {"a", "rows"}, "g": {"b"}}


# source, calls
CALLS = [
    ("f(x)", "f x"),
    ("a.b.c(k=d)", "a d"),
    ("def f(): return g()\nf()", "g"),
    ("def f(): return g()", ""),
    ("g = f\ng(1)", "f"),
    ("g = lambda: 1\ng(1)", ""),
    ("[f(x) for x in xs]", "f xs"),
    ("class A:\n    x = f()", "f"),
]


@pytest.mark.parametrize(("source", "calls"), CALLS)
def test_names_that_are_called_or_handed_to_calls(source: str, calls: str) -> None:
    assert analyse(source).calls == words(calls)
