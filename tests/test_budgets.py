"""Files and functions stay small enough to be read at one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

FILES = sorted(Path(__file__).parents[1].glob("phelps_jupyter/**/*.py"))


def test_no_file_is_longer_than_400_lines():
    lengths = {path.name: len(path.read_text().splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_no_function_is_longer_than_40_lines():
    functions = [(path.name, node) for path in FILES for node in ast.walk(ast.parse(path.read_text()))]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert [
        (file, node.name) for file, node in functions if isinstance(node, kinds) and node.end_lineno - node.lineno >= 40
    ] == []
