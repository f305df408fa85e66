"""The page of a task: what changed, what its values look like, and cells to go on with."""

from __future__ import annotations

import re

import pytest
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
HELPER = "def double(n):\n    return 2 * n"
FRAME = "%%task frame\nimport pandas\ntable = pandas.DataFrame({'n': range(30), 'word': 'abc'})"
FIGURE = "%%task figure\nfrom matplotlib.figure import Figure\nplot = Figure()\nplot.subplots().plot(table.n)"
TOTAL = "%%task total\nsum_of = double(int(table.n.sum()))"
BAD = "%%task bad\nrest = 1 / (sum_of - 870)"


def opened(front: Front, server: Server, name: str, *cells: str) -> None:
    """The notebook is open, and all that can run has run."""
    server.write(name, LOAD, *cells)
    front.open(name)
    front.show_panel()
    front.run_all()
    front.page.wait_for_selector(".jp-Cell > .phelps-badge")
    until(lambda: front.looks() and set(front.looks().values()) <= {"done", "failed"}, front.looks)
    front.idle()


def page(front: Front) -> str:
    return front.page.text_content(".phelps-page") or ""


def differences(front: Front) -> list[str]:
    lines = front.page.locator(".phelps-page .phelps-removed, .phelps-page .phelps-added").all_text_contents()
    return [line.rstrip("\n") for line in lines]


def answer(front: Front, text: str) -> None:
    """To the question that the kernel asks."""
    asked = front.page.locator(".jp-Stdin-input:focus")
    asked.wait_for()
    asked.fill(text)
    asked.press("Enter")


def test_why_shows_old_and_new_code_of_the_task_and_of_its_helper(front: Front, server: Server) -> None:
    opened(front, server, "why.ipynb", HELPER, FRAME, TOTAL)
    front.edit(3, TOTAL.replace("int(", "abs("))
    front.page.click(".phelps-panel g[data-task=total]")
    changed = ["-sum_of = double(int(table.n.sum()))", "+sum_of = double(abs(table.n.sum()))"]
    until(lambda: differences(front) == changed, lambda: page(front))
    front.shot("51-why-code")
    front.edit(3, TOTAL)
    front.edit(1, HELPER.replace("2", "3"))
    front.run_cell(1)
    until(lambda: differences(front) == ["-    return 2 * n", "+    return 3 * n"], lambda: page(front))
    front.shot("52-why-helper")


def test_values_are_looked_at(front: Front, server: Server) -> None:
    opened(front, server, "look.ipynb", FRAME, FIGURE)
    front.page.click(".phelps-panel g[data-task=figure]")
    front.page.click(".phelps-page [data-act='look table']")
    front.page.wait_for_selector(".phelps-page table.phelps-look")
    head = front.page.locator(".phelps-page table.phelps-look tr").all_text_contents()
    assert head[:2] == ["nword", "00abc"]
    assert len(head) == 9
    front.page.click(".phelps-page [data-act='look plot']")
    image = front.page.locator(".phelps-page img.phelps-look")
    image.wait_for()
    until(lambda: image.evaluate("image => image.complete && image.naturalWidth > 100"))
    front.shot("53-looks")


def test_ready_cells_for_inputs_and_debugger_work(front: Front, server: Server) -> None:
    opened(front, server, "debug.ipynb", HELPER, FRAME, TOTAL, BAD)
    front.page.click(".phelps-panel g[data-task=bad]")
    front.press("inputs")
    until(lambda: front.active_cell() == 5, front.active_cell)
    front.run_cell(5)
    front.page.wait_for_selector(".jp-Notebook .jp-Cell:nth-of-type(6) .jp-OutputArea-output >> text=870")
    front.page.click(".phelps-panel g[data-task=bad]")
    front.press("debug")
    front.wait_js(
        "() => jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === '%phelps debug bad'"
    )
    front.run_cell(front.active_cell())
    answer(front, "p sum_of")
    shown = front.page.locator(".jp-Notebook .jp-Cell:nth-of-type(6) .jp-OutputArea")
    until(lambda: re.search("^870$", shown.text_content() or "", re.MULTILINE), shown.text_content)
    front.shot("54-debug")
    answer(front, "q")
    front.wait_js("() => jupyterapp.shell.currentWidget.content.widgets[5].model.executionState === 'idle'", within=20)
