"""The public command in the shape of ``ours``: proves that the quick way shows the same."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from command_line import phelps

HANG = 100
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def run(folder: str, cells: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Each cell's text and error, and what ran."""
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    for name, source in cells:
        cell = nbformat.v4.new_code_cell(source)
        cell.id = name
        notebook.cells.append(cell)
    nbformat.write(notebook, Path(folder, "book.ipynb"))
    words = ("run", "book.ipynb", "--json", "--cluster", "none", "-o", "out.ipynb")
    done = phelps(*words, folder=Path(folder), hang=HANG)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    places = {cell["index"]: cell["id"] for cell in report["cells"]}
    tasks = {places[task["cell"]]: task for task in report["tasks"]}
    return {
        "cells": {
            cell.id: _shown(cell, tasks.get(cell.id)) for cell in nbformat.read(Path(folder, "out.ipynb"), 4).cells
        },
        "tasks": [
            {"cell": cell, "state": task["state"], "ran": task["ran"], "reasons": task["reasons"]}
            for cell, task in tasks.items()
        ],
    }


def _shown(cell: nbformat.NotebookNode, task: dict[str, Any] | None) -> dict[str, Any]:
    text = "".join(map(_text, cell.outputs))
    error = next((output.ename for output in cell.outputs if output.output_type == "error"), None)
    if task is not None and error is None and task["state"] not in ("done", "reused"):
        error = task["state"]
    return {"text": ADDRESS.sub("", text), "error": error}


def _text(output: nbformat.NotebookNode) -> str:
    """Cards of tasks are displays, which no cell of ours makes."""
    if output.output_type == "stream":
        return str(output.text) if output.name == "stdout" else ""
    return f"{output.data['text/plain']}\n" if output.output_type == "execute_result" else ""
