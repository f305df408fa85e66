"""What ``phelps run`` does, in a process of its own but without a kernel: the extension in an InteractiveShell."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from phelps_jupyter.faces import magics
from phelps_jupyter.faces.report import kernel_report

ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Silent(DisplayPublisher):
    """Shows no card."""

    def publish(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    def clear_output(self, *_: Any, **__: Any) -> None:
        """Nothing."""


class Echo(DisplayHook):
    """Shows a cell's value as text, without a prompt."""

    def write_output_prompt(self) -> None:
        """None."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: object = None) -> None:
        """The text alone."""
        del md_dict
        print(format_dict["text/plain"])

    def finish_displayhook(self) -> None:
        """No empty line."""
        self._is_active = False


class Shell(InteractiveShell):
    """Prints no traceback and no card."""

    display_pub_class = Type(Silent)
    displayhook_class = Type(Echo)

    def _showtraceback(self, *_: Any, **__: Any) -> None:
        """The error is in the result."""


def run(folder: str, cells: Sequence[Sequence[str]], env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Each cell's text and error, and the report of each task. ``cells``: ids and texts."""
    os.chdir(folder)
    os.environ.update(env or {})
    sys.path[:] = ["", *sys.path]
    settings = Config()
    settings.HistoryManager.enabled = False
    shell = Shell.instance(config=settings)
    told = {
        "path": os.path.join(folder, "book.ipynb"),
        "store": os.path.join(folder, ".phelps"),
        "cluster": "none",
        "tasks": None,
        "forced": False,
        "cells": [{"id": name, "source": source} for name, source in cells],
    }
    magics.begin(shell, json.dumps(told))
    shown = _run_cells(shell, cells)
    shell.run_line_magic("phelps", "wait")
    report = kernel_report(magics.load(shell).session)
    magics.unload(shell)
    for task in report:
        shown[str(task["cell_id"])] = _shown(task)
    return {"cells": shown, "tasks": [_brief(task) for task in report]}


def _run_cells(shell: InteractiveShell, cells: Sequence[Sequence[str]]) -> dict[str, Any]:
    """As the command line does: after a plain cell failed, only tasks go on."""
    shown: dict[str, Any] = {}
    stopped = False
    for name, source in cells:
        is_task = source.lstrip().startswith("%%task")
        if stopped and not is_task:
            shown[name] = {"text": "", "error": "NotRun"}
            continue
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
            result = shell.run_cell(source, store_history=True, cell_id=name)
        error = result.error_before_exec or result.error_in_exec
        shown[name] = {"text": ADDRESS.sub("", stdout.getvalue()), "error": type(error).__name__ if error else None}
        if error is not None:
            shown[name]["why"] = str(error)
        stopped = stopped or (not is_task and error is not None)
    return shown


def _shown(task: dict[str, Any]) -> dict[str, Any]:
    text = "".join(_frame(frame) for frame in task["frames"] if frame["kind"] != "stderr")
    error = task["error"]
    kind = None if task["state"] in ("done", "reused") else str(task["state"])
    return {
        "text": ADDRESS.sub("", text),
        "error": error["type"] if error is not None and task["state"] == "failed" else kind,
        "why": task["because"],
    }


def _frame(frame: dict[str, Any]) -> str:
    return str(frame["text"]) if frame["kind"] == "stdout" else f"{frame['data'].get('text/plain', '')}\n"


def _brief(task: dict[str, Any]) -> dict[str, Any]:
    reasons = [reason["text"] for reason in task["reasons"]]
    return {"cell": task["cell_id"], "state": task["state"], "ran": task["ran"], "reasons": reasons}
