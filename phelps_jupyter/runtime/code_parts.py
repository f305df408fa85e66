"""The code of one live function as a digest: by the AST of its own source, or failing that by its code object.

Knows how to find a function's node in the source it was compiled from, and never trusts a node whose compiled code
differs from the function's. Refuses to know defaults, closures and globals: those are values.
"""

from __future__ import annotations

import ast
import copy
import functools
import linecache
import re
import sys
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import Any

import xxhash

from phelps_jupyter.runtime.homes import Home, home_of_function
from phelps_jupyter.runtime.remembered import Remembered
from phelps_jupyter.runtime.syntax import code_digest

_FUTURE_FLAGS = 0x1FE0000
"""``co_flags`` of the ``from __future__`` imports; the compiler takes them under the same numbers."""
_HAS_DOCSTRING = 0x4000000
_OPTIMIZED = 0x1

Def = ast.FunctionDef | ast.AsyncFunctionDef
_remembered: Remembered[CodeType, str] = Remembered()


def remember(code: CodeType, digest: str) -> None:
    """Note what `code_part` is for functions with this code, whose source is not in this process."""
    _remembered.note(code, digest)


def code_part(function: Any) -> str:
    """32 hex digits for a function's own code: equal wherever it stands, whatever its comments and docstring."""
    code = function.__code__
    known = _remembered.get(code)
    if known is not None:
        return known
    try:
        found = _by_source(function, code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The text under the code's file name is not Python, or not what was compiled.
        found = None
    if found is None:
        return code_object_digest(code)
    if home_of_function(function) is Home.NOTEBOOK:
        # A project's file may be edited under the same code object; a cell's text never changes.
        remember(code, found)
    return found


def _by_source(function: Any, code: CodeType) -> str | None:
    lines = _lines(function, code.co_filename)
    if not lines:
        return None
    return _source("".join(lines), code.co_flags & _FUTURE_FLAGS).digest(code, home_of_function(function))


def _lines(function: Any, path: str) -> list[str]:
    if home_of_function(function) is Home.PROJECT:
        linecache.checkcache(path)
    return linecache.getlines(path, function.__globals__)


@functools.lru_cache(maxsize=256)
def _source(text: str, flags: int) -> _Source:
    return _Source(text, flags)


class _Source:
    """One text with its functions, by position and by name, and the code objects that it compiles to."""

    def __init__(self, text: str, flags: int) -> None:
        tree, compiled = _compiled(text, flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        self._functions = dict(_functions(tree))
        self._lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        self._prints = {(code.co_firstlineno, _print(code)) for code in _nested(compiled)}
        self._digests: dict[int, str] = {}

    def digest(self, code: CodeType, home: Home) -> str | None:
        """The digest of the node that this code was compiled from."""
        node: Def | ast.Lambda | None
        if (code.co_firstlineno, _print(code)) in self._prints:
            node = self._lambda(code) if code.co_name == "<lambda>" else self._by_line(code)
        elif home is Home.PROJECT:
            # Edited since it was imported: what counts is today's source.
            node = self._by_name(code.co_qualname)
        else:
            node = None
        if node is None:
            return None
        return self._digests.get(id(node)) or self._digests.setdefault(id(node), _digest_of_node(node))

    def _by_line(self, code: CodeType) -> Def | None:
        line = code.co_firstlineno
        found = [node for node in self._functions if _first_line(node) == line and node.name == code.co_name]
        return found[0] if len(found) == 1 else None

    def _by_name(self, qualname: str) -> Def | None:
        found = [node for node, name in self._functions.items() if name == qualname]
        return found[-1] if found else None

    def _lambda(self, code: CodeType) -> ast.Lambda | None:
        spans = list(_spans(code))
        around = [node for node in self._lambdas if spans and all(_covers(node.body, span) for span in spans)]
        around.sort(key=lambda node: (node.body.lineno, node.body.col_offset))
        return around[-1] if around else None


def _compiled(text: str, flags: int) -> tuple[ast.Module, CodeType]:
    with warnings.catch_warnings():
        # They were told when the source was compiled for running.
        warnings.simplefilter("ignore")
        tree: ast.Module = compile(text, "<source>", "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        return tree, compile(tree, "<source>", "exec", flags, dont_inherit=True)


def _functions(tree: ast.AST) -> Iterator[tuple[Def, str]]:
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, prefix = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, prefix + node.name
            prefix += f"{node.name}.<locals>."
        elif isinstance(node, ast.ClassDef):
            prefix += f"{node.name}."
        stack.extend((child, prefix) for child in reversed(list(ast.iter_child_nodes(node))))


def _first_line(node: Any) -> int:
    lines: list[int] = [node.lineno, *(each.lineno for each in node.decorator_list)]
    return min(lines)


def _spans(code: CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for line, end_line, column, end_column in code.co_positions():
        if line is not None and end_line is not None and column is not None and end_column is not None and end_column:
            yield (line, column), (end_line, end_column)


def _covers(node: ast.expr, span: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    end = (node.end_lineno or 0, node.end_col_offset or 0)
    return (node.lineno, node.col_offset) <= span[0] and span[1] <= end


def _digest_of_node(node: Def | ast.Lambda) -> str:
    """Defaults count by value and decorators by what they made, so both are left out here."""
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    bare.args.defaults = []
    bare.args.kw_defaults = [None for _ in node.args.kw_defaults]
    if not isinstance(bare, ast.Lambda):
        bare.decorator_list = []
    return code_digest(bare)


def annotations_text(owner: Any) -> str:
    """The annotations of a function, or those that a class itself has, by value; empty when there are none."""
    try:
        inherits = isinstance(owner, type) and sys.version_info < (3, 14)
        own: dict[str, object] = vars(owner).get("__annotations__", {}) if inherits else owner.__annotations__
        return ",".join(f"{name}:{annotation_text(value)}" for name, value in own.items())
    except Exception:  # Python 3.14 evaluates them here, and they are the user's code
        return "?"


def annotation_text(value: object) -> str:
    """An annotation as text that is the same in every process."""
    if isinstance(value, str):
        return value
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    # Generic aliases and unions print as they were written; whatever else people annotate with counts by its type.
    known = type(value).__module__ in ("typing", "types") or isinstance(value, int | float | complex | bytes)
    return _ADDRESS.sub("", repr(value)) if known else type(value).__qualname__


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def code_object_digest(code: CodeType) -> str:
    """A digest of a code object without its positions, its file and its docstring."""
    return xxhash.xxh3_128_hexdigest(repr(_print(code)).encode("utf-8", "surrogatepass"))


def _print(code: CodeType) -> tuple[object, ...]:
    return (
        code.co_name,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_HAS_DOCSTRING),
        code.co_code,
        code.co_exceptiontable,
        tuple(_constant(each) for each in _constants(code)),
        (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
    )


def _constants(code: CodeType) -> tuple[object, ...]:
    """``co_consts`` with the docstring blanked; before 3.13 it comes first in every ``def``, flag or not."""
    constants = code.co_consts
    reads = "__doc__" in code.co_names
    is_def = bool(code.co_flags & _OPTIMIZED) and not code.co_name.startswith("<")
    documented = is_def and not reads and constants and isinstance(constants[0], str)
    return (None, *constants[1:]) if documented else constants


def _constant(value: object) -> object:
    if isinstance(value, CodeType):
        return _print(value)
    if isinstance(value, frozenset):
        return ("frozenset", *sorted(repr(_constant(each)) for each in value))
    if isinstance(value, tuple):
        return ("tuple", *map(_constant, value))
    if isinstance(value, int):
        return (type(value).__name__, format(value, "x"))
    return (type(value).__name__, repr(value))


def _nested(code: CodeType) -> Iterator[CodeType]:
    stack = [code]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(each for each in found.co_consts if isinstance(each, CodeType))
