"""A marimo notebook with a cell for each step; `cache_cells` keeps the results of cells on disk."""

from __future__ import annotations

import ast
import html
import json
import re
import sys
import textwrap

from benchmarks.precision import render
from benchmarks.precision.project import Project
from benchmarks.precision.sandbox import BrokenRun, Sandbox
from benchmarks.precision.tool import Tool, Values

NOTEBOOK, EXECUTED = "book.py", "executed.ipynb"

HEAD = """\
# /// script
# [tool.marimo.runtime]
# cache_cells = true
# ///

import marimo

app = marimo.App()
"""


def _files(project: Project) -> dict[str, str]:
    labels = {step.name: step.title for step in project.steps}
    values = ", ".join(f'"{step.name}": {step.name}' for step in project.steps)
    cells = [
        ("first", "import json\n\n" + render.RAN),
        *render.cells(project),
        ("end", f"json.dumps({{{values}}})\n"),
    ]
    sources = [_cell(labels.get(name, name), source) for name, source in cells]
    return {NOTEBOOK: "\n\n".join([HEAD, *sources, 'if __name__ == "__main__":\n    app.run()\n'])}


def _cell(name: str, source: str) -> str:
    return f"@app.cell\ndef {name}_cell():\n{textwrap.indent(source, '    ')}    return\n"


def _run(sandbox: Sandbox, _: Project) -> Values:
    export = ("export", "ipynb", NOTEBOOK, "-o", EXECUTED, "-f", "--include-outputs")
    sandbox.call(sys.executable, "-m", "marimo", "-q", "-y", *export)
    notebook = json.loads((sandbox.folder / EXECUTED).read_text())
    pages = [page for cell in notebook["cells"] for output in cell.get("outputs", ()) for page in _pages(output)]
    if not pages:
        raise BrokenRun("the exported notebook shows no values")
    return _values(pages[-1])


def _pages(output: dict[str, dict[str, str | list[str]]]) -> list[str]:
    found = output.get("data", {}).get("text/html", ())
    return ["".join(found)] if found else []


def _values(page: str) -> Values:
    """The text that the last cell shows, out of its HTML."""
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    values: Values = json.loads(ast.literal_eval(text))
    return values


_PURE = "its documentation rules out changing what another cell has made"

TOOL = Tool(
    "marimo",
    ("marimo",),
    _files,
    _run,
    cannot={
        "resources": "cells have no resource options",
        "in-place-input": _PURE,
        "in-place-below": _PURE,
    },
)
