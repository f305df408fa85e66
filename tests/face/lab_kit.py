"""JupyterLab or Notebook 7 on loopback, and a browser in front of it: notebooks are opened, run and looked at."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page

HANG = 60.0
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM = shutil.which("chromium") or ""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """Of one module. ``app``: lab or notebook; ``windowing``: how notebooks draw what is not seen. All that it keeps
    lies in ``folder``."""

    def __init__(self, folder: Path, app: str = "lab", windowing: str = "") -> None:
        self.app = app
        self.root = folder / "notebooks"
        self.root.mkdir(parents=True)
        self.token = secrets.token_hex(8)
        self.port = free_port()
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        places |= {"IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "set", "JUPYTERLAB_WORKSPACES_DIR": "spaces"}
        env = os.environ | {name: str(folder / place) for name, place in places.items()}
        options = [
            f"--ServerApp.port={self.port}",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--allow-root",
            "--no-browser",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]
        if app == "notebook":
            options.append("--JupyterNotebookApp.expose_app_in_browser=True")
        # Its question would lie over what the tests press.
        _set(folder, "apputils-extension", "notification", fetchNews="false")
        if windowing:
            _set(folder, "notebook-extension", "tracker", windowingMode=windowing)
        with open(folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", app if app == "notebook" else "jupyterlab", *options],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._answers, lambda: (folder / "log").read_text())

    def _answers(self) -> bool:
        assert self._process.poll() is None, "the server has ended"
        try:
            return isinstance(self.get("status"), dict)
        except OSError:
            return False

    def get(self, path: str) -> Any:
        """What the server's API tells."""
        address = f"http://127.0.0.1:{self.port}/api/{path}?token={self.token}"
        with urllib.request.urlopen(address, timeout=HANG) as answer:
            return json.load(answer)

    def url(self, notebook: str) -> str:
        kind = "lab/tree" if self.app == "lab" else "notebooks"
        return f"http://127.0.0.1:{self.port}/{kind}/{path_of(notebook)}?token={self.token}&reset"

    def write(self, name: str, *sources: str) -> Path:
        """A notebook in a folder of its own, with these code cells; cell number N has the id ``cN``."""
        cells = [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": text}
            for n, text in enumerate(sources)
        ]
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
        path = self.root / path_of(name)
        path.parent.mkdir()
        path.write_text(json.dumps(content))
        return path

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(HANG)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _set(folder: Path, package: str, plugin: str, **settings: object) -> None:
    """As if somebody had chosen it in JupyterLab's settings."""
    path = folder / "set" / "@jupyterlab" / package / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


def path_of(notebook: str) -> str:
    """Below the server's root: each has its own store."""
    return f"{notebook.removesuffix('.ipynb')}/{notebook}"


def until(condition: Callable[[], object], told: Callable[[], object] = str, within: float = HANG) -> None:
    """Look again and again, and fail with what is told when it takes too long."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, told()
        time.sleep(0.05)


class Front:
    """A browser's page with a notebook. What the extension or the page logs as an error fails the test."""

    def __init__(self, browser: Browser, server: Server, shots: Path) -> None:
        self.server = server
        self._context = browser.new_context(viewport={"width": 1400, "height": 900})
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(HANG * 1000)
        self.errors: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_error)
        self._shots = shots

    def _on_error(self, error: Error) -> None:
        told = f"{error.message}\n{error.stack}"
        if "phelps" in told.lower():
            self.errors.append(told)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "phelps" in (message.text + str(message.location)).lower():
            self.errors.append(message.text)

    def open(self, notebook: str) -> None:
        """Open a notebook, and wait until its kernel is idle."""
        self.page.goto(self.server.url(notebook))
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.await_kernel(notebook)

    def await_kernel(self, notebook: str) -> None:
        self.wait_js(
            """name => { const all = [...jupyterapp.shell.widgets('main')];
                const one = all.find(w => w.context && w.context.path === name);
                return one && one.sessionContext.session?.kernel?.status === 'idle'
                    && one.sessionContext.session.kernel.connectionStatus === 'connected' }""",
            path_of(notebook),
        )

    def wait_js(self, expression: str, argument: object = None, within: float = HANG) -> None:
        self.page.wait_for_function(expression, arg=argument, timeout=within * 1000)

    def switch_to(self, notebook: str) -> None:
        """Open it beside the others, or come back to it."""
        self.page.evaluate("path => { void jupyterapp.commands.execute('docmanager:open', {path}) }", path_of(notebook))
        self.await_kernel(notebook)
        self.wait_js("path => jupyterapp.shell.currentWidget?.context?.path === path", path_of(notebook))

    def command(self, name: str) -> None:
        self.page.evaluate("name => jupyterapp.commands.execute(name)", name)

    def run_all(self) -> None:
        """Start all cells; returns at once."""
        self.page.evaluate("() => { void jupyterapp.commands.execute('notebook:run-all-cells') }")

    def idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.wait_js(
            """() => { const kernel = jupyterapp.shell.currentWidget.sessionContext.session?.kernel;
                return kernel && kernel.status === 'idle'
                  && jupyterapp.shell.currentWidget.content.widgets.every(w => w.prompt !== '*' ) }"""
        )

    def run_cell(self, number: int) -> None:
        """Start the cell; returns at once."""
        self.page.evaluate(
            """number => { const panel = jupyterapp.shell.currentWidget;
                panel.content.activeCellIndex = number; panel.content.deselectAll();
                void jupyterapp.commands.execute('notebook:run-cell') }""",
            number,
        )

    def edit(self, number: int, source: str) -> None:
        """The cell's text is this now; it is not run."""
        self.page.evaluate(
            "([number, source]) => jupyterapp.shell.currentWidget.content.model.cells.get(number)"
            ".sharedModel.setSource(source)",
            [number, source],
        )

    def undo(self, number: int) -> None:
        self.page.evaluate(
            "number => jupyterapp.shell.currentWidget.content.model.cells.get(number).sharedModel.undo()", number
        )

    def press(self, act: str) -> None:
        """One of the panel's buttons."""
        self.page.click(f".phelps-panel [data-act={act}]:not(:disabled)")

    def active_cell(self) -> int:
        place: int = self.page.evaluate("() => jupyterapp.shell.currentWidget.content.activeCellIndex")
        return place

    def badges(self) -> list[str]:
        """Texts of all badges, in the order of the cells."""
        texts: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('.jp-Cell > .phelps-badge')].map(badge => badge.textContent)"
        )
        return texts

    def looks(self) -> dict[str, str]:
        """Task -> how its cell's badge says it looks."""
        found = {}
        for text in self.badges():
            name, words = text[2:].split(" · ", 1)
            found[name] = words.split(" ")[0] if not words.startswith("maybe") else "maybe"
        return found

    def await_looks(self, wanted: dict[str, str], within: float = HANG) -> None:
        until(lambda: wanted.items() <= self.looks().items(), lambda: (wanted, self.looks()), within)

    def show_panel(self) -> None:
        self.command("phelps:show-tasks")
        self.page.wait_for_selector(".phelps-panel:visible")

    def nodes(self) -> Sequence[str]:
        """Names of the graph's nodes."""
        names: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('.phelps-panel g[data-task]')].map(node => node.dataset.task)"
        )
        return names

    def shot(self, name: str) -> None:
        self._shots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._shots / f"{name}.png")

    def close(self) -> None:
        self._context.close()
        assert not self.errors, self.errors
