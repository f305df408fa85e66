"""Which edits of a cell count."""

from __future__ import annotations

import ast

import pytest

from phelps_jupyter.runtime.syntax import code_digest

DOCUMENTED = 'def f():\n    """{}"""\n    return 1'
READ = DOCUMENTED + "\nprint(f.__doc__)"

SAME = [
    ("x=1", "x = 1"),
    ("x = 1", "# why\nx = 1  # because\n\n"),
    ("x = 1", "x = (1)"),
    ("x = 'a'", 'x = "a"'),
    ("x = 'a'", "x = u'a'"),
    ("x = 'ab'", "x = 'a' 'b'"),
    ("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
    ("f(\n  1,\n)", "f(1)"),
    ("x = 16", "x = 0x10"),
    ("x = 1; y = 2", "x = 1\ny = 2"),
    ("x = 1;", "x = 1"),
    ("x = 1  # type: int", "x = 1"),
    ("f(1)  # ;", "f(1)"),
    ("'a;'", '"a;"'),
    (DOCUMENTED.format("old"), DOCUMENTED.format("new")),
    (DOCUMENTED.format("old"), "def f():\n    return 1"),
    ("class C:\n    'old'\n    x = 1", "class C:\n    x = 1"),
    ("class C:\n    'only'", "class C:\n    pass"),
    ("async def f():\n    'old'\n    await g()", "async def f():\n    await g()"),
    ("x = await g()", "x = await  g()"),
    ("", "# nothing"),
    ("x = 1", "'about'\nx = 1"),
    ("x = 1\nx", "x = 1\n'about'\n1\n...\nx"),
    ("if x:\n    y\nelse:\n    z", "if x:\n    'a'\n    y\nelse:\n    'b'\n    z"),
    ("try:\n    x\nfinally:\n    y", "try:\n    'a'\n    x\nfinally:\n    y\n    'b'"),
    ("def f():\n    x = 1\n    return x", "def f():\n    x = 1\n    'why'\n    return x"),
]

DIFFERENT = [
    ("x = 1", "x = 1\n'shown'"),
    ("x = 1\n'shown'", "x = 1\n'other'"),
    ("print(__doc__)", "'about'\nprint(__doc__)"),
    ("if x:\n    ...\nelse:\n    y", "if x:\n    y"),
    ("x = 1", "x = 2"),
    ("x = 1", "x = True"),
    ("x = 1", "x = 1.0"),
    ("x = 1", "x = '1'"),
    ("x = 1", "x = 1j"),
    ("x = 0.0", "x = -0.0"),
    ("x = b''", "x = ''"),
    ("x = None", "x = ..."),
    ("x = None", "x = False"),
    ("x = 0", "x = None"),
    ("x = ''", "x = None"),
    ("return_ = 'a', 'bc'", "return_ = 'ab', 'c'"),
    ("f(a, b)", "f(b, a)"),
    ("f(a, b)", "f(a, b=b)"),
    ("f(*a)", "f(**a)"),
    ("f(a)", "f(a,)[0]"),
    ("[a, b]", "(a, b)"),
    ("[[a], b]", "[a, [b]]"),
    ("a < b", "a <= b"),
    ("a and b", "a or b"),
    ("a - (b - c)", "a - b - c"),
    ("x = 1", "y = 1"),
    ("x: int = 1", "x = 1"),
    ("def f(a, b): pass", "def f(b, a): pass"),
    ("def f(a=1): pass", "def f(a=2): pass"),
    ("def f(a, /): pass", "def f(a): pass"),
    ("def f(*, a): pass", "def f(a): pass"),
    ("def f(*, a=1, b): pass", "def f(*, a, b=1): pass"),
    ("def f(): pass", "async def f(): pass"),
    ("def f():\n    x = 1\n    return x", "def f():\n    y = 1\n    return y"),
    ("@d\ndef f(): pass", "def f(): pass"),
    ("lambda: 1", "lambda: 2"),
    ("{**a}", "{a: a}"),
    ("{**a, b: c}", "{b: c, **a}"),
    ("f'{x}'", "f'{x!r}'"),
    ("f'{x:3}'", "f'{x:4}'"),
    ("import a", "import a as b"),
    ("from . import a", "from .. import a"),
    ("if x:\n    y\nz", "if x:\n    y\n    z"),
    ("if x:\n    y\nelse:\n    z", "if x:\n    y\nif z:\n    z"),
    ("for x in y:\n    z", "while y:\n    z"),
    ("match x:\n    case 1:\n        pass", "match x:\n    case None:\n        pass"),
    ("global x", "nonlocal_ = x"),
    ("x[1:2]", "x[1:]"),
    ("x[:1]", "x[1:]"),
    ("f(1)", "f(1);"),
    ("f(1)", "f(1) ; # hushed"),
    ("f(1)", "f(1) \\\n;\n"),
    ("'é'", "'é';"),
    ("'shown when last'", "'displayed when last'"),
    ("x = 0x" + "f" * 5000, "x = 0x" + "f" * 4999 + "e"),
    ("x = '\\ud800'", "x = '\\ud801'"),
    (READ.format("old"), READ.format("new")),
    ("def f():\n    'old'\nx = getattr(f, '__doc__')", "def f():\n    'new'\nx = getattr(f, '__doc__')"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_code_has_one_digest(one, other):
    assert code_digest(one) == code_digest(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_code_has_another_digest(one, other):
    assert code_digest(one) != code_digest(other)


def test_a_tree_has_the_digest_of_its_source():
    assert code_digest(ast.parse("x = f(1)")) == code_digest("x = f(1)")


def test_a_digest_is_32_hex_digits():
    assert len(code_digest("x")) == len(f"{int(code_digest('x'), 16):032x}") == 32


def test_digests_do_not_depend_on_the_version_of_python():
    assert code_digest("def f(x, *, y=1):\n    return f'{x!r}' + b'', [z async for z in y]") == (
        "6ee10815e3a12c97bc3d0f9d06a83931"
    )


def test_looking_at_an_odd_escape_warns_of_nothing():
    assert code_digest(r"x = '\d'") == code_digest(r"x = '\\d'")


def test_syntax_errors_are_those_of_python():
    with pytest.raises(SyntaxError):
        code_digest("%matplotlib inline")


def test_a_sum_of_a_thousand_terms_has_a_digest():
    assert code_digest("x = " + "+".join(["a"] * 1000)) != code_digest("x = " + "+".join(["a"] * 1001))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (2, 1)),
        (frozenset({1}), frozenset({2})),
        ((1,), frozenset({1})),
        (float("nan"), 0.0),
        (1j, -1j),
        ("a", b"a"),
    ],
)
def test_constants_of_optimised_trees_count(one, other):
    assert code_digest(ast.Constant(one)) != code_digest(ast.Constant(other))
