"""The oracle: a fresh process that executes all cells, top to bottom, in one namespace. Knows nothing of Phelps."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import sys
import tempfile
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from IPython.lib.pretty import pretty

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
NO_VALUES = (types.FunctionType, types.ModuleType, type, io.IOBase, types.BuiltinFunctionType)


def run(cells: Sequence[Sequence[str]], files: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Each cell's text and error; the names that hold values in the end. ``cells``: ids and sources."""
    with tempfile.TemporaryDirectory(prefix="phelps-fresh-") as folder:
        for name, text in files:
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(text)
        os.chdir(folder)
        sys.path.insert(0, "")
        main = types.ModuleType("__main__")
        sys.modules["__main__"] = main
        shown = {name: _execute(source, main.__dict__) for name, source in cells}
        return {"cells": shown, "names": _names(main.__dict__)}


def _execute(source: str, namespace: dict[str, Any]) -> dict[str, Any]:
    stdout = io.StringIO()
    error = None
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
        try:
            value = _run_body(source, namespace)
            if value is not None:
                print(pretty(value))
        except Exception as raised:  # whatever the cell raises is what it shows
            error = type(raised).__name__
    return {"text": ADDRESS.sub("", stdout.getvalue()), "error": error}


def _run_body(source: str, namespace: dict[str, Any]) -> object:
    """The value of the last line if it is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


def _names(namespace: dict[str, Any]) -> list[str]:
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_") and not isinstance(value, NO_VALUES) and "function" not in repr(value)
    )
