"""The panel's views, what begins a notebook of tasks, and other hosts of the extension."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator

import pytest
from command_line import phelps
from lab_kit import HANG, Front, Server, path_of, until
from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
CHAIN = [LOAD, "%%task a\nx = 1", "%%task b\ny = x + 1", "%%task c\nz = y + 1"]
STEPS = int(os.environ.get("PHELPS_STEPS", "15"))


def begun(front: Front, server: Server, name: str, *cells: str) -> None:
    """The notebook is open, and its tasks are known."""
    server.write(name, *(cells or CHAIN))
    front.open(name)
    front.show_panel()
    front.run_cell(0)
    front.page.wait_for_selector(".phelps-panel g[data-task]")


def test_graph_list_and_timeline_share_the_selection(front: Front, server: Server) -> None:
    begun(front, server, "views.ipynb")
    front.press("stale")
    front.await_looks({"c": "done"})
    front.page.click(".phelps-panel g[data-task=b]")
    front.press("list")
    front.page.wait_for_selector(".phelps-row[data-task=b].phelps-selected")
    front.shot("21-list")
    front.page.click(".phelps-row[data-task=c]")
    front.press("timeline")
    front.page.wait_for_selector(".phelps-span[data-task=c].phelps-selected")
    front.shot("21-timeline")
    front.page.click(".phelps-span[data-task=a]")
    front.press("graph")
    front.page.wait_for_selector(".phelps-panel g[data-task=a].phelps-selected")
    assert front.active_cell() == 1


def test_what_is_near_the_selected_task_is_drawn_alone(front: Front, server: Server) -> None:
    tasks = [f"%%task t{number}\nx{number} = {f'x{number - 1}' if number else 1}" for number in range(7)]
    begun(front, server, "near.ipynb", LOAD, *tasks)
    front.page.click(".phelps-panel g[data-task=t3]")
    front.press("near")
    front.page.wait_for_selector(".phelps-panel >> text=5 of 7 tasks: what is near t3")
    front.shot("44-near")
    front.page.click(".phelps-panel g[data-task=t1]")
    front.page.wait_for_selector(".phelps-panel g[data-task=t0]")
    assert front.page.query_selector(".phelps-panel g[data-task=t5]") is None
    front.press("near")
    front.page.wait_for_selector(".phelps-panel g[data-task=t6]")


def test_the_keyboard_reaches_every_task(front: Front, server: Server) -> None:
    begun(front, server, "keys.ipynb")
    front.page.focus(".phelps-panel g[data-task=a]")
    front.page.keyboard.press("ArrowDown")
    front.page.wait_for_selector(".phelps-panel g[data-task=b].phelps-selected:focus")
    front.page.keyboard.press("End")
    front.page.wait_for_selector(".phelps-panel g[data-task=c].phelps-selected:focus")
    front.page.focus(".phelps-panel [data-act=list]")
    front.page.keyboard.press("Enter")
    front.page.focus(".phelps-list")
    front.page.keyboard.press("ArrowUp")
    front.page.wait_for_selector(".phelps-row[data-task=b].phelps-selected")
    front.page.focus(".phelps-page [data-act=run]")
    front.page.keyboard.press("Enter")
    front.await_looks({"a": "done", "b": "done", "c": "stale"})


def test_a_notebook_is_enabled_and_a_cell_made_a_task_without_code(front: Front, server: Server) -> None:
    server.write("plain.ipynb", "%config Phelps.cluster = 'none'\nn = 3", "doubled = 2 * n")
    front.open("plain.ipynb")
    front.show_panel()
    front.press("enable")
    front.wait_js("() => jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount === 1")
    front.run_cell(1)
    front.idle()
    front.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 2 }")
    front.wait_js("() => jupyterapp.commands.isEnabled('phelps:tag-task')")
    front.page.evaluate("() => { void jupyterapp.commands.execute('phelps:tag-task') }")
    dialog = front.page.wait_for_selector(".jp-Dialog input")
    assert dialog is not None
    assert dialog.input_value() == "doubled"
    assert "It reads n and gives doubled" in (front.page.text_content(".jp-Dialog") or "")
    front.shot("08-tag")
    front.page.keyboard.press("Enter")
    front.await_looks({"doubled": "stale"})
    front.press("stale")
    front.await_looks({"doubled": "done"})


def test_the_dark_theme_has_its_own_colours(front: Front, server: Server) -> None:
    begun(front, server, "dark.ipynb")
    colour = """() => getComputedStyle(document.querySelector('.phelps-panel .phelps-name')).fill"""
    light = front.page.evaluate(colour)
    front.page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    until(lambda: front.page.evaluate(colour) != light)
    front.shot("18-dark")


def test_a_batch_is_told_once(front: Front, server: Server) -> None:
    begun(front, server, "batch.ipynb", *CHAIN, "%%task bad\n1 / 0")
    front.press("stale")
    front.await_looks({"c": "done", "bad": "failed"})
    told = front.page.locator(".Toastify__toast", has_text="tasks failed")
    told.wait_for()
    assert told.count() == 1
    assert "1 of 4 tasks failed: bad" in (told.text_content() or "")


@pytest.fixture
def notebook7(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    server = Server(tmp_path_factory.mktemp("notebook"), "notebook")
    front = Front(browser, server, server.root)
    yield front
    server.close()
    front.close()


def test_notebook_7_shows_badges_and_the_panel(notebook7: Front) -> None:
    front = notebook7
    front.server.write("seven.ipynb", *CHAIN)
    front.page.goto(front.server.url("seven.ipynb"))
    front.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    front.await_kernel("seven.ipynb")
    front.run_cell(0)
    front.await_looks({"a": "stale", "b": "stale", "c": "stale"})
    front.show_panel()
    front.press("stale")
    front.await_looks({"a": "done", "b": "done", "c": "done"})
    front.shot("16-notebook7")


def told_by_the_shell(server: Server, name: str) -> dict[str, str]:
    """Task -> verdict, as ``phelps status --json`` has it of the saved notebook."""
    path = server.root / path_of(name)
    found = phelps("status", path.name, "--json", folder=path.parent, hang=HANG)
    return {task["name"]: task["verdict"] for task in json.loads(found.stdout)["tasks"]}


def told_by_the_panel(front: Front) -> dict[str, str]:
    words = {"maybe": "undecided", "done": "fresh", "reused": "fresh"}
    return {task: words.get(look, look) for task, look in front.looks().items()}


def agree(panel: dict[str, str], shell: dict[str, str]) -> bool:
    """Where the panel says how a run ended badly, the shell only says that the task is not fresh."""
    bad = {"failed", "skipped", "blocked", "cancelled"}
    return panel.keys() == shell.keys() and all(
        shell[task] != "fresh" if look in bad else shell[task] == look for task, look in panel.items()
    )


@pytest.mark.timeout(100 + 20 * STEPS)
def test_after_any_edit_the_panel_says_what_the_shell_says(front: Front, server: Server) -> None:
    begun(front, server, "any.ipynb", *CHAIN, "%%task d\nw = x + z")
    chance = random.Random(STEPS)
    model = "jupyterapp.shell.currentWidget.content.model"
    for step in range(STEPS):
        place, number = chance.randint(1, 4), chance.randint(1, 3)
        act = chance.choice(["edit", "move", "undo", "run", "stale"])
        if act == "edit":
            name, read, made = "abcd"[place - 1], ["", "x", "y", "x + z"][place - 1], "xyzw"[place - 1]
            front.edit(place, f"%%task {name}\n{made} = {read + ' + ' if read else ''}{number}")
        elif act == "move":
            front.page.evaluate(f"([from, to]) => {model}.sharedModel.moveCell(from, to)", [place, number])
        elif act == "undo":
            front.undo(place)
        elif act == "run":
            front.run_cell(place)
        else:
            front.command("phelps:run-stale")
        front.idle()
        until(lambda: not set(front.looks().values()) & {"running", "submitted", "ready", "waiting"})
        front.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        until(
            lambda: agree(told_by_the_panel(front), told_by_the_shell(server, "any.ipynb")),
            lambda step=step, act=act: (step, act, told_by_the_panel(front), told_by_the_shell(server, "any.ipynb")),
        )


def test_output_is_followed_paused_and_searched(front: Front, server: Server) -> None:
    go = [server.root / f"go-log-{n}" for n in range(2)]
    body = "\n".join(
        f"print('epoch {n}', flush=True)\nwhile not os.path.exists({str(one)!r}): time.sleep(0.02)"
        for n, one in enumerate(go)
    )
    begun(front, server, "log.ipynb", LOAD, f"%%task a\nimport os, time\n{body}\nprint('end')")
    front.press("stale")
    front.page.click(".phelps-panel g[data-task=a]")
    log = front.page.locator(".phelps-page .phelps-log")
    until(lambda: log.text_content() == "epoch 0\n", log.text_content)
    front.page.click(".phelps-page [data-act=hold]")
    go[0].touch()
    note = front.page.locator(".phelps-task-log [role=status]")
    until(lambda: note.text_content() == "paused, 1 lines more", note.text_content)
    assert log.text_content() == "epoch 0\n"
    front.shot("37-log-paused")
    front.page.click(".phelps-page [data-act=hold]")
    go[1].touch()
    until(lambda: log.text_content() == "epoch 0\nepoch 1\nend\n", log.text_content)
    front.page.fill(".phelps-task-log input", "EPOCH")
    until(lambda: log.text_content() == "epoch 0\nepoch 1", log.text_content)
