"""What a cell reads, binds and changes, by its text alone."""

from __future__ import annotations

import ast

import pytest

from phelps_jupyter.core.bindings import analyse, summed_up, survey
from phelps_jupyter.core.model import Bindings, Digest
from phelps_jupyter.core.providers import is_implicit


def words(text: str) -> set[str]:
    return set(text.split())


def reads_of(found: Bindings) -> set[str]:
    """What it reads, bar builtins and IPython's own names."""
    return {name for name in found.reads if not is_implicit(name)}


# source, reads, writes
NAMES = [
    ("a = 1", "", "a"),
    ("b = a + 1\nprint(b)", "a", "b"),
    ("a, (b, *c) = d", "d", "a b c"),
    ("[a, b] = 1, 2", "", "a b"),
    ("a, b = b, a", "a b", "a b"),
    ("a, *b = c, d, e", "c d e", "a b"),
    ("a = b = c", "c", "a b"),
    ("x: int", "", ""),
    ("x: kind = y", "kind y", "x"),
    ("x.a: kind", "kind x", ""),
    ("from __future__ import annotations\nx: kind = y\ndef f(a: other): ...", "y", "x f"),
    ("x += 1", "x", "x"),
    ("x = 1\nx += y", "y", "x"),
    ("x[i] += 1", "i x", ""),
    ("squares = [x * x for x in xs]", "xs", "squares"),
    ("y = {k: v for k, v in d.items() if k > low}", "d low", "y"),
    ("y = [a for a in xs for b in a if b]", "xs", "y"),
    ("x = [x for x in x]", "x", "x"),
    ("y = [(last := v) for v in xs]", "last xs", "last y"),
    ("last = 0\ny = [(last := v) for v in xs]", "xs", "last y"),
    ("if (n := f(x)) > 1:\n    print(n)", "f x", "n"),
    ("y = sum(v for v in xs)", "xs", "y"),
    ("import os.path", "", "os"),
    ("import a.b as c", "", "c"),
    ("from m import a, b as c", "", "a c"),
    ("def f(x):\n    return x + n", "", "f"),
    ("def f(x, k=d): return k", "d", "f"),
    ("def f(*, j, k=d):\n    return\nf()", "d", "f"),
    ("def f(x: kind, *, k=None) -> other: ...", "kind other", "f"),
    ("@deco\ndef f(): ...", "deco", "f"),
    ("def f(x):\n    return x + n\nf(1)", "n", "f"),
    ("def f(): return g()\ndef g(): return n\nf()", "n", "f g"),
    ("def f(): return g()\ndef g(): return f()\nf()", "", "f g"),
    ("def f(x): return n\nys = list(map(f, xs))", "n xs", "f ys"),
    ("n = 2\ndef f(x): return n\nf(1)", "", "f n"),
    ("f = lambda x: x + n", "", "f"),
    ("f = lambda x: x + n\nf(1)", "n", "f"),
    ("f = g = lambda x=d: x", "d", "f g"),
    ("ys = map(lambda x: x + n, xs)", "n xs", "ys"),
    ("y = [lambda: x + n for x in xs]", "n xs", "y"),
    ("f, g = lambda: n, 2", "", "f g"),
    ("async def f():\n    async with a as b:\n        async for c in b: await c\n", "", "f"),
    ("x = await f(y)", "f y", "x"),
    ("def tick():\n n = 0\n def inc():\n  nonlocal n\n  n += 1\n return inc\ntick()()", "", "tick"),
    ("class A(B, metaclass=M):\n    size = 5\n    def get(self): return size", "B M", "A"),
    ("class A(b.B):\n    x = y\n    z = x\n    def f(self): return helper()\n    w = f(x)", "b helper y", "A"),
    ("class A:\n    def f(self): return n\nA().f()", "n", "A"),
    ("class A:\n    global g\n    g = 1", "", "A g"),
    ("class A:\n    ys = [n for x in xs]", "n xs", "A"),
    ("class A:\n    n = 5\n    ys = [n for x in range(2)]", "n", "A"),
    ("class A:\n    xs = [1]\n    ys = [x for x in xs]", "", "A"),
    ("with open(p) as f, lock:\n    text = f.read()", "lock p", "f text"),
    ("with a as (b, c.d): pass", "a c", "b"),
    ("f'{v:>{width}.2f} {w!r}'", "v w width", ""),
    ("print(rec.total, f(total=9))", "f rec", ""),
    ("f(*args, **kwargs)", "args f kwargs", ""),
    ("a if b else c", "a b c", ""),
    ("a and (b or not c) and -d", "a b c d", ""),
    ("x[a:b, ::c]", "a b c x", ""),
    ("{**a, b: c}", "a b c", ""),
    ("{a, *b}", "a b", ""),
    ("if False:\n    x = y", "", ""),
    ("if 0:\n    a\nelse:\n    b", "b", ""),
    ("if not 0:\n    a\nelse:\n    b", "a", ""),
    ("if not c:\n    a", "a c", ""),
    ("if False and a:\n    b", "", ""),
    ("if True or a:\n    b\nelse:\n    c", "b", ""),
    ("if True and not False:\n    a\nelse:\n    b", "a", ""),
    ("if a and False:\n    b", "a b", ""),
    ("x = False and a", "", "x"),
    ("a or True or b", "a", ""),
    ("a if False else b", "b", ""),
    ("a if 1 else b", "a", ""),
    ("while 0:\n    a\nelse:\n    b", "b", ""),
    ("if __name__ == '__main__':\n    x = y\nprint(x)", "y", "x"),
    ("if c:\n    v = 1\nelse:\n    v = 2\nprint(v)", "c", "v"),
    ("if c:\n    v = 1", "c v", "v"),
    ("if c:\n    raise E\nelse:\n    v = 1\nv", "E c", "v"),
    ("if c:\n    raise E\nelse:\n    raise F\nnever", "E F c", ""),
    ("for i in xs:\n    y = i", "i xs y", "i y"),
    ("for i in [1, 2]:\n    y = i\nprint(y)", "", "i y"),
    ("for i in range(3):\n    if c: continue\n    y = i", "c y", "i y"),
    ("for i in range(n):\n    pass", "i n", "i"),
    ("for i in (*xs,):\n    pass", "i xs", "i"),
    ("for c in 'abc':\n    break\nelse:\n    d = 1", "d", "c d"),
    ("for i in 3:\n    pass", "i", "i"),
    ("for i in [1]:\n    raise E", "E i", "i"),
    ("for i in xs:\n    pass\nelse:\n    y = 1", "i xs", "i y"),
    ("for x.a in xs:\n    pass", "x xs", ""),
    ("while c:\n    x = 1", "c x", "x"),
    ("while True:\n    x = f()\n    if x: break\n    y = x\nprint(x)", "f y", "x y"),
    ("while True:\n    f()\nnever", "f", ""),
    ("try:\n    import a\nexcept ImportError:\n    a = None", "", "a"),
    ("try:\n    a = f()\nexcept:\n    raise\nelse:\n    b = a\nfinally:\n    c = 1", "f", "a b c"),
    ("try:\n    a = f()\nfinally:\n    c = 1", "f", "a c"),
    ("try:\n    a = f()\nexcept E as e:\n    print(e)", "E a e f", "a"),
    ("e = 1\ntry:\n    f()\nexcept (E, F) as e:\n    pass", "E F e f", "e"),
    ("try:\n    f()\nexcept* E:\n    pass", "E f", ""),
    ("match p:\n case [x, *z]: y = 1\n case {'k': v, **w}: y = 2\n case _: y = 3", "p v w x z", "v w x y z"),
    ("match p:\n    case Point(x=0) | m.Q() if c: y = 1\n    case K.A: y = 2", "K Point c m p y", "y"),
    ("match p:\n    case {'k': 1}: y = 1\n    case (1 | b): y = 2", "b p", "b y"),
    ("match p:\n    case int() as n: y = 1\n    case all: y = 2", "n p", "all n y"),
    ("match p:\n    case 1 | 2: y = 1", "p y", "y"),
    ("del x", "x", ""),
    ("x = 1\ndel x", "", ""),
    ("x = 1\ndel (x, y), z[0]", "y z", ""),
    ("x = 1\ndel x\nprint(x)", "", ""),
    ("x = 1\ndel x\nx = 2", "", "x"),
    ("return x\nnever", "x", ""),
    ("break", "", ""),
    ("continue", "", ""),
    ("assert a, b", "a b", ""),
    ("raise A from b", "A b", ""),
    ("global x\nx = 1", "", "x"),
    ("def setcfg(v):\n    global cfg\n    cfg = v\nsetcfg(1)\nprint(cfg)", "cfg", "cfg setcfg"),
    ("def f():\n    global x\n    del x\nf()", "x", "f x"),
    ("eval('a + 1')", "a", ""),
    ("eval(' a ', globals())", "a", ""),
    ("eval('a +')", "", ""),
    ("eval(text, {})", "text", ""),
    ("exec('z = a')\nprint(z)", "a", "z"),
    ("exec('x = 1', ns)", "ns", ""),
    ("eval = f\neval(x)", "f x", "eval"),
    ("'{a} {b.c:{w}} {0} {}'.format(x, **locals())", "a b w x", ""),
    ("'{a} {b}'.format(b=c, **globals())", "a c", ""),
    ("'{a'.format(**locals())", "", ""),
    ("'{a}'.format(a=b)", "b", ""),
    ("text.format(a)", "a text", ""),
    ("'hi {who}'.format_map(vars())", "who", ""),
    ("'hi {who}'.format_map(d)", "d", ""),
    ("text.format_map(d)", "d text", ""),
    ("'%(who)s' % locals()", "who", ""),
    ("'%s' % who", "who", ""),
    ("3 % locals", "", ""),
    ("globals()['z'] = 1", "", "z"),
    ("get_ipython().user_ns['z'] = 1", "", "z"),
    ("print(get_ipython().user_ns['z'])", "z", ""),
    ("get_ipython().push({'z': a})", "a", "z"),
    ("get_ipython().ev('a + 1')", "a", ""),
    ("get_ipython().ex('z = a')", "a", "z"),
    ("stack.push({'z': a})\nstack.ev('b')", "a stack", ""),
    ("globals()['z'] += a", "a z", "z"),
    ("globals()['z'] += 1\nprint(z)", "z", "z"),
    ("globals()[k] += 1", "k", ""),
    ("print(globals()['z'])", "z", ""),
    ("del globals()['z']", "z", ""),
    ("globals().update(a=1, b=c)", "c", "a b"),
    ("d.update(a=1)", "d", ""),
    ("globals().get('z', d)", "d z", ""),
    ("d.get('z')", "d", ""),
    ("d.get()", "d", ""),
    ("'z' in d", "d", ""),
    ("a < b < c", "a b c", ""),
    ("'a' < 'b' < c", "c", ""),
    ("'a' in {} in c", "c", ""),
    ("df.query('x > @low and name != \"@no\"')", "df low", ""),
    ("df.query(f'x > @low and y > {high}')", "df high low", ""),
    ("df.query(text)", "df text", ""),
    ("text = 'x > @low'\ndf.query(text)", "df", "text"),
    ("df.query(inplace=False, expr='x > @low')", "df low", ""),
    ("pd.eval(expr='a + @b')", "a b pd", ""),
    ("df.query()", "df", ""),
    ("pd.eval('a + @b')", "a b pd", ""),
    ("pd.eval('a +')", "pd", ""),
    ("setattr(x, 'a', y)", "x y", ""),
    ("np.add(a, b, out=c)", "a b c np", ""),
    ("get_ipython().run_line_magic(name, '')", "name", ""),
    ("vars(x), dir(y)", "x y", ""),
    ("(lambda *a, k=d, **b: (a, b, c))()", "c d", ""),
    ("x = yield_from(y)\nobj.f = x", "obj y yield_from", "x"),
    ("'\\d'", "", ""),
    (" + ".join(["a"] * 2000), "a", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reads", "writes"), NAMES)
def test_names_read_and_bound(source: str, reads: str, writes: str) -> None:
    found = analyse(source)
    assert found.error is None
    assert [reads_of(found), found.writes] == [words(reads), words(writes)]


@pytest.mark.parametrize("use", ["df.query(q)", "def f(): return df.query(q)\nf()"])
def test_a_text_that_is_used_may_mean_names(use: str) -> None:
    assert analyse(f"q = 'x > @low and y > @q'\n{use}").meant == {"low"}
    assert analyse("q = 'x > @low'").meant == set()


# source, optional, passed
OPTIONAL = [
    ("a", "", ""),
    ("if c:\n    x = 1", "x", "x"),
    ("if c:\n    x = 1\nprint(x)", "x", ""),
    ("print(x)\nif c:\n    x = 1\nprint(x)", "x", ""),
    ("if c:\n    x = 1\nx = 2", "", ""),
    ("if c:\n    del x", "x", ""),
    ("try:\n    x\nexcept NameError:\n    x = 1", "x", ""),
    ("try:\n    x\nexcept (E, Exception):\n    y = 1", "x y", "y"),
    ("try:\n    x\nexcept E:\n    y = 1", "y", "y"),
    ("try:\n    x\nexcept:\n    pass\nx", "", ""),
    ("if 'x' not in globals():\n    x = 1", "x", ""),
    ("'x' in dir()", "x", ""),
    ("use(f'{globals().get(\"x\")}')", "x", ""),
    ("def f(): return n\nregister(f)\nn = 1", "n", ""),
    ("def f(): return n\nregister(f)\nprint(n)\nn = 1", "", ""),
    ("try:\n    n\nexcept NameError: pass\ndef f(): return n\nf()", "", ""),
    ("try:\n    f()\nexcept E as e:\n    pass", "e", "e"),
    ("try:\n    f()\nexcept E as e:\n    pass\nprint(e)", "e", ""),
    ("print(x)\nx = 1 if a else (x := 2)", "", ""),
]


@pytest.mark.parametrize(("source", "optional", "passed"), OPTIONAL)
def test_reads_that_may_find_nothing(source: str, optional: str, passed: str) -> None:
    found = analyse(source)
    loaded = {name for name in found.passed if name not in found.lines}
    assert found.passed == loaded == words(passed)
    assert found.optional <= found.reads
    if "print(x)\n" not in source:
        assert found.optional == words(optional)


# source, deletes
DELETES = [
    ("del x", "x"),
    ("x = 1\ndel x", "x"),
    ("del x\nx = 1", ""),
    ("if c:\n    del x", ""),
]


@pytest.mark.parametrize(("source", "deletes"), DELETES)
def test_names_that_are_gone_at_the_end(source: str, deletes: str) -> None:
    assert analyse(source).deletes == words(deletes)


# source, fleeting
FLEETING = [
    ("if c:\n    del x", "x"),
    ("if c:\n    del x\ndel x", ""),
    ("if c:\n    del x\nx = 1", ""),
    ("x = 1\nif c:\n    del x", "x"),
    ("for i in y:\n    del d[i], x", "x"),
    ("try:\n    f()\nexcept E as e:\n    pass", "e"),
    ("try:\n    f()\nexcept E as e:\n    pass\ne = 1", ""),
]


@pytest.mark.parametrize(("source", "fleeting"), FLEETING)
def test_names_that_may_be_gone_at_the_end(source: str, fleeting: str) -> None:
    assert analyse(source).fleeting == words(fleeting)


# source, aliases
ALIASES: list[tuple[str, dict[str, set[str]]]] = [
    ("b = a", {"b": {"a"}}),
    ("b = a + 1", {}),
    ("b = a.copy()", {}),
    ("b = a[0]", {}),
    ("b = c = [1]", {"b": {"#1"}, "c": {"#1"}}),
    ("b = (c := [1])", {"b": {"#1"}, "c": {"#1"}}),
    ("b = c = a", {"b": {"a"}, "c": {"a"}}),
    ("b = c = 1", {}),
    ("b = c = f()\nc = 1", {}),
    ("b = a\nb = 1", {}),
    ("a = []\nb = a", {"a": {"#1"}, "b": {"#1"}}),
    ("a = []\nb = a\na = 1", {}),
    ("a = []\nb = a\nc = a\nb = 1", {"a": {"#1"}, "c": {"#1"}}),
    ("b = a\na = 1", {"b": {"a"}}),
    ("def f():\n    b = a", {}),
]


@pytest.mark.parametrize(("source", "aliases"), ALIASES)
def test_names_of_one_object(source: str, aliases: dict[str, set[str]]) -> None:
    assert analyse(source).aliases == aliases


# source
EVERYTHING = [
    "eval(s)",
    "exec(s)",
    "globals()",
    "f(**locals())",
    "vars()",
    "dir()",
    "exec(s, globals())",
    "eval(f'{s}')",
    "g = globals",
    "f(locals)",
    "def f(): return f(globals)\nf()",
]
NOT_EVERYTHING = [
    "def f(globals): return g(globals)\nf(1)",
    "def f(): return g(locals)\nf()",
    "eval('a')",
    "vars(x)",
    "dir(x)",
    "def f(): return locals()",
    "def f(): return eval(s)",
    "x.eval(s)",
]


@pytest.mark.parametrize("source", EVERYTHING)
def test_a_text_that_is_no_literal_may_read_everything(source: str) -> None:
    assert analyse(source).reads_everything


@pytest.mark.parametrize("source", NOT_EVERYTHING)
def test_a_literal_reads_what_it_says(source: str) -> None:
    assert not analyse(source).reads_everything


def test_a_called_function_reads_everything_for_its_caller() -> None:
    assert analyse("def f(): return eval(s)\nf()").reads_everything


UNKNOWN = [
    "from m import *",
    "%run x.py",
    "exec(s)",
    "globals()[k] = 1",
    "globals().update(d)",
    "globals().update(**d)",
    "get_ipython().push(d)",
    "get_ipython().ex(text)",
    "x =",
]


@pytest.mark.parametrize("source", UNKNOWN)
def test_some_cells_bind_names_nobody_knows(source: str) -> None:
    assert analyse(source).binds_unknown


def test_imports_and_definitions_are_told_apart_from_data() -> None:
    found = analyse("import a, b\nb = 1\ndef f(): ...\nclass C: ...\ng = lambda: 1\nf2 = f\nC = 1")
    assert [found.imports, found.definitions] == [{"a"}, {"f", "g"}]


def test_attributes_say_what_of_a_name_is_used() -> None:
    found = analyse("import own\nown.f()\nnp.sin(np.pi)\npd.x\ng(pd)")
    assert found.attributes == {"own": {"f"}, "np": {"sin", "pi"}, "pd": None, "g": None}


def test_an_attribute_that_a_literal_asks_for_is_used() -> None:
    found = analyse("getattr(m, 'f')()\nhasattr(m, 'g')\ngetattr(n, name)\ngetattr(n.m, 'f')\ngetattr(k, 1)")
    assert found.attributes["m"] == {"f", "g"}
    assert found.attributes["n"] is found.attributes["k"] is None


def test_lines_say_where_a_name_is_read_first() -> None:
    found = analyse("x = 1\ny = a\n\neval('b')\ndef f():\n    return c\nf()\na")
    assert {name: found.lines[name] for name in "abc"} == {"a": 2, "b": 4, "c": 6}


ERRORS = [
    ("x = (", 1),
    ("a = 1\nb = = 2", 2),
    ("%time x\nb = = 2", 2),
    ("a\0b", None),
    ("a = '\ud800'", None),
    ("not " * 3000 + "a", None),
]


@pytest.mark.parametrize(("source", "line"), ERRORS)
def test_a_cell_that_cant_be_parsed_says_so_and_where(source: str, line: int | None) -> None:
    found = analyse(source)
    assert found.error is not None
    assert found.error_line == line
    assert line is None or f"(line {line})" in found.error


def test_broken_cells_differ_by_their_text() -> None:
    assert analyse("x = (").code != analyse("y = (").code


def test_comments_are_no_code_and_a_hiding_semicolon_is() -> None:
    assert analyse("x").code == analyse("x  # c").code
    assert analyse("x").code != analyse("x;").code


class TemplateStr(ast.AST):
    """As in Python 3.14."""

    _fields = ("values", "text")

    def __init__(self, **fields: object) -> None:
        super().__init__(**fields)


def test_a_node_that_this_python_does_not_have_is_looked_through() -> None:
    tree = ast.parse("")
    names = [ast.Name(name, ast.Load(), lineno=1) for name in "ab"]
    tree.body = [ast.Expr(TemplateStr(values=[names[0], "text"], text=names[1]))]  # type: ignore[arg-type]  # 3.14
    assert summed_up(survey(tree), Digest("")).reads == {"a", "b"}


class TypeAlias(ast.AST):
    """As in Python 3.12."""

    _fields = ("name", "type_params", "value")

    def __init__(self, **fields: object) -> None:
        super().__init__(**fields)


class TypeVar(ast.AST):
    """As in Python 3.12."""

    _fields = ("name", "bound")

    def __init__(self, **fields: object) -> None:
        super().__init__(**fields)


def test_type_parameters_are_names_of_their_definition_alone() -> None:
    tree = ast.parse("def f(x: T) -> Out: ...\nclass A(B[T]):\n    def m(self) -> T: ...")
    for statement in tree.body:
        parameter = TypeVar(name="T", bound=ast.Name("Base", ast.Load(), lineno=1))
        statement.type_params = [parameter]  # type: ignore[attr-defined]  # Python 3.12 has it
    found = summed_up(survey(tree), Digest(""))
    assert [found.reads, found.writes] == [{"Out", "Base", "B"}, {"f", "A"}]


def test_a_type_alias_binds_its_name() -> None:
    tree = ast.parse("")
    value = ast.Name("Other", ast.Load(), lineno=1)
    name = ast.Name("Alias", ast.Store(), lineno=1)
    tree.body = [TypeAlias(name=name, type_params=[], value=value)]  # type: ignore[list-item]  # a statement in 3.12
    found = summed_up(survey(tree), Digest(""))
    assert [found.reads, found.writes, found.definitions] == [{"Other"}, {"Alias"}, {"Alias"}]
