"""What differs between two values, as people are told."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from phelps_jupyter.records import diff, diff_tables
from phelps_jupyter.records.diff import difference

TABLE = pd.DataFrame({"a": range(10), "b": list("abcdefghij"), "c": [n / 10 for n in range(10)]})
GRID = np.arange(12.0).reshape(3, 4)


def doubled(x: int) -> int:
    return 2 * x


def tripled(x: int) -> int:
    return 3 * x


@dataclass
class Setting:
    """A record of the user's."""

    rate: float
    steps: tuple[int, ...] = ()


class Slotted:
    """One without a dictionary."""

    __slots__ = ("rate",)

    def __init__(self, rate: float) -> None:
        self.rate = rate


def with_cell(table: pd.DataFrame, row: object, column: str, value: object) -> pd.DataFrame:
    copy = table.copy()
    copy.loc[row, column] = value
    return copy


def with_element(array: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    copy = array.copy()
    copy[place] = value
    return copy


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (3, 4, ["3 -> 4"]),
        (1, 1.0, ["1 (int) -> 1.0 (float)"]),
        (None, 3, ["None -> 3 (int)"]),
        ("old", "new", ["'old' -> 'new'"]),
        (np.float64(0.5), np.float64(0.75), ["0.5 -> 0.75"]),
        (np.array(1), np.array(2), ["1 -> 2"]),
        ([1], np.array([1]), ["list of 1 -> array int64 (1,)"]),
        ("a\nb\nc\n", "a\nB\nc\n", [" a", "-b", "+B", " c"]),
        ("a" * 200, "a" * 199 + "b", ["-" + "a" * 200, "+" + "a" * 199 + "b"]),
    ],
)
def test_scalars_and_texts(old, new, lines):
    assert list(difference(old, new)) == lines


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ([1, 2, 3], [1, 5, 3], ["1 of 3 elements differs, first at [1]: 2 -> 5"]),
        ([1, 2], [1, 2, 3], ["1 element added at the end (2 -> 3)"]),
        ((1, 2, 3), (1,), ["2 elements removed at the end (3 -> 1)"]),
        ([1, 2], [0, 1, 2], ["1 element added (2 -> 3)", "2 of 2 elements differ, first at [0]: 1 -> 0"]),
        ([float("nan")], [float("nan"), 1], ["1 element added at the end (1 -> 2)"]),
        ({"a": 1}, {"a": 2}, ["['a']: 1 -> 2"]),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3, "d": 4}, ["2 keys added: 'c', 'd'", "key 'a' removed"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["the keys are in another order"]),
        (
            {"model": {"depth": [1, 2]}},
            {"model": {"depth": [1, 3]}},
            ["['model']: ['depth']: 1 of 2 elements differs, first at [1]: 2 -> 3"],
        ),
        ({1, 2}, {2, 3}, ["element 3 added", "element 1 removed"]),
        (
            dict.fromkeys(range(8), 1),
            dict.fromkeys(range(8), 2),
            ["8 values differ, among them:", *(f"[{key}]: 1 -> 2" for key in range(5))],
        ),
        (
            {"t": TABLE},
            {"t": TABLE.assign(x=1).drop(columns="a")},
            ["['t']:", "  column `x` added", "  column `a` removed"],
        ),
    ],
)
def test_containers(old, new, lines):
    assert list(difference(old, new)) == lines


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (TABLE, TABLE.assign(x=1), ["column `x` added"]),
        (TABLE, TABLE.drop(columns=["a", "b"]), ["2 columns removed: `a`, `b`"]),
        (TABLE, TABLE[["c", "a", "b"]], ["the columns are in another order"]),
        (TABLE, TABLE.astype({"a": "int32"}), ["column `a`: int64 -> int32"]),
        (TABLE, TABLE.iloc[2:], ["2 rows removed"]),
        (TABLE, TABLE.iloc[2:].reset_index(drop=True), ["2 rows removed"]),
        (TABLE.iloc[:8], TABLE, ["2 rows added at the end"]),
        (TABLE.iloc[:0], TABLE, ["0 rows -> 10 rows"]),
        (TABLE, TABLE.iloc[::-1], ["the rows are in another order"]),
        (TABLE, TABLE.set_index("b"), ["column `b` removed", "the index differs"]),
        (
            with_cell(TABLE, 3, "a", 99),
            with_cell(TABLE, 5, "b", "Q"),
            ["2 of 10 rows differ, in `a` by at most 96, `b`", "the first: row 3: 99 -> 3"],
        ),
        (
            TABLE.set_axis(["a", "a", "c"], axis=1),
            TABLE.set_axis(["a", "b", "b"], axis=1),
            ["columns ['a', 'a', 'c'] -> ['a', 'b', 'b']"],
        ),
        (
            pd.concat([TABLE, TABLE]),
            pd.concat([TABLE.iloc[1:], TABLE]),
            ["the index differs (20 -> 19 rows)"],
        ),
        (
            pd.DataFrame({"k": pd.Categorical(["a", "b"])}),
            pd.DataFrame({"k": pd.Categorical(["a", "c"])}),
            ["column `k`: another category", "1 of 2 rows differs, in `k`", "the first: row 1: 'b' -> 'c'"],
        ),
        (
            pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None])}),
            pd.DataFrame({"t": pd.to_datetime(["2021-01-01", None])}),
            [
                "1 of 2 rows differs, in `t`",
                "the first: row 0: 2020-01-01T00:00:00.000000 -> 2021-01-01T00:00:00.000000",
            ],
        ),
        (TABLE["a"], TABLE["a"] + 1, ["10 of 10 values differ, by at most 1", "the first: [0] 0 -> 1"]),
        (TABLE["a"], TABLE["a"].rename("z").astype("int32"), ["name 'a' -> 'z'", "dtype int64 -> int32"]),
        (TABLE.index, TABLE.index[2:], ["2 labels removed"]),
        (pd.Index(["a", "b"]), pd.Index(["a", "c"]), ["1 of 2 labels differs", "the first: [1] 'b' -> 'c'"]),
    ],
)
def test_tables_of_pandas(old, new, lines):
    assert list(difference(old, new)) == lines


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            GRID,
            with_element(GRID, (1, 2), 7.5),
            ["1 of 12 elements differs, by at most 1.5; first at [1, 2]: 6.0 -> 7.5"],
        ),
        (GRID, GRID.T, ["shape 3 x 4 -> 4 x 3"]),
        (GRID, GRID.astype("float32"), ["dtype float64 -> float32"]),
        (
            with_element(GRID, (0, 0), np.nan),
            with_element(with_element(GRID, (0, 0), np.nan), (2, 3), np.nan),
            ["1 of 12 elements differs; first at [2, 3]: 11.0 -> nan"],
        ),
        (np.array([True, False]), np.array([True, True]), ["1 of 2 elements differs; first at [1]: False -> True"]),
        (np.array([1j]), np.array([2j]), ["1 of 1 elements differs, by at most 1; first at [0]: 1j -> 2j"]),
        (
            np.array([1, "a"], dtype=object),
            np.array([1, "b"], dtype=object),
            ["1 of 2 elements differs; first at [1]: 'a' -> 'b'"],
        ),
        (scipy.sparse.eye_array(3).tocsr(), scipy.sparse.eye_array(3).tocsr() * 2, ["3 of 9 elements differ"]),
        (scipy.sparse.eye_array(3).tocsr(), scipy.sparse.eye_array(4).tocsr(), ["shape 3 x 3 -> 4 x 4"]),
        (
            pa.table({"a": [1, 2]}),
            pa.table({"a": [1, 3], "b": [1, 2]}),
            ["column `b` added", "column `a` with other values"],
        ),
        (pa.table({"a": [1, 2]}), pa.table({"a": [1]}), ["2 -> 1 rows"]),
    ],
)
def test_arrays_and_tables_of_others(old, new, lines):
    assert list(difference(old, new)) == lines


