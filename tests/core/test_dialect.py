"""What cells in IPython's syntax do to names."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.dialect import to_python
from phelps_jupyter.core.model import Bindings
from phelps_jupyter.core.providers import is_implicit


def words(text: str) -> set[str]:
    return set(text.split())


def reads_of(found: Bindings) -> set[str]:
    """What it reads, bar builtins and IPython's own names."""
    return {name for name in found.reads if not is_implicit(name)}


# source, reads, writes
MAGICS = [
    ("%matplotlib inline", "", ""),
    ("%env A=$b", "b", ""),
    ("x = !ls {y} $z ${w} {{no}} $$no", "w y z", "x"),
    ("x = %sql select {y}", "y", "x"),
    ("if c:\n    !cp {a.b} {f(d)} {+}", "a c d f", ""),
    ("!!ls", "", ""),
    ("!ls \\\n  {a}\nb = c", "a c", "b"),
    ("!ls \\", "", ""),
    ("?df", "df", ""),
    ("??", "", ""),
    ("df.head??", "df", ""),
    ("%timeit?", "", ""),
    ("%%capture out --no-stderr\nx = y", "y", "out x"),
    ("%%capture --no-stderr\nx = y", "y", "x"),
    ("\n%%time\nx = y", "y", "x"),
    ("%%task fit --cpus 2\n%matplotlib inline\nx = y", "y", "x"),
    ("%%timeit -n 3 a = b\nx = a + c", "a b c", ""),
    ("%%bash --out x --err y\nls $z", "", "x y"),
    ("%%writefile {path}\nx = not python", "path", ""),
    ("%%unknown", "", ""),
    ("%time x = f(y)", "f y", "x"),
    ("%time --no-raise-error f(y)", "f y", ""),
    ("%timeit -n10 -r 3 f(x)", "f x", ""),
    ("%timeit x = f(y)", "f y", ""),
    ("%timeit for x in y: pass", "y", ""),
    ("x = %timeit -o f(y)", "f y", "x"),
    ("x = %time y = 1", "", "x"),
    ("%prun -q -T /dev/null g()", "g", ""),
    ("%time a b", "", ""),
    ("x = '''\n%not a magic\n'''\n%time y", "y", "x"),
    ("x = [  # it's\n  1,\n  'a]'\n]\n%time y", "y", "x"),
    ("x = 'a\\'b' + \\\n  y\n%time z", "y z", "x"),
    ("x = a \\\n%b\n", "a b", "x"),
    ("x = (a\n  % b)\n!ls", "a b", "x"),
    ('f"%s" % a\r\n%time b', "a b", ""),
    ("x = 'a # b'  # c\n%time b", "b", "x"),
]


@pytest.mark.parametrize(("source", "reads", "writes"), MAGICS)
def test_ipython_syntax(source: str, reads: str, writes: str) -> None:
    found = analyse(source)
    assert found.error is None
    assert [reads_of(found), found.writes] == [words(reads), words(writes)]


def test_a_quote_left_open_is_a_mistake_of_one_line() -> None:
    assert to_python("x = 'a\n%time y").splitlines()[1].startswith("get_ipython()")


def test_a_closing_bracket_too_many_is_pythons_to_tell() -> None:
    assert analyse(")\n%time y").error_line == 1


def test_a_magic_counts_as_code() -> None:
    assert len({analyse(source).code for source in ("%%bash\nls", "%%bash\nls -l", "!ls", "!ls -l")}) == 4
