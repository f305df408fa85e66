"""The example: an ordinary notebook without its task lines, and a demonstration that tells right from wrong."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from phelps_jupyter.core.options import parse_cell

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = ["load", "clean", "join", "features", "fit_sky", "fit_schedule", "fit_both", "compare"]
SMALL = "fraction, trees = 0.05, 5"


@pytest.fixture(scope="module")
def demo():
    spec = importlib.util.spec_from_file_location("demo", EXAMPLES / "demo.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notebook():
    return nbformat.read(EXAMPLES / "flights.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def without_phelps(notebook):
    for cell in code_cells(notebook):
        lines = cell.source.split("\n")
        cell.source = "\n".join(line for line in lines if not line.startswith(("%%task", "%load_ext")))
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += f"\n{SMALL}"
    return notebook


def text_of(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def report(ran, seconds=1.0):
    reason = [{"kind": "code", "text": "its code changed"}]
    tasks = [
        {
            "name": name,
            "ran": name in ran,
            "state": "done" if name in ran else "reused",
            "seconds": 0.5 if name in ran else None,
            "reasons": reason if name in ran else [],
        }
        for name in NAMES
    ]
    return json.dumps({"ok": True, "tasks": tasks}), seconds


def test_every_task_cell_has_the_name_of_its_task_as_id(notebook):
    headers = {cell.id: parse_cell(cell.source) for cell in code_cells(notebook)}
    assert [header.name for header in headers.values() if header] == NAMES
    assert [cell_id for cell_id, header in headers.items() if header and header.name != cell_id] == []


def test_the_notebook_is_kept_without_outputs(notebook):
    assert [cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count] == []


@pytest.mark.notebook
def test_without_the_task_lines_it_is_an_ordinary_notebook(notebook, tmp_path):
    plain = without_phelps(notebook)
    NotebookClient(plain, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    told = {cell.id: text_of(cell) for cell in code_cells(plain)}
    assert "flights 336,776 x 19, weather 26,115 x 15" in told["load"]
    assert "9,430 flights have no arrival delay" in told["clean"]
    assert "3 hours have two reports" in told["clean"]
    assert "327,346 flights before, 327,346 after" in told["join"]
    assert "So " in told["conclusion"]


def test_the_demonstration_is_content_when_all_went_as_promised(demo):
    first, second, third = demo.read(*report(NAMES, 20)), demo.read(*report([])), demo.read(*report(["clean", "join"]))
    assert demo.wrong(first, second, third) == []


@pytest.mark.parametrize(
    ("second", "third", "fault"),
    [
        (report(["load"]), report(["clean", "join"]), "the second run executed task bodies: ['load']"),
        (report([], 6), report(["clean", "join"]), "the second run took a quarter of the first or more"),
        (report([]), report(NAMES), f"after the edit of clean, {NAMES} ran instead of ['clean', 'join']"),
    ],
)
def test_the_demonstration_says_what_went_wrong(demo, second, third, fault):
    assert demo.wrong(demo.read(*report(NAMES, 20)), demo.read(*second), demo.read(*third)) == [fault]


def test_the_demonstration_shows_a_row_for_each_task(demo, capsys):
    demo.show("Third run", demo.read(*report(["clean"])), demo.read(*report(NAMES, 20)))
    shown = capsys.readouterr().out
    assert "Third run: 1.0 s, 5% of the first run" in shown
    assert "clean         ran            0.5  its code changed" in shown
    assert "load          reused              nothing it uses has changed" in shown


def test_the_line_that_the_demonstration_edits_is_there_once(demo, tmp_path):
    copy = tmp_path / "flights.ipynb"
    copy.write_text((EXAMPLES / "flights.ipynb").read_text())
    demo.edit(copy)
    changed = [cell.id for cell in code_cells(nbformat.read(copy, as_version=4)) if 'keep="last"' in cell.source]
    assert changed == ["clean"]
