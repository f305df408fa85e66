"""Plain cells are part of it: edited ones are stale with all that follows, and run in the kernel when asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import phelps
from conftest import HANG

pytestmark = pytest.mark.notebook

CELLS = {
    "base": "base = 1\nprint('base', base)",
    "double": "double = base * 2\nprint('double', double)",
    "task": "%%task t\nresult = double + 1",
    "show": "shown = result * 10\nprint('shown', shown)",
    "last": "%%task u\nfinal = shown + 1",
}


class Saved:
    """A notebook on disk whose kernel has loaded the extension and executed every cell."""

    def __init__(self, kernel, folder: Path) -> None:
        self.kernel = kernel
        self.folder = folder
        self.cells = dict(CELLS)

    def save(self) -> None:
        cells = [
            {"cell_type": "code", "id": name, "metadata": {}, "outputs": [], "execution_count": None, "source": source}
            for name, source in self.cells.items()
        ]
        told = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.folder / "book.ipynb").write_text(json.dumps(told))

    def edit(self, cell: str, old: str, new: str) -> None:
        assert old in self.cells[cell]
        self.cells[cell] = self.cells[cell].replace(old, new)
        self.save()

    def load(self) -> None:
        begin = "import os; os.environ['JPY_SESSION_NAME'] = 'book.ipynb'"
        self.kernel.execute(f"%unload_ext phelps_jupyter\n{begin}\n%load_ext phelps_jupyter")

    def run_all(self) -> None:
        for name, source in self.cells.items():
            self.kernel.execute(source, name)


@pytest.fixture
def saved(kernel, tmp_path):
    notebook = Saved(kernel, tmp_path)
    notebook.save()
    notebook.load()
    return notebook


def test_an_edited_plain_cell_and_all_that_follows_run_when_asked_for(saved):
    saved.run_all()
    assert saved.kernel.text("final") == "31"
    saved.edit("base", "base = 1", "base = 2")
    told = saved.kernel.text("%phelps plan")
    assert "cell 1 is stale: edited" in told
    assert "cell 2 is stale: what it reads has changed" in told
    told = saved.kernel.text("%phelps run\n%phelps wait")
    assert [line for line in told.splitlines() if line[:4] in ("base", "doub", "show")] == [
        "base 2",
        "double 4",
        "shown 50",
    ]
    assert saved.kernel.text("final") == "51"
    assert "stale" not in saved.kernel.text("%phelps plan").replace("0 of 2", "")


def test_a_stale_plain_cell_may_await(saved):
    saved.cells["double"] = "import asyncio\nawait asyncio.sleep(0)\ndouble = base * 2\nprint('double', double)"
    saved.save()
    saved.run_all()
    saved.edit("base", "base = 1", "base = 2")
    assert "double 4" in saved.kernel.text("%phelps run\n%phelps wait")
    assert saved.kernel.text("final") == "51"
    assert saved.kernel.text("await asyncio.sleep(0, 'the loop goes on')") == "'the loop goes on'"


FILE_CELLS = {
    "name": "name = 'number'",
    "load": "number = int(open(f'{name}.txt').read())\nprint('number', number)",
    "task": "%%task t\nresult = number + 1",
}


@pytest.fixture
def ran_with_file(saved):
    (saved.folder / "number.txt").write_text("1")
    saved.cells = FILE_CELLS
    saved.save()
    saved.run_all()
    assert saved.kernel.text("result") == "2"
    return saved


def test_a_plain_cell_whose_file_has_changed_is_stale_with_all_that_follows(ran_with_file):
    saved = ran_with_file
    (saved.folder / "number.txt").write_text("5")
    told = saved.kernel.text("%phelps plan")
    assert "cell 2 is stale: what it reads has changed" in told
    assert "file number.txt changed, cell 2 reads it" in " ".join(told.split())
    assert "number 5" in saved.kernel.text("%phelps run\n%phelps wait")
    assert saved.kernel.text("result") == "6"
    assert saved.kernel.text("%phelps run") == ""


def test_without_a_kernel_a_plain_cells_files_count(ran_with_file):
    saved = ran_with_file
    assert verdict(saved.folder) == "fresh"
    (saved.folder / "number.txt").write_text("5")
    assert verdict(saved.folder) == "undecided"
    (saved.folder / "number.txt").write_text("1")
    assert verdict(saved.folder) == "fresh"


def verdict(folder: Path) -> str:
    told = phelps("plan", "book.ipynb", "--json", folder=folder, hang=HANG)
    (task,) = json.loads(told.stdout)["tasks"]
    return task["verdict"]


def test_what_phelps_reads_for_itself_is_no_doing_of_a_cell(saved):
    (saved.folder / "number.txt").write_text("1")
    saved.cells = FILE_CELLS | {"plan": "planned = 1\nget_ipython().run_line_magic('phelps', 'run')"}
    saved.save()
    saved.run_all()
    (saved.folder / "number.txt").write_text("5")
    told = saved.kernel.text("%phelps plan")
    assert "cell 2 is stale" in told
    assert "cell 4 is stale" not in told


def test_an_undone_edit_runs_nothing(saved):
    saved.run_all()
    saved.edit("base", "base = 1", "base = 2")
    saved.edit("base", "base = 2", "base = 1  # as it was")
    told = saved.kernel.text("%phelps run\n%phelps wait")
    assert not [line for line in told.splitlines() if line[:4] in ("base", "doub", "show")]


def test_after_a_restart_unchanged_plain_cells_are_not_loaded_and_run_only_where_needed(saved):
    saved.run_all()
    saved.kernel.execute("%phelps wait")
    saved.kernel.manager.restart_kernel()
    saved.kernel.client.wait_for_ready(timeout=60)
    saved.load()
    assert saved.kernel.text("%phelps run\n%phelps wait") == ""
    saved.edit("task", "+ 1", "+ 2")
    told = saved.kernel.text("%phelps run\n%phelps wait")
    assert [line for line in told.splitlines() if line[:4] in ("base", "doub", "show")] == [
        "base 1",
        "double 2",
        "shown 40",
    ]


def test_a_value_that_rests_on_a_rerun_cell_is_not_handed_over(saved):
    saved.run_all()
    saved.cells["base"] = "base = 5"
    saved.save()
    saved.kernel.execute("base = 5", "base")
    saved.edit("task", "+ 1", "+ 2")
    saved.kernel.execute(saved.cells["task"], "task")
    assert "run cell 2 first" in saved.kernel.text("result", "show")


def test_a_plain_cell_that_was_run_twice_and_changes_in_place_is_blocked(saved):
    saved.cells = {"rows": "rows = [1]", "grow": "rows.append(2)", "task": "%%task t\nn = len(rows)"}
    saved.save()
    saved.run_all()
    saved.kernel.execute("rows.append(2)", "grow")
    saved.kernel.execute("%phelps wait")
    saved.edit("task", "len(rows)", "len(rows) + 0")
    saved.kernel.execute(saved.cells["task"], "task")
    assert "run cells 1, 2 first" in saved.kernel.text("print(n)")


def test_a_failing_plain_cell_stops_what_comes_below_and_is_named(saved):
    saved.run_all()
    saved.edit("double", "base * 2", "base / 0")
    assert "cell 2 failed (ZeroDivisionError" in saved.kernel.text("%phelps run")


@pytest.mark.parametrize("flag", [0, 1])
def test_who_comes_to_read_what_a_cell_may_have_left_as_it_was_is_not_blocked(kernel, flag):
    cells = {"given": f"x, c = 1, {flag}", "maybe": "if c:\n    x = 2\nw = 5", "below": "v = w"}
    for name, source in [*cells.items(), *cells.items()]:
        kernel.execute(source, name)
    kernel.execute("%%task t\ny = x + v", "t")
    assert kernel.text("print(y)", "show") == f"{6 + flag}\n"
