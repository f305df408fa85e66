"""Says when two pieces of source are the same code: a digest of the AST alone.

Knows node types, their fields and constants. Refuses to know positions, comments, quotes, docstrings and constants that
stand alone, and IPython's own syntax: whoever has magics transforms them first.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Sequence
from typing import Any

import xxhash

_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_READERS_OF_DOCSTRINGS = ("__doc__", "getdoc")
_BLOCKS = ("body", "orelse", "finalbody")
_WITH_BLOCKS = frozenset(
    {
        *(ast.Module, *_DOCUMENTED, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
        *(ast.Try, getattr(ast, "TryStar", ast.Try), ast.ExceptHandler, ast.match_case),
    }
)
_shapes: dict[type[ast.AST], tuple[str, tuple[tuple[str, str], ...]]] = {}


def code_digest(source_or_tree: str | ast.AST) -> str:
    """32 hex digits that are equal for equal code: formatting, comments and docstrings don't count, all else does.

    Source is parsed as a module; there a ``;`` after the last expression counts too, since it hides the display.
    Docstrings of functions and classes count where the code reads ``__doc__``. Errors: SyntaxError.
    """
    if isinstance(source_or_tree, ast.AST):
        return _digest(source_or_tree, "")
    tree = parse(source_or_tree)
    return _digest(tree, ";" if _is_hushed(source_or_tree, tree) else "")


def parse(source: str) -> ast.Module:
    """The tree of a cell; ``await`` may stand at its top level. Errors: SyntaxError."""
    if "\\" in source:
        # An odd escape is warned of when the cell runs, not whenever it is looked at.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parse(source)
    return _parse(source)


def _parse(source: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: ast.Module = compile(source, "<cell>", "exec", flags, dont_inherit=True)
    return tree


def _digest(tree: ast.AST, tail: str) -> str:
    text = _serialise(tree, _DOCUMENTED)
    if any(name in text for name in _READERS_OF_DOCSTRINGS):
        text = _serialise(tree, None)
    return xxhash.xxh3_128_hexdigest((text + tail).encode("utf-8", "surrogatepass"))


def _is_hushed(source: str, tree: ast.Module) -> bool:
    if ";" not in source or not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return False
    last = tree.body[-1]
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    end = (last.end_lineno or 1) - 1
    rest = lines[end].encode()[last.end_col_offset :].decode()
    # Only blanks, comments and one semicolon can follow a statement, so the first character decides.
    return "\n".join([rest, *lines[end + 1 :]]).lstrip(" \t\f\\\n").startswith(";")


def _serialise(tree: ast.AST, documented: tuple[type[ast.AST], ...] | None) -> str:
    """``documented``: nodes whose docstrings don't count; None: texts that stand alone count wherever they stand."""
    # Level by level: each header says how many children it has, so the text can be read back in one way only,
    # and a sum of 5,000 terms is no deeper for us than any other.
    parts: list[str] = []
    queue: list[ast.AST] = [tree]
    add = parts.append
    for node in queue:
        kind = node.__class__
        if kind is ast.Name:
            add(f"(Name{len(node.id)}:{node.id}")  # type: ignore[attr-defined]  # mypy does not narrow by `is`
        elif kind is ast.Constant:
            add(f"(Constant {_constant(node.value)}")  # type: ignore[attr-defined]  # as above
        else:
            name, fields = _shapes.get(kind) or _shape(kind)
            add(name)
            if documented is not None:
                if kind in documented:
                    node = _without_docstring(node)
                if kind in _WITH_BLOCKS:
                    node = _without_idle(node)
            _add_fields(node, fields, parts, queue)
    return "".join(parts)


def _add_fields(node: ast.AST, fields: tuple[tuple[str, str], ...], parts: list[str], queue: list[ast.AST]) -> None:
    for field, mark in fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            parts.append(mark)
            queue.append(value)
        elif value.__class__ is list:
            if value:
                parts.append(f"{mark}{len(value)}[")
                _add_list(value, parts, queue)
        elif value is not None:
            parts.append(mark + _constant(value))


def _shape(kind: type[ast.AST]) -> tuple[str, tuple[tuple[str, str], ...]]:
    fields = tuple((field, f" {field}=") for field in kind._fields if field not in _SILENT)
    return _shapes.setdefault(kind, (f"({kind.__name__}", fields))


def _without_docstring(node: Any) -> Any:
    first = node.body[0] if node.body else None
    if not (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    ):
        return node
    bare = copy.copy(node)
    bare.body = node.body[1:] or [ast.Pass()]
    return bare


def _without_idle(node: Any) -> Any:
    """A constant that stands alone does nothing; as a cell's last expression it is displayed."""
    shown = node.body[-1:] if isinstance(node, ast.Module) else []
    bare = None
    for field in _BLOCKS:
        block = getattr(node, field, ())
        kept = [each for each in block if each in shown or not _is_idle(each)]
        if len(kept) < len(block):
            bare = bare or copy.copy(node)
            setattr(bare, field, kept)
    return bare or node


def _is_idle(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _add_list(values: Sequence[object], parts: list[str], queue: list[ast.AST]) -> None:
    for value in values:
        if isinstance(value, ast.AST):
            queue.append(value)
            parts.append("@")
        else:
            parts.append(_constant(value))


def _constant(value: object) -> str:
    if value.__class__ is str:
        return f"str{len(value)}:{value}"
    kind = value.__class__.__name__
    match value:
        case bytes():
            return f"{kind}{len(value)}:{value.hex()}"
        case bool() | None:
            return f"{kind}:{value};"
        case int():
            # Hexadecimal: decimal text of more than 4,300 digits is refused by Python.
            return f"{kind}:{value:x};"
        case complex():
            return f"{kind}:{value.real!r},{value.imag!r};"
        case tuple():
            return f"{kind}{len(value)}[{''.join(map(_constant, value))}"
        case frozenset():
            return f"{kind}{len(value)}[{''.join(sorted(map(_constant, value)))}"
    return f"{kind}:{value!r};"