def test_objects_of_the_users_are_told_by_their_attributes():
    assert difference(Setting(0.5, (1,)), Setting(0.7, (1, 2))) == (
        ".rate: 0.5 -> 0.7",
        ".steps: 1 element added at the end (1 -> 2)",
    )


def test_objects_with_slots_are_told_by_them():
    assert difference(Slotted(1), Slotted(2)) == (".rate: 1 -> 2",)


def test_attributes_that_come_and_go_are_told():
    old, new = Setting(0.5), Setting(0.5)
    old.__dict__["before"] = new.__dict__["after"] = 1
    assert difference(old, new) == ("attribute 'after' added", "attribute 'before' removed")


def test_estimators_are_told_by_their_parameters():
    assert difference(RandomForestRegressor(n_estimators=100), RandomForestRegressor(n_estimators=200)) == (
        "parameter n_estimators: 100 -> 200",
    )


def test_fitted_estimators_are_told_by_what_they_have_learnt():
    inputs = np.array([[0.0], [1.0], [2.0]])
    lines = difference(LinearRegression().fit(inputs, [0, 1, 2]), LinearRegression().fit(inputs, [0, 2, 4]))
    assert lines[0].startswith(".coef_: 1 of 1 elements differs, by at most 1; first at [0]:")
    assert difference(LinearRegression(), LinearRegression().fit(inputs, [0, 1, 2]))[0].startswith("5 attributes added")


