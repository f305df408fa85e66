"""A first look at a stored value, in a process of its own: it runs code of users and libraries, and may take any time.

Told on stdin where the value lies (JSON), tells on stdout what to show: text, the head of a table, a picture.
"""

from __future__ import annotations

import base64
import io
import json
import reprlib
import signal
import sys
from collections.abc import Iterable
from typing import Any

from phelps_jupyter.core.board import Json
from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.processes import PR_SET_PDEATHSIG, control_process

ROWS, COLUMNS = 8, 12
TEXT, CELL = 2000, 40
"""Characters of a text, and of a table's cell."""
PICTURE = 500_000
"""Bytes."""


def main() -> None:
    """Read what to show, show it, and end."""
    # Who waits may end, and so may its patience.
    control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
    told = json.load(sys.stdin)
    signal.alarm(told["seconds"])
    sys.path[:] = told["path"]
    try:
        shown = preview(values.read(told["digest"], told["folder"]))
    except Exception as error:
        # Whatever a value does when it is loaded and looked at, the one who asked is told.
        shown = {"refused": f"it can't be shown: {type(error).__name__}: {error}"[:TEXT]}
    # What it has printed meanwhile is no answer.
    print("\n" + json.dumps(shown), end="", file=sys.__stdout__)


def preview(value: Any) -> Json:
    """``text``, ``table`` (``columns`` and ``rows`` of texts) or ``png`` (base64)."""
    library = type(value).__module__.partition(".")[0]
    if library == "pandas" and hasattr(value, "iloc"):
        return _pandas(value)
    if library == "polars" and type(value).__name__ == "DataFrame":
        return _table([""], value.columns, value.head(ROWS).rows(), range(ROWS))
    if library == "pyarrow" and type(value).__name__ == "Table":
        rows = ([row[name] for name in value.column_names] for row in value.slice(0, ROWS).to_pylist())
        return _table([""], value.column_names, rows, range(ROWS))
    if library == "matplotlib" and hasattr(value, "savefig"):
        return _figure(value)
    if library == "numpy":
        return {"text": _cut(f"{type(value).__name__} {value.dtype} {value.shape}\n{value!r}")}
    return {"text": _cut(_repr.repr(value))}


def _pandas(value: Any) -> Json:
    if hasattr(value, "to_frame"):
        value = value.to_frame()
    head = value.iloc[:ROWS, :COLUMNS]
    return _table(["" if head.index.name is None else head.index.name], head.columns, head.to_numpy(), head.index)


def _table(corner: Iterable[object], columns: Iterable[object], rows: Iterable[Iterable[object]], index: Any) -> Json:
    named = [_cell(name) for name in (*corner, *list(columns)[:COLUMNS])]
    told = [[_cell(name), *(_cell(one) for one in list(row)[:COLUMNS])] for name, row in zip(index, rows, strict=False)]
    return {"table": {"columns": named, "rows": told}}


def _figure(value: Any) -> Json:
    image = io.BytesIO()
    value.savefig(image, format="png", dpi=60)
    if image.tell() > PICTURE:
        return {"refused": "its picture is too large to be shown here"}
    return {"png": base64.b64encode(image.getvalue()).decode()}


def _cell(value: object) -> str:
    text = str(value)
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[: TEXT - 1]}…"


_repr = reprlib.Repr()
_repr.maxdict = _repr.maxlist = _repr.maxtuple = _repr.maxset = _repr.maxfrozenset = _repr.maxdeque = 30
_repr.maxstring = _repr.maxother = _repr.maxlong = 1000

if __name__ == "__main__":
    main()
