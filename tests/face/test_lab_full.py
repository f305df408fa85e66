"""A notebook of 500 cells of which JupyterLab only has those that are seen: cells and nodes still find one another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lab_kit import Front, Server, until

pytestmark = pytest.mark.browser

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
FILLER = ["# words\n" * (1 + number % 12) for number in range(497)]
CELLS = [LOAD, *FILLER[:300], "%%task far\nx = 1", *FILLER[300:], "%%task end\ny = x"]
CENTRED = """() => { const { content } = jupyterapp.shell.currentWidget;
    const cell = content.activeCell.node.getBoundingClientRect(); const view = content.node.getBoundingClientRect();
    return cell.height > 0 && cell.top > view.top + view.height / 8 && cell.bottom < view.bottom - view.height / 8 }"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("full"), windowing="full")
    yield server
    server.close()


def test_a_node_leads_to_its_cell_and_a_cell_to_its_node(front: Front, server: Server) -> None:
    server.write("full.ipynb", *CELLS)
    front.open("full.ipynb")
    front.show_panel()
    front.run_cell(0)
    front.page.wait_for_selector(".phelps-panel g[data-task=far]")
    front.wait_js("() => jupyterapp.shell.currentWidget.content.notebookConfig.windowingMode === 'full'")
    front.page.click(".phelps-panel g[data-task=far]")
    until(lambda: front.active_cell() == 301, front.active_cell)
    front.wait_js(CENTRED)
    front.page.wait_for_selector(".jp-Cell.jp-mod-active > .phelps-badge")
    front.shot("34-full-centred")
    front.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 499 }")
    front.page.wait_for_selector(".phelps-panel g[data-task=end].phelps-selected")
    front.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 301 }")
    front.page.wait_for_selector(".phelps-panel g[data-task=far].phelps-selected")
    front.press("stale")
    front.page.wait_for_selector(".phelps-panel g[data-task=end].phelps-done")
    front.page.click(".phelps-panel g[data-task=end]")
    until(lambda: front.active_cell() == 499, front.active_cell)
    front.page.wait_for_selector(".jp-Cell.jp-mod-active[data-phelps=done] > .phelps-badge")
    front.shot("35-full-end")