def test_functions_are_told_by_their_code():
    assert difference(doubled, tripled) == (
        "-def doubled(x: int) -> int:",
        "-    return 2 * x",
        "+def tripled(x: int) -> int:",
        "+    return 3 * x",
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (object(), object(), "object, differing in what is not compared here"),
        (MappingProxyType({"a": 1}), MappingProxyType({"a": 2}), "['a']: 1 -> 2"),
        (eval("lambda: 1"), eval("lambda: 2"), "function <lambda>, differing in what is not compared here"),
    ],
)
def test_of_anything_something_is_told(old, new, line):
    assert difference(old, new) == (line,)


class Touchy:
    """Nobody may look at it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_a_value_that_can_not_be_looked_at_is_no_error():
    assert difference(Touchy(), Touchy()) == ("Touchy, differing in what is not compared here",)


def test_many_lines_are_cut():
    lines = difference("\n".join("ab" * 50), "\n".join("cd" * 50))
    assert (len(lines), lines[-1]) == (21, ".. 180 lines more")


def test_a_long_text_is_told_by_its_first_difference(monkeypatch):
    monkeypatch.setattr(diff, "LOOKED_AT", 100)
    assert difference("a\n" * 100, "a\n" * 80 + "b\n" * 20) == (
        "str of 200 -> str of 200, first different at character 160",
    )


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ([0] * 9, [0] * 8 + [1], ["no difference was found", "(only the first 5 were compared)"]),
        ([0] * 9, [1] * 9, ["5 of 9 elements differ, first at [0]: 0 -> 1", "(only the first 5 were compared)"]),
    ],
)
def test_of_a_long_container_so_much_is_compared_and_that_is_said(old, new, lines, monkeypatch):
    monkeypatch.setattr(diff, "LOOKED_AT", 5)
    assert list(difference(old, new)) == lines


def test_a_slow_comparison_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(diff, "PATIENCE", 0.0)
    assert difference([1, 2, 3], [1, 2, 4])[-1] == "(only the first 1 were compared)"


def test_of_a_large_array_so_much_is_compared_and_that_is_said(monkeypatch):
    monkeypatch.setattr(diff_tables, "ELEMENTS_LOOKED_AT", 8)
    assert difference(GRID, with_element(GRID, (2, 3), 0)) == (
        "no difference was found",
        "(only the first 8 of 12 elements were compared)",
    )


def test_of_a_large_table_so_much_is_compared_and_that_is_said(monkeypatch):
    monkeypatch.setattr(diff_tables, "LOOKED_AT", 15)
    assert difference(TABLE, with_cell(TABLE, 1, "a", 5).iloc[:9]) == (
        "1 of 5 rows differs, in `a` by at most 4",
        "the first: row 1: 1 -> 5",
        "10 -> 9 rows",
        "(only the first 5 rows were compared)",
    )
