"""Notebooks that are read where nothing runs: cards and graphs show what was, trusted or not, and as a page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import phelps
from lab_kit import HANG, Front, Server
from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

CELLS = [
    "%load_ext phelps_jupyter",
    "%phelps graph",
    "%%task a\nx = 1\nprint('from a')",
    "%%task b\ny = x / 0",
    "%%task c\nz = y",
]
WORDS = ["✓ a · done", "✗ b · failed", "ZeroDivisionError", "⤼ c · skipped", "from a"]


@pytest.fixture
def reader(browser: Browser, server: Server, tmp_path: Path) -> Iterator[Front]:
    front = Front(browser, server, Path(os.environ.get("PHELPS_SHOTS") or tmp_path))
    yield front
    front.close()


def ran(server: Server, name: str) -> Path:
    """A notebook that was run from the shell, with its outputs."""
    path = server.write(name, *CELLS)
    done = phelps("run", path.name, "--inplace", "--cluster", "none", folder=path.parent, hang=HANG)
    assert done.returncode == 1, done.stderr
    content = json.loads(path.read_text())
    # Of a machine that has what this one has not: no kernel is started.
    content["metadata"]["kernelspec"] = {"name": "elsewhere", "display_name": "Elsewhere", "language": "python"}
    path.write_text(json.dumps(content))
    return path


def opened(front: Front, name: str) -> str:
    """What the notebook shows without a kernel."""
    front.page.goto(front.server.url(name))
    front.page.click(".jp-Dialog button:has-text('No Kernel')")
    front.page.wait_for_selector(".phelps-graph-output g[data-task=c]")
    front.page.wait_for_selector(".phelps-card >> text=⤼ c")
    assert front.server.get("kernels") == []
    return front.page.text_content(".jp-Notebook") or ""


def is_trusted(front: Front) -> bool:
    cells = "jupyterapp.shell.currentWidget.content.model.cells"
    found: bool = front.page.evaluate(f"() => [...Array({cells}.length).keys()].every(at => {cells}.get(at).trusted)")
    return found


def test_an_untrusted_notebook_shows_the_state_of_then(reader: Front) -> None:
    ran(reader.server, "untrusted.ipynb")
    text = opened(reader, "untrusted.ipynb")
    assert not is_trusted(reader)
    assert [word for word in WORDS if word not in text] == []
    assert "As it was when it was saved: 1 failed, 1 skipped, 1 done" in text
    reader.shot("41-untrusted")


def test_a_trusted_one_shows_the_same(reader: Front) -> None:
    path = ran(reader.server, "trusted.ipynb")
    command = [sys.executable, "-m", "jupyter", "trust", str(path)]
    env = os.environ | {"JUPYTER_DATA_DIR": str(reader.server.root.parent / "data")}
    subprocess.run(command, check=True, capture_output=True, timeout=HANG, env=env)
    text = opened(reader, "trusted.ipynb")
    assert is_trusted(reader)
    assert [word for word in WORDS if word not in text] == []
    assert "As it was when it was saved: 1 failed, 1 skipped, 1 done" in text
    reader.shot("42-trusted")


def test_a_page_made_by_nbconvert_has_table_and_picture(browser: Browser, server: Server, tmp_path: Path) -> None:
    path = ran(server, "page.ipynb")
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", str(path), "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=HANG)
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    def answer(route: Route) -> None:
        # The page's own frame asks for scripts of others, which are not there.
        route.fulfill(body="", content_type="text/javascript")

    page.route(re.compile("^https?:"), answer)
    page.goto((tmp_path / "page.html").as_uri())
    image = page.locator(".phelps-graph-saved img")
    image.wait_for()
    assert image.evaluate("image => image.complete && image.naturalWidth") == 2 * 12 + 168
    rows = page.locator(".phelps-graph-saved tbody tr").all_text_contents()
    assert [row[:6] for row in rows] == ["a✓ don", "b✗ fai", "c⤼ ski"]
    text = page.text_content("body") or ""
    assert [word for word in WORDS if word not in text] == []
    page.screenshot(path=tmp_path / "43-page.png", full_page=True)
    page.close()
    assert errors == []
