"""The panel's engines, the timeline's attempts, how much time is left, and the hint while the notebook changes."""

from __future__ import annotations

import pytest
from lab_feed import tell, told
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"


def waiting(go: str) -> str:
    return f"import os, time\nwhile not os.path.exists({go!r}): time.sleep(0.05)"


def test_the_strip_tells_what_runs_where_and_leads_to_the_clusters(front: Front, server: Server) -> None:
    go = server.root / "go"
    server.write("strip.ipynb", LOAD, f"%%task slow\n{waiting(str(go))}\nx = 1")
    front.open("strip.ipynb")
    front.show_panel()
    front.run_all()
    front.await_looks({"slow": "running"})
    front.page.click(".phelps-engines summary")
    front.page.wait_for_selector(".phelps-engine:has-text('slow')")
    assert "busy" in (front.page.text_content(".phelps-engines summary") or "")
    assert "cpus" in (front.page.text_content(".phelps-host-name") or "")
    front.shot("40-strip")
    front.press("clusters")
    front.page.wait_for_selector("#ipp-cluster-launcher:visible")
    go.touch()
    front.await_looks({"slow": "done"})


def test_a_task_that_ran_before_says_how_long_it_still_takes(front: Front, server: Server) -> None:
    go = server.root / "go-eta"
    go.touch()
    cell = f"%%task slow\nimport time\ntime.sleep(3)\n{waiting(str(go))}\nx = 1"
    server.write("eta.ipynb", LOAD, cell)
    front.open("eta.ipynb")
    front.show_panel()
    front.run_all()
    front.await_looks({"slow": "done"})
    assert "ETA" not in (front.page.text_content(".phelps-statusbar") or "")
    go.unlink()
    front.page.click(".phelps-panel g[data-task=slow]")
    front.press("force")
    front.page.wait_for_selector(".phelps-statusbar:has-text('ETA')")
    front.page.wait_for_selector(".phelps-panel g[data-task=slow] .phelps-bar")
    assert "left" in (front.page.text_content(".phelps-panel g[data-task=slow]") or "")
    front.shot("41-eta")
    # It takes longer than it did, which nobody can foretell.
    front.page.wait_for_selector(".phelps-statusbar:not(:has-text('ETA'))")
    go.touch()
    front.await_looks({"slow": "done"})


def test_the_timeline_has_lost_attempts_and_zooms(front: Front, server: Server) -> None:
    server.write("lost.ipynb", LOAD, "%%task a\nx = 1", "%%task b\ny = x")
    front.open("lost.ipynb")
    front.show_panel()
    front.run_all()
    front.await_looks({"a": "done", "b": "done"})
    tasks = told(front)
    assert [[one["end"] for one in task["history"]] for task in tasks] == [["done"], ["done"]]
    last = tasks[1]["history"][0]
    lost = last | {"engine": "far:7", "end": "lost", "ended_at": last["started_at"] + 2}
    tell(front, [tasks[0], tasks[1] | {"history": [lost, last | {"ended_at": last["started_at"] + 4}]}])
    front.press("timeline")
    front.page.wait_for_selector(".phelps-span.phelps-lost:has-text('b (lost)')")
    lanes = front.page.locator(".phelps-lane-name").all_text_contents()
    assert len(lanes) >= 2
    assert "far:7" in lanes
    width = "() => document.querySelector('.phelps-lanes').getBoundingClientRect().width"
    before = front.page.evaluate(width)
    front.press("zoom-in")
    until(lambda: front.page.evaluate(width) > 1.2 * before)
    front.page.focus(".phelps-span[tabindex='0']")
    front.page.keyboard.press("-")
    until(lambda: front.page.evaluate(width) < 1.1 * before)
    front.page.keyboard.press("End")
    front.page.wait_for_selector(".phelps-span[data-task=b].phelps-selected:focus")
    front.shot("42-timeline")


def test_the_hint_follows_the_notebook(front: Front, server: Server) -> None:
    server.write("hint.ipynb", "n = 1", "m = 2")
    front.open("hint.ipynb")
    front.show_panel()
    front.page.wait_for_selector(".phelps-hint [data-act=enable]:visible")
    front.edit(0, LOAD)
    front.page.wait_for_selector(".phelps-hint [data-act=enable]", state="hidden")
    assert "✓" not in (front.page.text_content(".phelps-hint") or "")
    front.run_cell(0)
    front.page.wait_for_selector(".phelps-hint:has-text('✓ 1.')")
    front.shot("43-hint")
    front.edit(1, "%%task m\nm = 2")
    front.page.wait_for_selector(".phelps-panel g[data-task=m]")
    front.edit(1, "m = 2")
    front.page.wait_for_selector(".phelps-hint:visible")
