"""Reads the code cells of a notebook file. Uses its JSON as it is: importing nbformat costs more than all the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.errors import DeclarationError


def notebook_path(env: Mapping[str, str]) -> Path | None:
    """The notebook that this kernel belongs to, as Jupyter Server tells it; None when it does not."""
    told = env.get("JPY_SESSION_NAME", "")
    path = Path(told)
    if told.endswith(".ipynb") and path.is_file():
        return path.absolute()
    beside = Path(path.name)
    return beside.absolute() if told.endswith(".ipynb") and beside.is_file() else None


def named_by_file(cell_id: str | None) -> str | None:
    """A front end's id of a cell, if the file can have it: VS Code takes the address of its editor."""
    return None if cell_id is None or cell_id.startswith("vscode-notebook-cell") else cell_id


@dataclass(frozen=True, slots=True)
class SavedNotebook:
    """The code cells of a file, in order, and where each stands among all cells (0-based)."""

    cells: tuple[Cell, ...]
    places: Mapping[CellId, int]


def read_notebook(path: Path) -> SavedNotebook:
    """Read a notebook file. Errors: DeclarationError when the file is no notebook."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [(place, cell) for place, cell in enumerate(content["cells"]) if cell["cell_type"] == "code"]
        named = [(place, CellId(cell.get("id", f"cell-{place}")), _source(cell)) for place, cell in found]
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DeclarationError(f"{path}: this is no notebook of format 4 ({error})") from error
    return SavedNotebook(
        tuple(Cell(name, source) for _, name, source in named), {name: place for place, name, _ in named}
    )


def _source(cell: Mapping[str, object]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)
