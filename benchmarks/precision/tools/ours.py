"""A notebook with a `%%task` cell for each step, run headless: no declaration of files, modules or names."""

from __future__ import annotations

import json
import sys

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values

NOTEBOOK = "book.ipynb"
# The command, whether or not its script is on the path.
PHELPS = (sys.executable, "-c", "from phelps_jupyter.faces.cli import main; main()")


def _files(project: Project) -> dict[str, str]:
    return {NOTEBOOK: json.dumps(_notebook(project), indent=1)}


def _notebook(project: Project) -> dict[str, object]:
    blocks = [_cell(block.name, block.source) for block in project.blocks]
    tasks = [_cell(step.name, f"{_line(step)}\n{render.body(step)}") for step in project.steps]
    first = _cell("first", "%load_ext phelps_jupyter\nfrom steplog import ran, show")
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    cells = [first, *blocks, *tasks, _cell("end", render.shown(project))]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _line(step: Step) -> str:
    return f"%%task {step.title}" + (f" --cpus {step.cpus}" if step.cpus > 1 else "")


def _cell(name: str, source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": source.rstrip("\n"),
    }


def _run(sandbox: Sandbox, _: Project) -> Values:
    sandbox.call(*PHELPS, "run", NOTEBOOK, "--json", "--cluster", "none")
    return sandbox.shown()


TOOL = Tool("ours", ("phelps_jupyter",), _files, _run)
