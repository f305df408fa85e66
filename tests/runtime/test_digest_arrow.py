"""Arrays and tables of pyarrow: which of them are equal for a reader."""

from __future__ import annotations

import decimal
import math
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from digest_kit import (
    MAPS,
    check_different,
    check_same,
    chunked,
    nan,
    table,
)


def with_field(**options: Any) -> pa.Table:
    return table(a=[1]).cast(pa.schema([pa.field("a", pa.int64(), **options)]))


SAME: dict[str, tuple[Any, Any]] = {
    "chunks": (chunked([1, 2, None]), chunked([1], [2, None])),
    "chunks of strings": (chunked(["a", "bc", None]), chunked(["a"], [], ["bc", None], kind=pa.string())),
    "empty chunks": (chunked([1]), chunked([], [1], kind=pa.int64())),
    "empty chunks of strings": (chunked(["a"]), chunked([], ["a"], kind=pa.string())),
    "chunks of lists": (chunked([[1], [2, 3], None]), chunked([[1]], [[2, 3], None])),
    "chunks of words": (chunked(["a", "b"]).dictionary_encode(), chunked(["a"], ["b"]).dictionary_encode()),
    "chunks of flags": (chunked([True, None, False]), chunked([True], [None, False])),
    "slice of Arrow": (pa.array([0, 1, 2])[1:], pa.array([1, 2])),
    "slice of Arrow's strings": (pa.array(["z", "a", "b"])[1:], pa.array(["a", "b"])),
    "nans of Arrow": (pa.array(nan(0x7FF8000000000000)), pa.array(nan(0xFFF8000000000001))),
    "hidden numbers of Arrow": (
        pa.array([1, None]),
        pa.Array.from_buffers(pa.int64(), 2, [pa.py_buffer(b"\1"), pa.py_buffer(struct.pack("qq", 1, 9))]),
    ),
    "nans of half precision": (pa.array(np.array([math.nan], "f2")), pa.array(np.array([-math.nan], "f2"))),
    "slices of structs": (pa.array([{"a": 1}, {"a": 2}, None])[1:], pa.array([{"a": 2}, None])),
    "slices of views": (pa.array(["a", "b"], pa.string_view())[1:], pa.array(["b"], pa.string_view())),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "rows of a table": (table(a=[1, 2]), table(a=[2, 1])),
    "names of a table": (table(a=[1]), table(b=[1])),
    "metadata of a table": (table(a=[1]), table(a=[1]).replace_schema_metadata({"a": "b"})),
    "table and batch": (table(a=[1]), table(a=[1]).to_batches()[0]),
    "array and chunks": (pa.array([1]), chunked([1])),
    "types of Arrow": (pa.array([1], "int32"), pa.array([1], "int64")),
    "validity": (pa.array([0, None]), pa.array([None, 0])),
    "missing and empty": (pa.array(["", None]), pa.array([None, ""])),
    "all missing": (pa.nulls(2), pa.nulls(3)),
    "strings of Arrow": (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
    "lists of Arrow": (pa.array([[1], [2, 3]]), pa.array([[1, 2], [3]])),
    "structs": (pa.array([{"a": 1}]), pa.array([{"a": 2}])),
    "maps": (pa.array([[("a", 1)]], MAPS), pa.array([[("a", 2)]], MAPS)),
    "dictionaries": (pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "a"]).dictionary_encode()),
    "empty dictionary": (
        pa.chunked_array([], pa.dictionary(pa.int32(), pa.string())),
        pa.chunked_array([], pa.dictionary(pa.int8(), pa.string())),
    ),
    "extensions": (
        pa.FixedShapeTensorArray.from_numpy_ndarray(np.zeros((2, 2))),
        pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((2, 2))),
    ),
    "flags of Arrow": (pa.array([True]), pa.array([False])),
    "numbers of Arrow": (pa.array([1.5]), pa.array([2.5])),
    "decimals of Arrow": (pa.array([decimal.Decimal("1.5")]), pa.array([decimal.Decimal("2.5")])),
    "scalars of Arrow": (pa.scalar(1), pa.scalar(2)),
    "schemas": (table(a=[1]).schema, table(b=[1]).schema),
    "whether it may be missing": (table(a=[1]), with_field(nullable=False)),
    "notes on a field": (table(a=[1]), with_field(metadata={"a": "b"})),
    "zones of Arrow": (pa.array([1], pa.timestamp("s", "UTC")), pa.array([1], pa.timestamp("s"))),
    "halves of Arrow": (pa.array(np.array([1.5], "f2")), pa.array(np.array([2.5], "f2"))),
    "missing inside and outside": (pa.array([{"a": None}]), pa.array([None], pa.struct([("a", pa.null())]))),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_columns_that_no_reader_can_tell_apart_have_one_digest(one, other):
    check_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_columns_that_a_reader_can_tell_apart_have_two(one, other):
    check_different(one, other)
