"""First looks at stored values: what is shown, and what is refused."""

from __future__ import annotations

import base64
import queue
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.board import Json
from phelps_jupyter.faces.preview import TEXT, preview
from phelps_jupyter.faces.previews import LARGEST, Previews, Wanted, looked

HANG = 60.0


class Slow:
    """Takes long to be loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__("time").sleep, (600,)


class Dying:
    """Ends the process that loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__("os")._exit, (3,)


def wanted(folder: Path, value: object) -> Wanted:
    store = DiskStore(str(folder / ".phelps"))
    return Wanted(store.put("x", value), store.folder, str(folder), tuple(sys.path))


def test_the_head_of_a_frame_is_a_table(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": [f"n{n}" for n in range(50)], "long": ["y" * 100] * 50})
    table: Any = looked(wanted(tmp_path, frame))["table"]
    assert table["columns"] == ["", "name", "long"]
    assert [row[:2] for row in table["rows"]] == [[str(n), f"n{n}"] for n in range(8)]
    assert len(table["rows"][0][2]) == 40


def test_other_tables_are_told_alike() -> None:
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    told = {"table": {"columns": ["", "a", "b"], "rows": [["0", "1", "x"], ["1", "2", "None"]]}}
    columns = {"a": [1, 2], "b": ["x", None]}
    assert preview(polars.DataFrame(columns)) == preview(pyarrow.table(columns)) == told
    pandas = pytest.importorskip("pandas")
    series: Any = preview(pandas.Series([5, 6], index=["p", "q"], name="s"))
    assert series == {"table": {"columns": ["", "s"], "rows": [["p", "5"], ["q", "6"]]}}


def test_an_array_is_told_by_its_shape_and_first_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    text = str(preview(numpy.arange(1_000_000).reshape(1000, 1000))["text"])
    assert text.startswith("ndarray int64 (1000, 1000)\narray([[")
    assert len(text) <= TEXT


def test_a_figure_is_a_small_picture(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib.figure")
    figure = matplotlib.Figure()
    figure.subplots().plot([1, 2, 1])
    png = base64.b64decode(str(looked(wanted(tmp_path, figure))["png"]))
    assert png.startswith(b"\x89PNG")


def test_a_long_value_is_cut_and_an_odd_one_shown_by_its_repr() -> None:
    assert len(str(preview("x" * 10**6)["text"])) < TEXT
    assert str(preview(list(range(10**6)))["text"]).endswith("...]")
    assert preview({"a": 1}) == {"text": "{'a': 1}"}


def test_what_takes_too_long_is_refused(tmp_path: Path) -> None:
    refused = {"refused": "no look at it was ready after 2 s; read it in a cell"}
    assert looked(wanted(tmp_path, Slow()), seconds=2) == refused


def test_what_ends_its_process_harms_nobody(tmp_path: Path) -> None:
    assert "ended with 3" in str(looked(wanted(tmp_path, Dying()))["refused"])


def test_what_is_gone_is_said(tmp_path: Path) -> None:
    gone = wanted(tmp_path, [1])
    for each in (tmp_path / ".phelps" / "objects").rglob("*"):
        if each.is_file():
            each.unlink()
    assert "FileNotFoundError" in str(looked(gone)["refused"])


def test_the_answer_comes_in_another_thread_and_a_huge_value_is_not_loaded(tmp_path: Path) -> None:
    answers: queue.Queue[Json] = queue.Queue()
    small = wanted(tmp_path, [1, 2])
    Previews().ask(small, answers.put)
    assert answers.get(timeout=HANG) == {"text": "[1, 2]"}
    Previews().ask(replace(small, version=replace(small.version, size=LARGEST + 1)), answers.put)
    assert "only up to 500 MB are loaded for a look" in str(answers.get(timeout=HANG)["refused"])
