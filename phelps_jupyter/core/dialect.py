"""IPython's syntax, turned into Python of the same lines that binds and reads the same names. Needs no IPython.

The text of each magic stays in the code as a constant, so that a changed magic is changed code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from phelps_jupyter.core.texts import OPTIONAL

TIMED = "__timed__"
"""Stands for the function that ``%%timeit`` puts its cell into: what is bound there is bound nowhere else."""

_MAGIC_LINE = re.compile(r"^\s*[%!?]|=\s*[!%]|\?\s*;?\s*$", re.MULTILINE)
_ESCAPED = re.compile(r"(\s*)(%{1,2}|!{1,2}|\?{1,2})(.*)$", re.DOTALL)
_ASSIGNED = re.compile(r"(\s*[^\W\d][\w\s.,\[\]'\"]*?\s*=\s*)(%|!{1,2})(?!=)(.*)$", re.DOTALL)
_HELP = re.compile(r"(\s*)(%{0,2}[^\W\d][\w.*]*(?:\[[^\]]*\])*)\?{1,2}\s*;?\s*$")
_FIELD = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})|(?<!\$)\$\{?([^\W\d]\w*)")
_OPTION = re.compile(r"(--[\w-]+|-[a-zA-Z])(\S*)\s*")
_BOUND_BY_SCRIPT = re.compile(r"--(?:out|err|proc)[ =]([^\W\d]\w*)")
_TOKEN = re.compile(r"'''|\"\"\"|['\"]|#|[\[({]|[\])}]|\\.|\\$", re.DOTALL)

_CODE_MAGICS = {"time": "", "timeit": "nrp", "prun": "lsTD", "memit": "rtc", "snakeviz": "f", "pyinstrument": ""}
"""Magics whose argument is code -> their options that take a value."""
_CODE_CELLS = frozenset({*_CODE_MAGICS, "capture", "debug", "heat", "task"})
"""Cell magics whose cell is code of this notebook."""


def has_magics(source: str) -> bool:
    """Whether a line looks like IPython's syntax."""
    return _MAGIC_LINE.search(source) is not None


def to_python(source: str) -> str:
    """Python that does to names what the cell does."""
    lines = source.replace("\r\n", "\n").split("\n")
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if not lines[first].startswith("%%"):
        return "\n".join(_translated(lines))
    name, _, rest = lines[first][2:].strip().partition(" ")
    body = lines[first + 1 :]
    blank = [""] * first
    if name == "timeit":
        return "\n".join([*blank, *_timed(rest, body)])
    if name in _CODE_CELLS:
        head = "" if name == "task" else _cell_call(name, rest, "")
        return "\n".join([*blank, head, *_translated(body)])
    return "\n".join([*blank, _cell_call(name, rest, "\n".join(body))])


def _cell_call(name: str, rest: str, body: str) -> str:
    bound = _BOUND_BY_SCRIPT.findall(rest)
    if name == "capture":
        bound = [word for word in rest.split() if word.isidentifier()][:1]
    targets = "".join(f"{one} = " for one in bound)
    return f"{targets}get_ipython().run_cell_magic({name!r}, {rest!r}, {body!r}{_maybe(_interpolated(rest))})"


def _timed(rest: str, body: list[str]) -> Iterator[str]:
    names = _maybe(_names_in(_without_options("timeit", rest)))
    yield f"def {TIMED}(_=get_ipython().run_cell_magic('timeit', {rest!r}{names})):"
    for line in _translated(body):
        yield f" {line}"
    yield " pass"
    yield f"{TIMED}()"


def _translated(lines: list[str]) -> Iterator[str]:
    """Line by line; only where a statement begins can a magic stand."""
    open_at: list[str] = []
    rest = iter(lines)
    for line in rest:
        found = None if open_at else _magic_line(line)
        if found is None:
            _scan(line, open_at)
            yield line
            continue
        joined = 0
        while line.endswith("\\"):
            line = line[:-1] + next(rest, "")
            joined += 1
        yield _magic_line(line) or ""
        yield from [""] * joined


