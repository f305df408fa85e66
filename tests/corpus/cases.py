"""Cases as notebooks in folders, run by the public command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from command_line import phelps

HANG = 120


def read(name: str) -> list[dict[str, Any]]:
    """The cases of a file in this folder."""
    cases: list[dict[str, Any]] = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return cases


@dataclass(frozen=True)
class Shown:
    """What a run of the notebook executed and what its cells show."""

    ran: frozenset[str]
    """Tasks whose bodies were executed, and plain cells."""
    texts: Mapping[str, str]
    errors: Mapping[str, str | None]
    failed: frozenset[str]
    """Tasks that failed, perhaps before their bodies were executed."""
    reasons: Mapping[str, Sequence[str]]


@dataclass
class CaseFolder:
    """A folder with a notebook whose cells are tasks, but for those that can't be."""

    folder: Path

    def write_files(self, files: Mapping[str, str]) -> None:
        """Put files there; those that hold what they should are left alone."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != content.encode():
                path.write_bytes(content.encode())

    def run(self, cells: Mapping[str, str], env: Mapping[str, str] | None = None) -> Shown:
        """Run what is stale."""
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        for name, source in cells.items():
            cell = nbformat.v4.new_code_cell(source)
            cell.id = name
            notebook.cells.append(cell)
        nbformat.write(notebook, self.folder / "book.ipynb")
        words = ("run", "book.ipynb", "--json", "--cluster", "none", "-o", "out.ipynb")
        done = phelps(*words, folder=self.folder, hang=HANG, env=env)
        assert done.stdout, done.stderr
        return _shown(json.loads(done.stdout), nbformat.read(self.folder / "out.ipynb", 4))


def _shown(report: Mapping[str, Any], notebook: nbformat.NotebookNode) -> Shown:
    by_id = {cell.id: cell for cell in notebook.cells}
    return Shown(
        ran=frozenset(cell["id"] for cell in report["cells"] if cell["ran"]),
        texts={name: _text(cell) for name, cell in by_id.items()},
        errors={name: _error(cell) for name, cell in by_id.items()},
        failed=frozenset(task["name"] for task in report["tasks"] if task["state"] == "failed"),
        reasons={task["name"]: [reason["text"] for reason in task["reasons"]] for task in report["tasks"]},
    )


def _text(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream").strip()


def _error(cell: nbformat.NotebookNode) -> str | None:
    return next((output.ename for output in cell.outputs if output.output_type == "error"), None)
