"""Arrays of numpy: which of them are equal for a reader."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from digest_kit import (
    BIG,
    COLUMN_MAJOR,
    STRINGS,
    Metres,
    apart,
    check_different,
    check_same,
    drawn,
    nan,
    noted,
    padded,
    shared,
    wide,
)

from phelps_jupyter.runtime.digests import digest


def array_cycle() -> Any:
    found = np.array([None], dtype=object)
    found[0] = found
    return found


def masked_objects(hidden: object) -> Any:
    return np.ma.array([[1], hidden], mask=[0, 1], dtype=object)


def masked_fields(hidden: int, seen: int = 1) -> Any:
    return np.ma.array([(seen, hidden)], mask=[(False, True)], dtype="i4,f8")


SAME: dict[str, tuple[Any, Any]] = {
    "array in Fortran order": (COLUMN_MAJOR, np.ascontiguousarray(COLUMN_MAJOR)),
    "strided array": (np.arange(10)[::2], np.array([0, 2, 4, 6, 8])),
    "array backwards": (np.arange(3)[::-1], np.array([2, 1, 0])),
    "transposed array": (np.arange(24).reshape(2, 3, 4).T, np.arange(24).reshape(2, 3, 4).T.copy()),
    "wide transposed array": (BIG[:, ::-1], BIG[:, ::-1].copy()),
    "broadcast array": (np.broadcast_to(1, (2, 3)), np.ones((2, 3), dtype=int)),
    "signs of nan": (nan(0x7FF8000000000000), nan(0xFFF8000000000001)),
    "signs of nan in complex": (np.array([complex(math.nan, 1)]), np.array([complex(-math.nan, 1)])),
    "padding": (padded(0), padded(255)),
    "padding of long doubles": (wide(0), wide(255)),
    "foreign byte order": (np.array([1, 2], dtype=">i4"), np.array([1, 2], dtype=">i4")[::-1][::-1]),
    "object array": (np.array(["a", None], dtype=object), np.array(["a", None], dtype=object)),
    "strings of numpy": (
        np.array(["a", "bc"], np.dtypes.StringDType()),
        np.array(["a", "b" + "c"], np.dtypes.StringDType()),
    ),
    "masked array": (np.ma.array([1, 2], mask=False), np.ma.array([1, 2], mask=[0, 0])),
    "dates of numpy": (np.array(["2020"], "M8[s]"), np.array(["2020-01-01"], "M8[s]")),
    "generator": (np.random.default_rng(1), np.random.default_rng(1)),
    "signalling nan": (nan(0x7FF0000000000001), nan(0x7FF8000000000000)),
    "nan of half precision": (np.array([math.nan], "f2"), np.array([-math.nan], "f2")),
    "infinite long doubles": (np.array([np.inf], np.longdouble), np.array([np.inf], np.longdouble)),
    "array that holds itself": (array_cycle(), array_cycle()),
    "scalar": (np.float64(math.nan), np.float64(-math.nan)),
    "zero-size": (np.zeros((0, 3)), np.zeros((0, 3), order="F")[::-1]),
    "slice of an object array": (np.array(STRINGS, dtype=object)[::2], np.array(STRINGS[::2], dtype=object)),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "int and numpy": (1, np.int64(1)),
    "widths of numpy": (np.int64(1), np.int32(1)),
    "float and numpy": (1.0, np.float64(1)),
    "sharing of arrays": (shared(np.zeros(3)), apart(np.zeros(3))),
    "elements": (np.array([1, 2]), np.array([2, 1])),
    "one element of many": (np.arange(10**6), np.append(np.arange(10**6 - 1), 0)),
    "shapes": (np.zeros((2, 3)), np.zeros((3, 2))),
    "array without dimension": (np.array(1), np.array([1])),
    "empty arrays": (np.zeros(0), np.zeros((0, 1))),
    "empty arrays of a kind": (np.zeros(0), np.zeros(0, "i8")),
    "array and list": (np.array([1]), [1]),
    "dtypes of arrays": (np.zeros(2, "f4"), np.zeros(2, "f8")),
    "byte orders": (np.zeros(2, ">i4"), np.zeros(2, "<i4")),
    "transposed": (np.arange(4).reshape(2, 2), np.arange(4).reshape(2, 2).T),
    "zeros of arrays": (np.array([0.0]), np.array([-0.0])),
    "nan and number": (np.array([math.nan, 1]), np.array([math.nan, 2])),
    "long doubles": (np.array([1], np.longdouble) / 3, np.array([1 / 3], np.longdouble)),
    "texts without length": (np.zeros(2, "V0"), np.zeros(2, "V1")),
    "objects in arrays": (np.array([[1], None], dtype=object), np.array([[2], None], dtype=object)),
    "many objects in arrays": (np.array(STRINGS, dtype=object), np.array(STRINGS[::-1], dtype=object)),
    "object without dimension": (np.array({"a": 1}), np.array({"a": 2})),
    "strings of numpy": (np.array(["a"], np.dtypes.StringDType()), np.array(["b"], np.dtypes.StringDType())),
    "units of dates": (np.zeros(1, "M8[s]"), np.zeros(1, "M8[ms]")),
    "spans of numpy": (np.zeros(1, "m8[s]"), np.ones(1, "m8[s]")),
    "fields": (np.zeros(2, "i4,f8"), np.zeros(2, "i4,f4")),
    "values of fields": (np.zeros(2, "i4,f8"), np.ones(2, "i4,f8")),
    "record arrays": (np.rec.array([(1, 2.0)]), np.array([(1, 2.0)], dtype=[("f0", "i8"), ("f1", "f8")])),
    "matrix": (np.asmatrix([[1]]), np.array([[1]])),
    "own kind of array": (np.zeros(3).view(Metres), np.zeros(3)),
    "attributes of an array": (
        np.zeros(3).view(Metres),
        noted(np.zeros(3).view(Metres)),
    ),
    "masks": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[1, 0])),
    "notes on a dtype": (np.zeros(2, np.dtype("i4", metadata={"a": 1})), np.zeros(2, "i4")),
    "dtypes": (np.dtype("i4"), np.dtype("i8")),
    "dtypes of fields": (np.dtype("i4,f8"), np.dtype("i4,f4")),
    "scalars with fields": (np.zeros(1, "i4,f8")[0], np.ones(1, "i4,f8")[0]),
    "ufuncs": (np.sin, np.cos),
    "generators": (np.random.default_rng(1), drawn(np.random.default_rng(1))),
    "old generators": (np.random.RandomState(1), np.random.RandomState(2)),
    "hidden and seen": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[0, 0])),
    "hidden numbers": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 3], mask=[0, 1])),
    "hidden fields": (masked_fields(5), masked_fields(6)),
    "hidden objects": (masked_objects("a"), masked_objects(2)),
    "fill values": (np.ma.array([1], fill_value=3), np.ma.array([1], fill_value=4)),
    "fields under a mask": (masked_fields(5), masked_fields(5, seen=2)),
    "huge numbers": (np.array([1e300]), np.array([2e300])),
    "huge numbers of half precision": (np.array([6e4] * 2, "f2"), np.array([6e4, 5e4], "f2")),
    "infinities": (np.array([np.inf], np.longdouble), np.array([-np.inf], np.longdouble)),
    "missing dates": (np.array(["NaT"], "M8[s]"), np.array(["NaT"], "M8[ms]")),
    "string of numpy and string": (np.str_("a"), "a"),
    "array that holds itself": (array_cycle(), np.array([None], dtype=object)),
    "place of what is no string": (np.array([*STRINGS, 1], dtype=object), np.array([1, *STRINGS], dtype=object)),
    "strings and a list": (np.array([*STRINGS, [1]], dtype=object), np.array([*STRINGS, [2]], dtype=object)),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_arrays_that_no_reader_can_tell_apart_have_one_digest(one, other):
    check_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_arrays_that_a_reader_can_tell_apart_have_two(one, other):
    check_different(one, other)


def test_a_memory_map_is_an_array(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(5))
    assert digest(np.load(tmp_path / "a.npy", mmap_mode="r")) == digest(np.arange(5))


def test_a_changed_value_has_another_digest():
    value = {"a": [np.zeros(3)]}
    before = digest(value)
    value["a"][0][1] = 1
    assert digest(value) != before