def _scan(line: str, open_at: list[str]) -> None:
    """Keep what is open at the end of the line: brackets, a quote, a backslash."""
    if open_at and open_at[-1] == "\\":
        open_at.pop()
    for token in _TOKEN.findall(line):
        inside = open_at[-1] if open_at and open_at[-1] in _QUOTES else ""
        if inside:
            if token == inside:
                open_at.pop()
        elif token == "#":
            break
        elif token in _QUOTES or token in "([{":
            open_at.append(token)
        elif token in ")]}" and open_at:
            open_at.pop()
        elif token == "\\":
            open_at.append(token)
    if open_at and open_at[-1] in ("'", '"') and not line.endswith("\\"):
        # A quote on one line only: a mistake that Python will tell.
        open_at.pop()


_QUOTES = ("'''", '"""', "'", '"')


def _magic_line(line: str) -> str | None:
    """The Python for a line in IPython's syntax; None for any other line."""
    escaped = _ESCAPED.match(line)
    if escaped is not None:
        indent, mark, rest = escaped.groups()
        return _help(indent, rest) if "?" in mark else indent + _statement(mark, rest)
    helped = _HELP.match(line)
    if helped is not None:
        return _help(helped[1], helped[2])
    assigned = _ASSIGNED.match(line)
    if assigned is not None:
        target, mark, rest = assigned.groups()
        return target + _call(mark, rest, assigned=True)[0]
    return None


def _statement(mark: str, rest: str) -> str:
    if mark[0] == "%" and rest.rstrip().endswith("?"):
        return _help("", f"%{rest.rstrip('? ')}")
    call, code = _call(mark, rest, assigned=False)
    return f"{call}; {code}" if code else call


def _help(indent: str, text: str) -> str:
    names = re.findall(r"^[^\W\d]\w*", text.strip())
    return f"{indent}get_ipython().run_line_magic('pinfo', {text.strip()!r}{_maybe(names)})"


def _call(mark: str, rest: str, *, assigned: bool) -> tuple[str, str]:
    """The call that stands for a magic, and the code that stands after it."""
    if mark[0] == "!":
        function = "getoutput" if assigned or mark == "!!" else "system"
        return f"get_ipython().{function}({rest!r}{_maybe(_interpolated(rest))})", ""
    name, _, argument = rest.strip().partition(" ")
    start = f"get_ipython().run_line_magic({name!r}, {argument!r}"
    if name not in _CODE_MAGICS:
        return f"{start}{_maybe(_interpolated(argument))})", ""
    code = _without_options(name, argument)
    if _parses(code, "eval"):
        return f"{start}, ({code}))", ""
    if name != "timeit" and not assigned and _parses(f"pass; {code}", "exec"):
        return f"{start})", code
    return f"{start}{_maybe(_names_in(code))})", ""


def _without_options(name: str, argument: str) -> str:
    text = argument.strip()
    while (found := _OPTION.match(text)) is not None:
        takes_value = found[1][1:] in _CODE_MAGICS[name] and not found[2]
        text = text[found.end() :]
        if takes_value:
            text = text.partition(" ")[2].lstrip()
    return text


def _parses(code: str, mode: str) -> bool:
    try:
        compile(code, "<magic>", mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _names_in(code: str) -> list[str]:
    """The names that code loads, bar those that it binds."""
    if not _parses(code, "exec"):
        return []
    names = [part for part in ast.walk(ast.parse(code)) if isinstance(part, ast.Name)]
    bound = {part.id for part in names if not isinstance(part.ctx, ast.Load)}
    return [part.id for part in names if part.id not in bound]


def _interpolated(text: str) -> list[str]:
    """The names that ``{expression}`` and ``$name`` stand for; IPython leaves the text alone where there are none."""
    found: list[str] = []
    for field, name in _FIELD.findall(text):
        found += [name] if name else _names_in(field)
    return found


def _maybe(names: list[str]) -> str:
    return f", {OPTIONAL}({', '.join(dict.fromkeys(names))})" if names else ""
