"""Why a task runs, as a person is told: through the public command, on real notebooks."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.notebook

PIPELINE = {
    "set": "import tools\nRATE = 2\ncfg = {'lr': 0.1, 'depth': 3}",
    "define": "def scaled(x):\n    return x * RATE\n\ndef other(x):\n    return x",
    "load": "%%task load\nimport pandas as pd\nraw = pd.DataFrame({'a': range(10), 'b': range(10)})",
    "clean": "%%task clean\ntable = raw.query('a > 2')",
    "fit": "%%task fit\nmodel = scaled(table['a']).sum() * cfg['depth']",
    "plain": "best = model + 1",
    "report": "%%task report\ntext = f'{best} {tools.shown(1)}'",
}
TOOLS = "SIGN = '%'\n\n\ndef shown(x):\n    return f'{x} {SIGN}'\n\n\ndef spared():\n    return 1\n"


@pytest.fixture
def ran_once(book):
    notebook = book(**PIPELINE)
    (notebook.folder / "tools.py").write_text(TOOLS)
    first = notebook.run()
    assert first.code == 0, first.stderr
    return notebook


def why(book, task: str) -> str:
    done = book.command("why", book.path.name, task)
    assert done.returncode == 0, done.stderr
    return done.stdout


def why_json(book, task: str) -> dict[str, Any]:
    return json.loads(book.command("why", book.path.name, task, "--json").stdout)


def test_a_changed_input_is_told_by_what_differs_and_where_that_comes_from(ran_once):
    ran_once.edit("load", "'b': range(10)}", "'b': range(10), 'c': 1}")
    assert ran_once.run().ran() == ["load", "clean", "fit"]
    told = why(ran_once, "clean")
    assert "clean (cell 4) is fresh; it last ran because" in told
    assert "input `raw` changed (DataFrame 10 x 2 -> DataFrame 10 x 3)" in told
    assert "column `c` added" in told
    assert "because of load (cell 3): its code changed" in told


def test_a_changed_scalar_is_told_with_both_values(ran_once):
    ran_once.edit("set", "RATE = 2", "RATE = 5")
    again = ran_once.run()
    assert again.why("fit") == ["input `RATE` changed (2 -> 5)"]
    assert "because cell 1 was edited" in why(ran_once, "fit")


def test_an_item_that_is_read_is_told_with_both_values(ran_once):
    ran_once.edit("set", "'depth': 3", "'depth': 4")
    assert ran_once.run().why("fit") == ["input `cfg['depth']` changed (3 -> 4)"]


def test_without_a_kernel_the_edited_cell_is_named_and_shown(ran_once):
    ran_once.edit("set", "RATE = 2", "RATE = 5")
    told = why(ran_once, "fit")
    assert "fit (cell 5) is maybe stale" in told
    assert "input `RATE` may change: cell 1 was edited" in told
    assert "-RATE = 2\n" in told
    assert "+RATE = 5\n" in told


def test_without_a_kernel_the_edited_function_is_named_and_shown(ran_once):
    ran_once.edit("define", "x * RATE", "x + RATE")
    told = why(ran_once, "fit")
    assert "`scaled` in cell 2 was edited" in told
    assert "-    return x * RATE" in told
    assert "+    return x + RATE" in told
    assert "other" not in told


def test_a_function_whose_neighbour_was_edited_may_be_as_it_was(ran_once):
    ran_once.edit("define", "def other(x):\n    return x", "def other(x):\n    return -x")
    assert "`scaled` may change: cell 2 was edited, though not its definition" in why(ran_once, "fit")
    assert ran_once.run().ran() == []


def test_an_edited_function_is_a_reason_with_its_place_after_the_run(ran_once):
    ran_once.edit("define", "x * RATE", "x + RATE")
    assert ran_once.run().why("fit") == ["`scaled` in cell 2 changed"]
    assert "-    return x * RATE" in why(ran_once, "fit")


def test_an_edited_module_is_told_with_the_line(ran_once):
    (ran_once.folder / "tools.py").write_text(TOOLS.replace("{x} {SIGN}", "{x}{SIGN}"))
    told = why(ran_once, "report")
    assert "module `tools` changed (tools.py:5)" in told
    assert "-    return f'{x} {SIGN}'" in told
    assert "spared" not in told


def test_a_chain_is_told_to_its_beginning(ran_once):
    ran_once.edit("load", "range(10)", "range(11)")
    told = why(ran_once, "fit")
    assert "input `table` may change: task clean is not fresh" in told
    assert "because of load (cell 3): its code changed, by way of clean" in told


def test_a_chain_goes_through_plain_cells(ran_once):
    ran_once.edit("load", "range(10)", "range(11)")
    told = why(ran_once, "report")
    assert "input `best` may change: cell 6 reads `model` of task fit, which is not fresh" in told
    assert "because of load (cell 3): its code changed, by way of clean, fit" in told


def test_reasons_are_data(ran_once):
    ran_once.edit("define", "x * RATE", "x + RATE")
    told = why_json(ran_once, "fit")
    assert (told["name"], told["verdict"]) == ("fit", "undecided")
    assert [(reason["kind"], reason["name"], reason["place"]) for reason in told["reasons"]] == [
        ("edited", "scaled", "cell 2")
    ]
    assert told["reasons"][0]["difference"] == [" def scaled(x):", "-    return x * RATE", "+    return x + RATE"]


def test_the_plan_groups_tasks_by_reason(ran_once):
    ran_once.edit("load", "range(10)", "range(11)")
    ran_once.edit("set", "RATE = 2", "RATE = 5")
    assert ran_once.plan().report["groups"] == [
        {"reason": "its code changed", "tasks": ["load"], "then": ["clean"]},
        {"reason": "cell 1 was edited", "tasks": ["fit"], "then": ["report"]},
    ]
    told = ran_once.command("plan", "book.ipynb").stdout
    assert told.index("its code changed") < told.index("  load") < told.index("then maybe clean")
    assert told.index("cell 1 was edited") < told.index("  fit") < told.index("then maybe report")


def test_undone_edits_bring_the_old_results_back_with_nothing_run(ran_once):
    before = dict(ran_once.cells)
    ran_once.edit("load", "range(10)", "range(11)")
    ran_once.edit("set", "RATE = 2", "RATE = 5")
    ran_once.edit("define", "x * RATE", "x + RATE")
    ran_once.edit("plain", "model + 1", "model + 2")
    assert ran_once.run().ran() == ["load", "clean", "fit", "report"]
    ran_once.cells = before
    assert {task["verdict"] for task in ran_once.plan().report["tasks"]} == {"fresh"}
    out = ran_once.folder / "out.ipynb"
    again = ran_once.run("-o", str(out))
    assert (again.code, again.ran()) == (0, [])
    assert again.summary("report", "text") == "'253 1 %'"
    assert "an earlier result stands again" in why(ran_once, "fit")


def test_in_a_kernel_the_same_is_told(kernel):
    kernel.execute("x = 1", "a")
    kernel.execute("%%task fit\ny = x + 1", "b")
    kernel.execute("%phelps wait", "c")
    kernel.execute("x = 2", "a")
    told = kernel.text("%phelps why fit", "d")
    assert "input `x` may change: cell 2 was edited" in told
    assert "+x = 2" in told
    kernel.execute("%%task fit\ny = x + 1", "b")
    kernel.execute("%phelps wait", "c")
    assert "input `x` changed (1 -> 2)" in kernel.text("%phelps why fit", "d")
