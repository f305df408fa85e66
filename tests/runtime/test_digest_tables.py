"""Tables and columns of pandas and polars: which of them are equal for a reader."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from digest_kit import (
    REVERSED,
    STRINGS,
    OwnFrame,
    Table,
    check_different,
    check_same,
    frame,
    looked_at,
    masked_numbers,
    noted,
    shared,
    with_attrs,
)

POLARS = pl.DataFrame({"a": [1, 2], "b": ["x", None], "c": [[1], [2, 3]]})
MIDNIGHT = [pd.Timestamp("2020", tz="UTC")]
IN_POLARS = pl.Series([datetime.datetime(2020, 1, 1)])


def twins(last: object) -> pd.DataFrame:
    return pd.DataFrame([[1, [2]], [3, last]], columns=["a", "a"])


def floats(first: float, *, hole: bool) -> Any:
    return pd.arrays.FloatingArray(np.array([first, 1.0]), np.array([hole, False]))


SAME: dict[str, tuple[Any, Any]] = {
    "own word of a frame": (OwnFrame({"a": [1]}), OwnFrame({"a": [2]})),
    "blocks of a frame": (frame()[["a", "b"]], pd.concat([frame()[["a"]], frame()[["b"]]], axis=1)),
    "rows of a frame": (
        pd.DataFrame(np.arange(6.0).reshape(3, 2)),
        pd.DataFrame({0: [0.0, 2, 4], 1: [1.0, 3, 5]}).rename(columns=int).set_axis(pd.RangeIndex(2), axis=1),
    ),
    "caches of a frame": (frame(), looked_at(frame())),
    "caches of an index": (
        pd.date_range("2020", periods=3),
        looked_at(pd.Series(1, pd.date_range("2020", periods=3))).index,
    ),
    "shared index": (shared(pd.Index([1, 5])), [pd.Index([1, 5]), pd.Index([1, 5])]),
    "shared index of times": (
        shared(pd.date_range("2020", periods=3)),
        [pd.date_range("2020", periods=3) for _ in "ab"],
    ),
    "hidden numbers": (masked_numbers(5), masked_numbers(6)),
    "strings of pandas": (
        pd.array(["a", None], "string[pyarrow]"),
        pd.array(["a", "b"], "string[pyarrow]").take([0, -1], allow_fill=True),
    ),
    "column of strings": (pd.Series(STRINGS, dtype=object), pd.Series(REVERSED, range(99, -1, -1), dtype=object)[::-1]),
    "column of words": (pd.Series(["a", "b"], dtype="category"), pd.Series(["a", "b"], dtype="category")),
    "series of polars": (pl.Series("a", [1, 2]), pl.Series("a", [1, 2]).sort()),
    "frame of polars in chunks": (POLARS, pl.concat([POLARS[:1], POLARS[1:]], rechunk=False)),
    "words of polars": (pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["a", "b"], dtype=pl.Categorical)),
    "nan of polars": (pl.Series([math.nan]), pl.Series([-math.nan])),
    "objects of polars": (pl.Series([{}], dtype=pl.Object), pl.Series([{}], dtype=pl.Object)),
    "query of polars": (POLARS.lazy().head(1), POLARS.lazy().head(1)),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "values of a frame": (frame(), frame(a=[1, 2, 4])),
    "strings of a frame": (frame(), frame(c=["x", "y", "z"])),
    "names of columns": (frame(), frame().rename(columns={"a": "z"})),
    "order of columns": (frame(), frame()[["b", "a", "c"]]),
    "dtype of a column": (frame(), frame().astype({"a": "i4"})),
    "storage of strings": (frame(), frame().astype({"c": object})),
    "kind of strings": (pd.array(["a"], "string[python]"), pd.array(["a"], "string[pyarrow]")),
    "python's strings": (pd.array(["a", None], "string[python]"), pd.array(["a", "b"], "string[python]")),
    "index of a frame": (frame(), frame().set_index(pd.Index([5, 6, 7]))),
    "range and index": (pd.RangeIndex(3), pd.Index([0, 1, 2])),
    "name of an index": (pd.Index([1]), pd.Index([1], name="i")),
    "name of a range": (pd.RangeIndex(1), pd.RangeIndex(1, name="i")),
    "name of columns": (frame(), frame().rename_axis(columns="n")),
    "attrs": (frame(), with_attrs(frame(), unit="m")),
    "flags": (frame(), frame().set_flags(allows_duplicate_labels=False)),
    "own attributes of a frame": (Table({"a": [1]}), noted(Table({"a": [1]}))),
    "frame and subclass": (Table({"a": [1]}), pd.DataFrame({"a": [1]})),
    "frame and series": (pd.DataFrame({"a": [1]}), pd.Series([1], name="a")),
    "name of a series": (pd.Series([1], name="a"), pd.Series([1], name="b")),
    "empty frames": (pd.DataFrame(), pd.DataFrame(index=[1])),
    "objects in a frame": (pd.DataFrame({"a": [[1]]}), pd.DataFrame({"a": [[2]]})),
    "levels": (pd.MultiIndex.from_product([[1, 2], ["a"]]), pd.MultiIndex.from_product([[1, 2], ["b"]])),
    "names of levels": (pd.MultiIndex.from_tuples([(1, 2)]), pd.MultiIndex.from_tuples([(1, 2)], names=["a", "b"])),
    "categories": (pd.Categorical(["a"], ["a", "b"]), pd.Categorical(["a"], ["a", "c"])),
    "order of categories": (pd.Categorical(["a"], ordered=True), pd.Categorical(["a"])),
    "freq": (pd.date_range("2020", periods=3), pd.DatetimeIndex(list(pd.date_range("2020", periods=3)), freq=None)),
    "zone": (pd.date_range("2020", periods=3, tz="UTC"), pd.date_range("2020", periods=3)),
    "unit": (pd.date_range("2020", periods=3).as_unit("s"), pd.date_range("2020", periods=3).as_unit("ms")),
    "spans of pandas": (pd.to_timedelta([1]), pd.to_timedelta([2])),
    "periods": (pd.period_range("2020", periods=2, freq="M"), pd.period_range("2020", periods=2, freq="D")),
    "intervals": (pd.interval_range(0, 2), pd.interval_range(0, 2, closed="left")),
    "missing numbers": (pd.array([1, None]), pd.array([None, 1])),
    "missing flags": (pd.array([True, None]), pd.array([False, None])),
    "missing fractions": (pd.array([0.5, None]), pd.array([0.25, None])),
    "sparse columns": (pd.arrays.SparseArray([0, 1]), pd.arrays.SparseArray([1, 0])),
    "columns of numpy": tuple(pd.arrays.NumpyExtensionArray(np.array([number])) for number in (1, 2)),
    "columns of Arrow": (pd.array([1], "int64[pyarrow]"), pd.array([2], "int64[pyarrow]")),
    "timestamps": (pd.Timestamp("2020"), pd.Timestamp("2021")),
    "not a time": (pd.NaT, pd.NA),
    "offsets": (pd.offsets.MonthEnd(), pd.offsets.MonthBegin()),
    "columns of one name": (twins(4), twins(5)),
    "columns of objects of one name": (twins([4]), twins([5])),
    "missing and not a number": (floats(math.nan, hole=False), floats(0.0, hole=True)),
    "unused categories": (pd.Series(["a"], dtype=pd.CategoricalDtype(["a", "b"])), pd.Series(["a"], dtype="category")),
    "types of categories": (pd.CategoricalDtype(["a"]), pd.CategoricalDtype(["b"])),
    "interval": (pd.Interval(0, 1), pd.Interval(0, 1, closed="left")),
    "period": (pd.Period("2020"), pd.Period("2020-01")),
    "zones of pandas": (pd.DatetimeTZDtype("ns", "UTC"), pd.DatetimeTZDtype("ns", "Europe/Berlin")),
    "zones of times": tuple(pd.Series(MIDNIGHT, dtype=f"datetime64[s, {zone}]") for zone in ("UTC", "Europe/Berlin")),
    "missing strings": (pd.array(["a", None], dtype="string"), pd.array(["a", None], dtype="str")),
    "fill of sparse columns": (pd.arrays.SparseArray([0, 1]), pd.arrays.SparseArray([0, 1], fill_value=1)),
    "dtypes of polars": (pl.Series([1], dtype=pl.Int8), pl.Series([1], dtype=pl.Int64)),
    "names of series of polars": (pl.Series("a", [1]), pl.Series("b", [1])),
    "order in polars": (POLARS, POLARS[::-1]),
    "categories of polars": (pl.Series(["a"], dtype=pl.Enum(["a"])), pl.Series(["a"], dtype=pl.Enum(["a", "b"]))),
    "objects of polars": (pl.Series([{}], dtype=pl.Object), pl.Series([[]], dtype=pl.Object)),
    "huge numbers of polars": (pl.Series([1], dtype=pl.Int128), pl.Series([2], dtype=pl.Int128)),
    "zones of polars": (IN_POLARS, IN_POLARS.dt.replace_time_zone("UTC")),
    "queries of polars": (POLARS.lazy(), POLARS.lazy().head(1)),
    "expressions of polars": (pl.col("a") + 1, pl.col("a") + 2),
    "columns of no rows": (pl.DataFrame({"a": []}), pl.DataFrame()),
    "frame and series of polars": (pl.DataFrame({"a": [1]}), pl.Series("a", [1])),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_tables_that_no_reader_can_tell_apart_have_one_digest(one, other):
    check_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_tables_that_a_reader_can_tell_apart_have_two(one, other):
    check_different(one, other)
