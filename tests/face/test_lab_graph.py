"""The graph below a cell: live, saved, and for front ends without the extension."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_kit import Front, Server, path_of, until
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
GRAPH = "application/vnd.phelps.graph+json"
BELOW = ".jp-OutputArea .phelps-graph-output"
SAVED = ".jp-OutputArea .phelps-graph-saved"


def slow(server: Server, name: str) -> tuple[str, Path]:
    """A task that waits for a file."""
    go = server.root / f"go-{name}"
    return f"%%task b\nimport os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\ny = x", go


def drawn(page: Page, within: str = BELOW) -> dict[str, str]:
    """Task -> how it looks in the graph."""
    script = """within => [...document.querySelectorAll(`${within} g[data-task]`)].map(node =>
        [node.dataset.task, [...node.classList].find(name => /^phelps-(?!node|selected|faint)/.test(name)).slice(7)])"""
    return dict(page.evaluate(script, within))


def await_drawn(front: Front, wanted: dict[str, str], within: str = BELOW) -> None:
    until(lambda: drawn(front.page, within) == wanted, lambda: drawn(front.page, within))


def saved_states(server: Server, name: str) -> dict[str, str]:
    """As the notebook's file has them."""
    found: dict[str, str] = {}
    for output in saved_outputs(server, name):
        found |= {task["name"]: task["state"] for task in output["data"].get(GRAPH, {}).get("tasks", ())}
    return found


def saved_outputs(server: Server, name: str) -> list[dict[str, Any]]:
    cells = json.loads((server.root / path_of(name)).read_text())["cells"]
    return [output for cell in cells for output in cell["outputs"] if "data" in output]


def test_the_graph_below_a_cell_lives_and_is_saved_as_it_ended(front: Front, server: Server) -> None:
    task, go = slow(server, "live")
    server.write("live.ipynb", LOAD, "%phelps graph", "%%task a\nx = 1", task)
    front.open("live.ipynb")
    front.run_all()
    await_drawn(front, {"a": "done", "b": "running"})
    front.shot("31-graph-running")
    go.touch()
    await_drawn(front, {"a": "done", "b": "done"})
    front.edit(2, "%%task a\nx = 2")
    await_drawn(front, {"a": "stale", "b": "maybe"})
    front.page.click(f"{BELOW} g[data-task=b]")
    front.page.wait_for_selector(".phelps-panel:visible g[data-task=b].phelps-selected")
    front.shot("32-graph-edited")
    front.command("docmanager:save")
    until(lambda: saved_states(server, "live.ipynb") == {"a": "done", "b": "done"})


def test_after_a_reload_it_lives_on_and_what_is_saved_follows(front: Front, server: Server) -> None:
    task, go = slow(server, "reload")
    server.write("reload.ipynb", LOAD, "%%task a\nx = 1", task, "%phelps graph")
    front.open("reload.ipynb")
    front.run_all()
    await_drawn(front, {"a": "done", "b": "running"})
    front.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    front.page.reload()
    front.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    await_drawn(front, {"a": "done", "b": "running"})
    go.touch()
    await_drawn(front, {"a": "done", "b": "done"})

    def is_saved() -> bool:
        front.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        return saved_states(server, "reload.ipynb") == {"a": "done", "b": "done"}

    until(is_saved, lambda: saved_states(server, "reload.ipynb"))


@pytest.fixture
def bare(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """JupyterLab with the manager of widgets, without our extension."""
    yield from _without(browser, tmp_path_factory.mktemp("bare"), "phelps-jupyter")


@pytest.fixture
def poor(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """JupyterLab with neither."""
    left_out = ("phelps-jupyter", "@jupyter-widgets/jupyterlab-manager")
    yield from _without(browser, tmp_path_factory.mktemp("poor"), *left_out)


def _without(browser: Browser, folder: Path, *extensions: str) -> Iterator[Front]:
    labconfig = folder / "config" / "labconfig"
    labconfig.mkdir(parents=True)
    disabled = {"disabledExtensions": dict.fromkeys(extensions, True)}
    (labconfig / "page_config.json").write_text(json.dumps(disabled))
    server = Server(folder)
    front = Front(browser, server, folder)
    yield front
    server.close()
    front.close()


def without_extension(front: Front, name: str) -> Path:
    """Such a notebook is open and runs; when the file is there, it goes on."""
    task, go = slow(front.server, name)
    front.server.write(f"{name}.ipynb", LOAD, "%%task a\nx = 1", task, "%phelps graph")
    front.open(f"{name}.ipynb")
    assert not front.page.evaluate("() => jupyterapp.hasPlugin('phelps-jupyter:plugin')")
    front.run_all()
    return go


def reopened(front: Front, name: str) -> str:
    """What the notebook shows when it was saved, and is opened without a kernel."""
    front.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    front.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    front.page.goto(front.server.url(name))
    front.page.wait_for_selector(SAVED)
    return front.page.text_content(".jp-Notebook") or ""


def test_without_the_extension_a_widget_lives_and_a_table_is_left(bare: Front) -> None:
    go = without_extension(bare, "widget")
    await_drawn(bare, {"a": "done", "b": "running"}, ".phelps-widget")
    bare.shot("33-widget")
    go.touch()
    bare.page.wait_for_selector(f"{SAVED} >> text=✓ done >> nth=1")
    bare.shot("34-widget-settled")
    assert bare.page.query_selector(".phelps-widget") is None
    assert "not found" not in reopened(bare, "widget.ipynb")
    bare.shot("35-widget-reopened")


def test_without_a_manager_of_widgets_the_table_stands(poor: Front) -> None:
    go = without_extension(poor, "table")
    # As it was when its cell ran, until all has settled.
    poor.page.wait_for_selector(SAVED)
    poor.shot("36-table")
    go.touch()
    poor.page.wait_for_selector(f"{SAVED} >> text=✓ done >> nth=1")
    assert "not found" not in reopened(poor, "table.ipynb")
