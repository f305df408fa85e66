"""The oracle for cells with magics: a fresh IPython executes all cells, top to bottom. Knows nothing of Phelps."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from ours import Shell
from traitlets.config import Config

ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class Plain(Shell):
    """Runs programs as a kernel does: what they print goes through Python's stdout."""

    system = InteractiveShell.system_piped


def run(cells: Sequence[Sequence[str]], files: Mapping[str, str], env: Mapping[str, str]) -> dict[str, Any]:
    """Each cell's text and error. ``cells``: ids and sources."""
    with tempfile.TemporaryDirectory(prefix="phelps-fresh-") as folder:
        for name, text in files.items():
            Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, name).write_text(text)
        os.chdir(folder)
        os.environ.update(env)
        sys.path.insert(0, "")
        settings = Config()
        settings.HistoryManager.enabled = False
        shell = Plain.instance(config=settings)
        return {name: _execute(shell, source) for name, source in cells}


def _execute(shell: InteractiveShell, source: str) -> dict[str, Any]:
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
        result = shell.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    return {"text": ADDRESS.sub("", stdout.getvalue()).strip(), "error": type(error).__name__ if error else None}
