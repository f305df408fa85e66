"""Runs a notebook from top to bottom in a real kernel, as a person would. Knows nbclient; decides nothing."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from phelps_jupyter.errors import RunError
from phelps_jupyter.faces.cards import MIME as CARD
from phelps_jupyter.faces.report import MIME as REPORT

Progress = Callable[[str, str, "dict[str, float] | None"], None]
"""Told a task's name, its state and, where its body counts, how much is ``done`` of the ``total``; at each change."""


@dataclass(frozen=True, slots=True)
class Request:
    """One headless run. ``tasks``: None for all."""

    path: Path
    store: Path
    cluster: str
    tasks: tuple[str, ...] | None = None
    forced: bool = False


@dataclass(slots=True)
class Executed:
    """What came of it: the report of each task, and for plain cells the error, by cell id (None: it ran well)."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    cells: dict[str, str | None] = field(default_factory=dict)
    interrupted: bool = False


class Client(NotebookClient):
    """An nbclient that tells the kernel which cell it runs, and us how tasks go on."""

    progress: Progress | None = None

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, execution_count: int | None = None, store_history: bool = True
    ) -> NotebookNode:
        """Run one cell; its id goes along as front ends send it."""
        assert self.kc is not None
        self.kc.session.metadata = {"cellId": cell.id}
        return await super().async_execute_cell(cell, cell_index, execution_count, store_history)

    async def hidden(self, source: str) -> NotebookNode:
        """Run code that is no cell of the notebook. Errors: RunError with what went wrong in the kernel."""
        cell = nbformat.v4.new_code_cell(source)
        self.nb.cells.append(cell)
        try:
            done = await self.async_execute_cell(cell, len(self.nb.cells) - 1, store_history=False)
        finally:
            self.nb.cells.remove(cell)
        error = _error(done)
        if error is not None and not error.startswith("KeyboardInterrupt"):
            raise RunError(error)
        return done

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Every output message; cards tell the state of their tasks."""
        card = msg["content"].get("data", {}).get(CARD) if "data" in msg["content"] else None
        if card is not None and self.progress is not None:
            self.progress(card["task"], card["state"], card.get("progress"))
        return super().process_message(msg, cell, cell_index)


def execute(notebook: NotebookNode, request: Request, progress: Progress) -> Executed:
    """Run the notebook; its cells hold their outputs afterwards. Errors: RunError when the kernel died."""
    try:
        return asyncio.run(_execute(notebook, request, progress))
    except DeadKernelError as error:
        raise RunError(
            "the kernel died while a plain cell ran; what tasks had finished is kept, run again to go on"
        ) from error


async def _execute(notebook: NotebookNode, request: Request, progress: Progress) -> Executed:
    executed = Executed()
    with tempfile.TemporaryDirectory(prefix="phelps-") as sockets:
        # Sockets in a folder that only we can open; TCP on the loopback would be open to every user of the host.
        kernel = AsyncKernelManager(
            kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
            transport="ipc",
            connection_file=str(Path(sockets, "kernel.json")),
        )
        folder = {"metadata": {"path": str(request.path.parent)}}
        client = Client(notebook, km=kernel, allow_errors=True, timeout=None, resources=folder)
        client.progress = progress
        try:
            async with client.async_setup_kernel():
                await _drive(client, kernel, request, executed)
        finally:
            if kernel.has_kernel:
                await kernel.shutdown_kernel()
    _place_outputs(notebook, executed)
    return executed


async def _drive(client: Client, kernel: AsyncKernelManager, request: Request, executed: Executed) -> None:
    """From the first cell to the last, and on to the end of all tasks; cancels them when interrupted."""
    background: set[asyncio.Future[None]] = set()

    def interrupt() -> None:
        # The first time the running cell ends with KeyboardInterrupt, as by the front end's button; then the kernel.
        act = kernel.shutdown_kernel(now=True) if executed.interrupted else kernel.interrupt_kernel()
        executed.interrupted = True
        background.add(asyncio.ensure_future(act))

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupt)
    await _begin(client, request)
    await _run_cells(client, executed)
    if not executed.interrupted:
        await client.hidden(_magic("wait"))
    if executed.interrupted:
        await client.hidden(_magic("cancel"))
        await client.hidden(_magic("wait"))
    executed.tasks = await _report(client)
    await client.hidden(_magic("cluster stop"))


def _magic(command: str) -> str:
    return f"get_ipython().run_line_magic('phelps', {command!r})"


async def _begin(client: Client, request: Request) -> None:
    cells = [{"id": cell.id, "source": cell.source} for cell in client.nb.cells if cell.cell_type == "code"]
    told = {
        "path": str(request.path),
        "store": str(request.store),
        "cluster": request.cluster,
        "tasks": request.tasks,
        "forced": request.forced,
        "cells": cells,
    }
    module = "__import__('phelps_jupyter.faces.magics', fromlist=['begin'])"
    await client.hidden(f"{module}.begin(get_ipython(), {json.dumps(told)!r})")


def _error(cell: NotebookNode) -> str | None:
    for output in cell.outputs:
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}"
    return None


async def _run_cells(client: Client, executed: Executed) -> None:
    stopped = False
    for index, cell in enumerate(client.nb.cells):
        if cell.cell_type != "code" or not cell.source.strip() or executed.interrupted:
            continue
        is_task = cell.source.lstrip().startswith("%%task")
        cell.outputs = []
        if stopped and not is_task:
            continue
        await client.async_execute_cell(cell, index)
        executed.cells[cell.id] = _error(cell)
        stopped = stopped or (not is_task and executed.cells[cell.id] is not None)


async def _report(client: Client) -> list[dict[str, Any]]:
    done = await client.hidden(_magic("report"))
    return [task for output in done.outputs for task in output.get("data", {}).get(REPORT, ())]


def _place_outputs(notebook: NotebookNode, executed: Executed) -> None:
    """Put what each task wrote under its card, as the outputs of its cell."""
    by_id = {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
    for task in executed.tasks:
        cell = by_id.get(task["cell_id"])
        if cell is not None:
            cell.outputs = [*cell.outputs, *_outputs(task, cell.execution_count)]
    for cell in by_id.values():
        cell.outputs = joined_streams(cell.outputs)


def joined_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs with adjacent pieces of one stream as one, as front ends save them: where a stream is cut is chance."""
    found: list[NotebookNode] = []
    for output in outputs:
        if found and output.output_type == "stream" and output.name == found[-1].get("name"):
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def _outputs(task: Mapping[str, Any], count: int | None) -> Sequence[NotebookNode]:
    found = [_output(frame, count) for frame in task["frames"]]
    error = task["error"]
    if error is not None and task["traceback"]:
        found.append(
            nbformat.v4.new_output(
                "error", ename=error["type"], evalue=error["message"], traceback=task["traceback"].splitlines()
            )
        )
    return found


def _output(frame: Mapping[str, Any], count: int | None) -> NotebookNode:
    bundle = {"data": frame["data"], "metadata": frame["metadata"]}
    output: NotebookNode
    match frame["kind"]:
        case "stdout" | "stderr" as stream:
            output = nbformat.v4.new_output("stream", name=stream, text=frame["text"])
        case "result":
            output = nbformat.v4.new_output("execute_result", **bundle, execution_count=count)
        case _:
            output = nbformat.v4.new_output("display_data", **bundle)
    return output
