"""JupyterLab with the extension: what people see and press."""

from __future__ import annotations

import pytest
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
EIGHT = [f"%%task t{n}\nx{n} = {f'x{n - 1} + ' if n else ''}1" for n in range(8)]
ALL = [f"t{n}" for n in range(8)]


def test_an_empty_notebook_shows_the_hint(front: Front, server: Server) -> None:
    server.write("empty.ipynb", "")
    front.open("empty.ipynb")
    front.show_panel()
    assert "%load_ext phelps_jupyter" in (front.page.text_content(".phelps-hint") or "")
    front.shot("01-hint")


def test_tasks_appear_when_the_extension_is_loaded(front: Front, server: Server) -> None:
    server.write("eight.ipynb", LOAD, *EIGHT)
    front.open("eight.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.await_looks(dict.fromkeys(ALL, "stale"))
    assert list(front.nodes()) == ALL
    front.shot("02-eight")
    front.page.reload()
    front.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    front.await_looks(dict.fromkeys(ALL, "stale"))
    front.shot("03-reloaded")


def test_run_stale_runs_all_and_the_button_is_disabled_then(front: Front, server: Server) -> None:
    server.write("run.ipynb", LOAD, *EIGHT)
    front.open("run.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.await_looks({"t7": "stale"})
    button = front.page.locator(".phelps-panel [data-act=stale]")
    assert button.text_content() == "Run stale (8)"
    button.click()
    front.await_looks(dict.fromkeys(ALL, "done"))
    front.page.wait_for_selector(".phelps-panel [data-act=stale]:disabled")
    front.shot("04-run")


CHAIN = [LOAD, "%%task a\nx = 1", "%%task b\ny = x + 1", "%%task c\nz = y + 1"]


def done(front: Front, server: Server, name: str, *cells: str) -> None:
    """The notebook is open, and all of its tasks have run."""
    server.write(name, *(cells or CHAIN))
    front.open(name)
    front.show_panel()
    front.run_all()
    front.page.wait_for_selector(".jp-Cell > .phelps-badge")
    until(lambda: front.looks() and set(front.looks().values()) == {"done"}, front.looks)


def test_an_edit_makes_all_below_stale_and_undoing_it_brings_them_back(front: Front, server: Server) -> None:
    done(front, server, "edit.ipynb")
    front.edit(2, "%%task b\ny = x + 2")
    front.await_looks({"a": "done", "b": "stale", "c": "maybe"})
    front.shot("06-edited")
    front.edit(2, CHAIN[2])
    front.await_looks({"a": "done", "b": "done", "c": "done"})


def test_a_comment_changes_nothing(front: Front, server: Server) -> None:
    done(front, server, "comment.ipynb")
    front.edit(2, "%%task b\n# why\ny = x + 1")
    # What is edited after it has been told: all before it is told by then.
    front.edit(3, "%%task c\nz = y + 3")
    front.await_looks({"c": "stale"})
    assert front.looks() == {"a": "done", "b": "done", "c": "stale"}


def test_the_face_acts_while_a_plain_cell_runs(front: Front, server: Server) -> None:
    busy = "import time\nopen('begun', 'w').close()\nwhile not __import__('os').path.exists('go'): time.sleep(0.05)"
    slow = "%%task slow\nimport time\ntime.sleep(600)"
    server.write("busy.ipynb", LOAD, "%%task a\nx = 1", slow, busy)
    front.open("busy.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.await_looks({"a": "stale"})
    front.run_cell(3)
    until((server.root / "busy" / "begun").exists)
    front.press("stale")
    front.await_looks({"a": "done", "slow": "running"})
    front.shot("05-busy")
    front.press("cancel")
    front.await_looks({"slow": "cancelled"})
    (server.root / "busy" / "go").touch()
    front.idle()


def test_the_magic_cancels_while_a_plain_cell_runs(front: Front, server: Server) -> None:
    busy = "import time\nopen('begun', 'w').close()\nwhile not __import__('os').path.exists('go'): time.sleep(0.05)"
    slow = ["%%task slow\nimport time\ntime.sleep(600)", "%%task other\nimport time\ntime.sleep(601)"]
    server.write("magic.ipynb", LOAD, *slow, busy, "%phelps cancel slow")
    front.open("magic.ipynb")
    front.show_panel()
    for cell in range(3):
        front.run_cell(cell)
    front.await_looks({"slow": "running", "other": "running"})
    front.run_cell(3)
    until((server.root / "magic" / "begun").exists)
    front.run_cell(4)
    front.await_looks({"slow": "cancelled", "other": "running"})
    front.press("cancel")
    front.await_looks({"other": "cancelled"})
    (server.root / "magic" / "go").touch()
    front.idle()


def test_a_failed_task_is_told_and_its_line_found_and_retry_goes_on(front: Front, server: Server) -> None:
    place = server.root / "there"
    bad = f"%%task b\nimport pathlib\n\nassert pathlib.Path({str(place)!r}).exists(), 'nothing there'\ny = x"
    server.write("fail.ipynb", LOAD, CHAIN[1], bad, CHAIN[3], *["1"] * 30)
    front.open("fail.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.await_looks({"a": "stale"})
    front.press("stale")
    front.await_looks({"a": "done", "b": "failed", "c": "skipped"})
    front.page.click("text=Show cell >> visible=true")
    until(lambda: front.active_cell() == 2, front.active_cell)
    line = "() => jupyterapp.shell.currentWidget.content.activeCell.editor.getCursorPosition().line"
    until(lambda: front.page.evaluate(line) == 3, lambda: front.page.evaluate(line))
    front.shot("09-failed")
    place.touch()
    front.page.click(".phelps-panel g[data-task=b]")
    front.press("retry")
    front.await_looks({"b": "done", "c": "done"})
    front.shot("10-retried")


def test_a_node_leads_to_its_cell_and_a_cell_to_its_node(front: Front, server: Server) -> None:
    filler = ["1"] * 400
    server.write("long.ipynb", LOAD, *filler[:300], "%%task far\nx = 1", *filler[300:], "%%task end\ny = x")
    front.open("long.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.page.wait_for_selector(".phelps-panel g[data-task=far]")
    front.page.click(".phelps-panel g[data-task=far]")
    until(lambda: front.active_cell() == 301, front.active_cell)
    centre = """() => { const cell = jupyterapp.shell.currentWidget.content.activeCell.node.getBoundingClientRect();
        const view = jupyterapp.shell.currentWidget.content.node.getBoundingClientRect();
        return cell.top > view.top + view.height / 4 && cell.bottom < view.bottom - view.height / 4 }"""
    front.wait_js(centre)
    front.shot("08-centred")
    front.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 402 }")
    front.page.wait_for_selector(".phelps-panel g[data-task=end].phelps-selected")


def test_a_restarted_kernel_leaves_nothing_stuck(front: Front, server: Server) -> None:
    done(front, server, "restart.ipynb")
    front.page.evaluate(
        """() => { window.opens = 0; const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            kernel.anyMessage.connect((_, { msg }) => { if (msg.header.msg_type === 'comm_open') window.opens++ }) }"""
    )
    front.page.evaluate("() => { void jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart() }")
    until(lambda: front.badges() == [], front.badges)
    front.await_kernel("restart.ipynb")
    front.run_cell(0)
    front.await_looks({"a": "fresh", "b": "fresh", "c": "fresh"})
    assert front.page.evaluate("() => window.opens") <= 3
    front.shot("12-restarted")


def test_a_run_goes_on_when_the_tab_is_closed_and_is_shown_when_it_is_back(front: Front, server: Server) -> None:
    go = server.root / "go-tab"
    slow = f"%%task b\nimport os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\ny = x"
    server.write("tab.ipynb", LOAD, CHAIN[1], slow, CHAIN[3])
    front.open("tab.ipynb")
    front.run_all()
    front.await_looks({"b": "running"})
    front.command("docmanager:save")
    front.page.evaluate("() => jupyterapp.shell.currentWidget.close()")
    front.page.wait_for_selector(".jp-Notebook", state="detached")
    front.switch_to("tab.ipynb")
    front.await_looks({"a": "done", "b": "running", "c": "waiting"})
    go.touch()
    front.await_looks({"a": "done", "b": "done", "c": "done"})
    front.shot("13-back")


def test_two_notebooks_are_two(front: Front, server: Server) -> None:
    done(front, server, "one.ipynb")
    server.write("two.ipynb", LOAD, "%%task other\nq = 1")
    front.switch_to("two.ipynb")
    front.run_cell(0)
    front.page.wait_for_selector(".phelps-panel g[data-task=other]")
    assert list(front.nodes()) == ["other"]
    front.switch_to("one.ipynb")
    front.page.wait_for_selector(".phelps-panel g[data-task=c]")
    assert list(front.nodes()) == ["a", "b", "c"]


def test_a_saved_card_is_shown_without_a_kernel(front: Front, server: Server) -> None:
    done(front, server, "saved.ipynb")
    front.command("docmanager:save")
    front.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    front.page.goto(server.url("saved.ipynb"))
    card = front.page.wait_for_selector(".jp-OutputArea .phelps-card-output")
    assert card is not None
    assert "✓ a · done" in (card.text_content() or "")
    assert "not found" not in (front.page.text_content(".jp-Notebook") or "")
    front.shot("15-saved")


def test_the_seconds_of_a_card_go_on_after_a_reload(front: Front, server: Server) -> None:
    go = server.root / "go-card"
    slow = f"%%task b\nimport os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\ny = x"
    server.write("card.ipynb", LOAD, CHAIN[1], slow)
    front.open("card.ipynb")
    front.run_all()
    front.await_looks({"b": "running"})
    front.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    front.page.reload()
    line = front.page.wait_for_selector(".phelps-live:visible >> text=/b · running/")
    assert line is not None
    before = line.text_content()
    until(lambda: line.text_content() != before)
    assert front.page.locator(".phelps-overtaken .phelps-card > div:first-child:visible").count() == 0
    front.shot("17-card-reloaded")
    go.touch()
    front.page.wait_for_selector(".phelps-card >> text=✓ b · done")
    assert front.page.locator(".phelps-live:visible").count() == 0
