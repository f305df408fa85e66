"""Notebooks written to a folder and run by the public command, and kernels driven as a front end drives them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from command_line import PHELPS, phelps
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

HANG = 80


@dataclass
class Ran:
    """What the command said."""

    code: int
    report: dict[str, Any]
    stderr: str

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        return {task["name"]: task for task in self.report["tasks"]}

    def ran(self) -> list[str]:
        """The tasks whose bodies were executed."""
        return [task["name"] for task in self.report["tasks"] if task["ran"]]

    def summary(self, task: str, name: str) -> str:
        """What the task's output is, in words."""
        return next(output["summary"] for output in self.tasks[task]["outputs"] if output["name"] == name)

    def why(self, task: str) -> list[str]:
        return [reason["text"] for reason in self.tasks[task]["reasons"]]


@dataclass
class Book:
    """A notebook in a folder of its own: cell id -> source, in order."""

    folder: Path
    cells: dict[str, str] = field(default_factory=dict)
    cluster: str = "none"

    @property
    def path(self) -> Path:
        return self.folder / "book.ipynb"

    def write(self, cells: dict[str, str] | None = None) -> Path:
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        for name, source in (cells or self.cells).items():
            cell = nbformat.v4.new_code_cell(source)
            cell.id = name
            notebook.cells.append(cell)
        nbformat.write(notebook, self.path)
        return self.path

    def edit(self, cell: str, old: str, new: str) -> None:
        assert old in self.cells[cell]
        self.cells[cell] = self.cells[cell].replace(old, new)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.write()
        command = [*PHELPS, "run", self.path.name, "--json", "--cluster", self.cluster, *arguments]
        return subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def run(self, *arguments: str) -> Ran:
        done = self.command("run", self.path.name, "--json", "--cluster", self.cluster, *arguments)
        assert done.stdout, done.stderr
        return Ran(done.returncode, json.loads(done.stdout), done.stderr)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        self.write()
        return phelps(*words, folder=self.folder, hang=HANG)

    def plan(self) -> Ran:
        done = self.command("plan", self.path.name, "--json")
        return Ran(done.returncode, json.loads(done.stdout), done.stderr)

    def outputs(self, path: Path) -> dict[str, list[dict[str, Any]]]:
        return {cell.id: cell.outputs for cell in nbformat.read(path, 4).cells}


def finished(process: subprocess.Popen[str]) -> Ran:
    stdout, stderr = process.communicate(timeout=HANG)
    assert stdout, stderr
    return Ran(process.returncode, json.loads(stdout), stderr)


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Book]:
    """Makes a notebook from cells given by name."""

    def make(cluster: str = "none", **cells: str) -> Book:
        return Book(tmp_path, cells, cluster)

    return make


@dataclass
class Kernel:
    """A real kernel; cells are executed as a front end does."""

    client: BlockingKernelClient
    manager: KernelManager
    displays: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Display id -> the bundle it shows now."""
    told: list[dict[str, Any]] = field(default_factory=list)
    """What it said on comms, in order."""

    def execute(self, source: str, cell: str = "", timeout: float = HANG) -> list[dict[str, Any]]:
        """Run a cell to its end; its output messages."""
        return self.collect(self.send(source, cell), timeout)

    def send(self, source: str, cell: str = "") -> str:
        self.client.session.metadata = {"cellId": cell} if cell else {}
        return self.client.execute(source)

    def collect(self, request: str, timeout: float = HANG) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            self.see(message)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found
            found.append(message)

    def see(self, message: dict[str, Any]) -> None:
        if message["msg_type"] == "comm_msg":
            self.told.append(message["content"])
        if message["msg_type"] in ("display_data", "update_display_data"):
            name = message["content"]["transient"].get("display_id")
            if name:
                self.displays[name] = message["content"]["data"]

    def text(self, source: str, cell: str = "") -> str:
        """Everything that a cell showed as text."""
        return shown(self.execute(source, cell))

    def card(self, task: str) -> str:
        """The newest card of a task, as text."""
        names = [name for name in self.displays if name.startswith(f"phelps-{task}-")]
        return str(self.displays[names[-1]]["text/plain"]) if names else ""


def shown(messages: list[dict[str, Any]]) -> str:
    """What stands below a cell as text. What one print writes may come in two pieces."""
    pieces: list[tuple[str, str]] = []
    for message in messages:
        content, kind = message["content"], message["msg_type"]
        match kind:
            case "clear_output":
                pieces.clear()
            case "stream" if pieces and pieces[-1][0] == kind:
                pieces[-1] = kind, pieces[-1][1] + content["text"]
            case "stream":
                pieces.append((kind, content["text"]))
            case "error":
                pieces.append((kind, f"{content['ename']}: {content['evalue']}"))
            case "execute_result" | "display_data":
                pieces.append((kind, str(content["data"].get("text/plain", ""))))
    return "\n".join(text for _, text in pieces)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel in an empty folder, with the extension loaded and tasks run without a cluster."""
    with tempfile.TemporaryDirectory(prefix="phelps-") as sockets:
        manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=f"{sockets}/kernel.json")
        manager.start_kernel(cwd=str(tmp_path))
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            started = Kernel(client, manager)
            assert started.text("%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'") == ""
            yield started
        finally:
            client.stop_channels()
            manager.shutdown_kernel()
            manager.cleanup_resources()
