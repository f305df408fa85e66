"""Which values are equal for a reader: pairs, in tables; and that nothing a user may hold makes a digest fail."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import itertools
import math
import pickle
import random
import re
import struct
import subprocess
import sys
import threading
import types
import uuid
import weakref
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from phelps_jupyter.runtime.digests import Digested, digest, digest_bytes


class Plain:
    kind = "plain"

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


class Other(Plain):
    pass


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: object, b: object) -> None:
        self.a, self.b = a, b


class Lazy(Plain):
    @functools.cached_property
    def total(self) -> int:
        return 3


class LazySlots(Slotted):
    total = functools.cached_property(lambda self: self.a)


class Numbers(list[int]):
    pass


class Names(frozenset[object]):
    pass


class Marks(set[object]):
    pass


class Text(str):
    __slots__ = ("__dict__",)


class Point(NamedTuple):
    x: object
    y: object


class Tagged(Point):
    pass


class Away(NamedTuple):
    x: object
    y: object


@dataclasses.dataclass
class Record:
    a: object
    b: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: object


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Paint(enum.Enum):
    RED = 1


class Own:
    def __init__(self, key: object, rest: object) -> None:
        self.key, self.rest = key, rest

    def __phelps_digest__(self) -> object:
        return self.key


class OwnFrame(pd.DataFrame):
    def __phelps_digest__(self) -> object:
        return 1


class Table(pd.DataFrame):
    _metadata = ["unit"]  # noqa: RUF012  # pandas asks for it


class Metres(np.ndarray):
    pass


class Setter:
    def __init__(self, a: object) -> None:
        self.a = a

    def __reduce__(self) -> Any:
        return Setter, (1,), (self.a,), None, None, setattr


class Strange:
    """Its state is no dict."""

    def __init__(self, a: object) -> None:
        self.a = a

    def __getstate__(self) -> object:
        return [self.a]


def shared(value: Any) -> Any:
    return [value, value]


def apart(value: Any) -> Any:
    return [value, copy.deepcopy(value)]


def rebuilt(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def noted(value: Any) -> Any:
    value.unit = "m"
    return value


def closed_over(lock: object) -> Any:
    return lambda: lock


def frame(**changes: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": [1.5, math.nan, 2.0], "c": ["x", "y", None], **changes})


def with_attrs(value: Any, **attrs: object) -> Any:
    value.attrs.update(attrs)
    return value


def looked_at(value: Any) -> Any:
    """With pandas' caches filled."""
    value.index.is_unique, value.index.get_indexer(value.index[:1]), value.index.is_monotonic_increasing
    str(value)
    return value


def nan(bits: int) -> np.ndarray:
    return np.array([1, bits], dtype="u8").view("f8")


def chunked(*chunks: Any, kind: Any = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(each, kind) for each in chunks], type=kind)


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


def drawn(generator: Any) -> Any:
    generator.random()
    return generator


def counted() -> Any:
    counter = itertools.count()
    return next(counter)


def cycle(value: object) -> list[object]:
    found: list[object] = [value]
    found.append(found)
    return found


def padded(fill: int) -> np.ndarray:
    """Equal fields over different bytes between them."""
    raw = np.full(2 * 16, fill, dtype="u1")
    array = raw.view(np.dtype([("a", "u1"), ("b", "f8")], align=True))
    array["a"], array["b"] = 1, 2.0
    return array


def wide(fill: int) -> np.ndarray:
    """Long doubles over different bytes of padding."""
    raw = np.full(32, fill, dtype="u1")
    array = raw.view(np.longdouble)
    array[:] = [1, 2]
    return array


def masked_numbers(hidden: int) -> Any:
    return pd.arrays.IntegerArray(np.array([1, hidden]), np.array([False, True]))


def sparse(*, asked: bool) -> Any:
    found = scipy.sparse.csr_matrix(np.eye(3))
    return found if not asked or found.has_canonical_format else None


EMPTIES: list[list[object]] = [[], []]
STRINGS = [f"s{i}" for i in range(100)]
REVERSED = STRINGS[::-1]
HOLES = [None, math.nan, *STRINGS]
COLUMN_MAJOR = np.asfortranarray(np.arange(12.0).reshape(3, 4))
BIG = np.arange(200_000.0).reshape(2, 100_000)
ZONE = datetime.timezone(datetime.timedelta(hours=1))
MAPS = pa.map_(pa.string(), pa.int64())

SAME: dict[str, tuple[Any, Any]] = {
    "nan": (math.nan, -math.nan),
    "nans in a list": ([math.nan] * 20, [float("-nan")] * 20),
    "int": (10**30, 10**29 * 10),
    "string": ("ab", "".join(["a", "b"])),
    "shared strings": (shared("long string" * 3), ["long string" * 3, rebuilt("long string" * 3)]),
    "shared tuples": (shared((1, ("a", 2.5))), [(1, ("a", 2.5)), rebuilt((1, ("a", 2.5)))]),
    "shared tuples with a set": (shared((1, frozenset({1}))), [(1, frozenset({1})), rebuilt((1, frozenset({1})))]),
    "shared date": (
        shared(datetime.datetime(2020, 1, 1, tzinfo=ZONE)),
        [datetime.datetime(2020, 1, 1, tzinfo=ZONE) for _ in "ab"],
    ),
    "shared named tuple": (shared(Point(1, (2,))), [Point(1, (2,)), Point(1, (2,))]),
    "shared enum member": (shared(Colour.RED), [Colour.RED, Colour(1)]),
    "set": ({1, 2, 3}, {3, 2, 1}),
    "set of many strings": (set(STRINGS), {*REVERSED}),
    "set of huge numbers": ({10**30 + i for i in range(10)}, {10**30 + i for i in reversed(range(10))}),
    "set of many kinds": ({1, "a", None, 2.5}, {2.5, None, "a", 1}),
    "set of tuples": ({(1, "a"), (2, "b")}, {(2, "b"), (1, "a")}),
    "set of objects": ({Frozen(1), Frozen(2)}, {Frozen(2), Frozen(1)}),
    "nested frozensets": ({frozenset({(1,), (2,)}), frozenset()}, {frozenset(), frozenset({(2,), (1,)})}),
    "subclass of frozenset": (Names([(1,), (2,)]), Names([(2,), (1,)])),
    "instance": (Plain(a=1, b=2), Plain(b=2, a=1)),
    "lazy attribute": (Lazy(a=1), next(each for each in [Lazy(a=1)] if each.total)),
    "slots": (Slotted(1, 2), Slotted(1, 2)),
    "dataclass": (Record(1), Record(1, None)),
    "own word": (Own(1, 2), Own(1, 3)),
    "own word of a frame": (OwnFrame({"a": [1]}), OwnFrame({"a": [2]})),
    "cycle": (cycle(1), cycle(1)),
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
    "random": (random.Random(1), random.Random(1)),
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
    "sparse matrix": (sparse(asked=False), sparse(asked=True)),
    "estimator": (LinearRegression().fit([[1], [2]], [1, 2]), LinearRegression().fit([[1], [2]], [1, 2])),
    "weak mapping": (weakref.WeakValueDictionary(a=Colour), weakref.WeakValueDictionary(a=Colour)),
    "exception": (ValueError("a", 1), ValueError("a", 1)),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "int and bool": (1, True),
    "int and float": (1, 1.0),
    "int and string": (1, "1"),
    "int and numpy": (1, np.int64(1)),
    "widths of numpy": (np.int64(1), np.int32(1)),
    "float and numpy": (1.0, np.float64(1)),
    "zeros": (0.0, -0.0),
    "complex zeros": (0j, complex(0, -0.0)),
    "zeros in a list": ([0.0] * 10, [-0.0] * 10),
    "string and bytes": ("", b""),
    "bytes and bytearray": (b"a", bytearray(b"a")),
    "bytes and memoryview": (b"a", memoryview(b"a")),
    "formats of memoryview": (memoryview(b"abcd"), memoryview(b"abcd").cast("i")),
    "parts of memoryview": (memoryview(b"abcd")[::2], memoryview(b"abcd")[1::2]),
    "none and empty": (None, ()),
    "ellipsis": (..., NotImplemented),
    "surrogates": ("\ud800", "\ud801"),
    "long strings": ("a" * 5000, "a" * 5001),
    "huge ints": (10**5000, 10**5000 + 1),
    "list and tuple": ([1], (1,)),
    "list and nested list": ([1, [2]], [[1], 2]),
    "cut of strings": (["ab", "c"], ["a", "bc"]),
    "cut of many strings": ([*STRINGS, "a\0", "b"], [*STRINGS, "a", "\0b"]),
    "many strings": (STRINGS, STRINGS[::-1]),
    "many ints": (list(range(10)), list(range(1, 11))),
    "many huge ints": ([10**30] * 10, [10**30] * 9 + [1]),
    "many floats": ([0.5] * 10, [0.5] * 9 + [math.nan]),
    "many flags": ([True] * 10, [True] * 9 + [False]),
    "many of one kind": ([Colour.RED] * 10, [Colour.RED] * 9 + [Colour.GREEN]),
    "many of many kinds": ([1, 2.0] * 10, [2.0, 1] * 10),
    "holes": (HOLES, HOLES[::-1]),
    "kinds of holes": ([None, *STRINGS], [math.nan, *STRINGS]),
    "places of holes": ([None, *STRINGS], [STRINGS[0], None, *STRINGS[1:]]),
    "set and frozenset": ({1}, frozenset({1})),
    "set and list": ({1}, [1]),
    "sets": ({1, 2}, {1, 3}),
    "sets of tuples": ({(1, 2)}, {(1, 3)}),
    "subclass of set": (Marks([1]), {1}),
    "order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "keys and values": ({"a": "b"}, {"b": "a"}),
    "large dicts": (dict.fromkeys(range(20)), dict.fromkeys(range(20), 0)),
    "dict and subclass": ({"a": 1}, collections.OrderedDict(a=1)),
    "default factory": (collections.defaultdict(list), collections.defaultdict(set)),
    "content of a defaultdict": (collections.defaultdict(list, a=[1]), collections.defaultdict(list, a=[2])),
    "deque": (collections.deque([1], 3), collections.deque([1], 4)),
    "counter": (collections.Counter("aab"), collections.Counter("abb")),
    "proxy": (types.MappingProxyType({"a": 1}), {"a": 1}),
    "sharing of lists": ([[1]] * 2, [[1], [1]]),
    "sharing of lists in tuples": (shared([(1, [])]), apart([(1, [])])),
    "sharing in one tuple": (tuple(shared([1])), ([1], [1])),
    "sharing of objects": (shared(Plain(a=1)), apart(Plain(a=1))),
    "sharing of arrays": (shared(np.zeros(3)), apart(np.zeros(3))),
    "who is shared": ([*EMPTIES, EMPTIES[0]], [*EMPTIES, EMPTIES[1]]),
    "cycles": (cycle(1), [1, cycle(1)]),
    "subclass of list": (Numbers([1]), [1]),
    "content of a subclass": (Numbers([1]), Numbers([2])),
    "subclass of str": (Text("a"), "a"),
    "attributes of a subclass": (Text("a"), noted(Text("a"))),
    "named tuples": (Point(1, 2), Away(1, 2)),
    "named tuple and tuple": (Point(1, 2), (1, 2)),
    "attributes of a named tuple": (Tagged(1, 2), noted(Tagged(1, 2))),
    "range": (range(3), range(4)),
    "range and list": (range(3), [0, 1, 2]),
    "slice": (slice(1), slice(2)),
    "enum members": (Colour.RED, Colour.GREEN),
    "enums": (Colour.RED, Paint.RED),
    "enum member and value": (Colour.RED, 1),
    "paths": (Path("a"), Path("b")),
    "path and string": (Path("a"), "a"),
    "kinds of paths": (Path("a"), PurePosixPath("a")),
    "dates": (datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1)),
    "time zones": (datetime.datetime(2020, 1, 1, tzinfo=ZONE), datetime.datetime(2020, 1, 1)),
    "kinds of time zones": (
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        datetime.datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")),
    ),
    "folds": (datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, fold=1)),
    "times": (datetime.time(1), datetime.time(2)),
    "spans": (datetime.timedelta(1), datetime.timedelta(0, 1)),
    "decimals": (decimal.Decimal("1.0"), decimal.Decimal("1.00")),
    "fraction": (fractions.Fraction(1, 2), decimal.Decimal("0.5")),
    "uuid": (uuid.UUID(int=1), uuid.UUID(int=2)),
    "address": (ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1")),
    "pattern": (re.compile("a"), re.compile("a", re.IGNORECASE)),
    "pattern of bytes": (re.compile("a"), re.compile(b"a")),
    "modules": (math, re),
    "classes": (int, float),
    "class and instance": (Plain, Plain()),
    "classes of the notebook": (Plain, Other),
    "instances": (Plain(a=1), Plain(a=2)),
    "names of attributes": (Plain(a=1, b=2), Plain(a=2, b=1)),
    "classes of instances": (Plain(a=1), Other(a=1)),
    "slots": (Slotted(1, 2), Slotted(2, 1)),
    "dataclasses": (Record(1), Record(2)),
    "frozen dataclasses": (Frozen(1), Frozen("1")),
    "own words": (Own(1, 2), Own(2, 2)),
    "strange states": (Strange(1), Strange(2)),
    "states with a setter": (Setter(1), Setter(2)),
    "methods": (Plain(a=1).__init__, Plain(a=2).__init__),
    "functions": (lambda: 1, lambda: 2),
    "code": (compile("1", "a", "eval"), compile("2", "a", "eval")),
    "partials": (functools.partial(print, 1), functools.partial(print, 2)),
    "exceptions": (ValueError("a"), TypeError("a")),
    "iterators": (iter([1]), iter([2])),
    "cells": (types.CellType(1), types.CellType()),
    "buffers": (pickle.PickleBuffer(b"a"), pickle.PickleBuffer(b"b")),
    "type aliases": (list[int], list[str]),
    "unions": (int | str, int | None),
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
    "random": (random.Random(1), random.Random(2)),
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
    "sparse matrices": (scipy.sparse.csr_matrix(np.eye(3)), scipy.sparse.csc_matrix(np.eye(3))),
    "estimators": (LinearRegression().fit([[1], [2]], [1, 2]), LinearRegression().fit([[1], [2]], [1, 3])),
    "pipelines": (make_pipeline(StandardScaler()), make_pipeline(StandardScaler(with_mean=False))),
    "weak mappings": (weakref.WeakValueDictionary(a=Colour), weakref.WeakValueDictionary(a=Paint)),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_values_that_no_reader_can_tell_apart_have_one_digest(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_values_that_a_reader_can_tell_apart_have_two(one, other):
    assert digest(one).digest != digest(other).digest


@pytest.mark.parametrize(
    "value",
    [each for pair in (*SAME.values(), *DIFFERENT.values()) for each in pair],
    ids=lambda value: type(value).__name__,
)
def test_they_all_have_a_digest(value):
    found = digest(value)
    assert found == Digested(f"{int(found.digest, 16):032x}", modules=found.modules)


def test_a_memory_map_is_an_array(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(5))
    assert digest(np.load(tmp_path / "a.npy", mmap_mode="r")) == digest(np.arange(5))


def test_a_pickled_copy_has_the_same_digest():
    value = [frame(), Plain(a=np.arange(3)), {"b": (1, [2])}, make_pipeline(StandardScaler())]
    assert digest(pickle.loads(pickle.dumps(value))) == digest(value)


def test_a_changed_value_has_another_digest():
    value = {"a": [np.zeros(3)]}
    before = digest(value)
    value["a"][0][1] = 1
    assert digest(value) != before


def test_bytes_have_their_own_digest_as_a_buffer():
    assert digest_bytes(b"abc") == digest_bytes(memoryview(b"abc")) == "06b05ab6733a618578af5f94892f3950"


class Refusing:
    def __reduce_ex__(self, protocol):
        raise RuntimeError("no")


class Hiding:
    @property
    def __dict__(self):
        raise RuntimeError("no")


class Mocking:
    __class__ = property(lambda _: 1 / 0)

    def __getattr__(self, name):
        raise KeyError(name)


class Unhashable(type):
    def __hash__(cls):
        raise TypeError("no")

    def __eq__(cls, other):
        raise TypeError("no")


class Odd(metaclass=Unhashable):
    pass


class Endless:
    def __phelps_digest__(self):
        return Endless()


def holding_a_lock():
    return Plain(rows=[1, {"k": Plain(lock=threading.Lock())}])


OPAQUE = {
    "generator": (lambda: (x for x in []), "generator"),
    "file": (lambda: io.TextIOWrapper(io.BytesIO()), "_io.TextIOWrapper"),
    "lock in parts": (holding_a_lock, ".rows[1]['k'].lock: _thread.lock"),
    "lock in a tuple": (lambda: (1, threading.Lock()), "[1]: _thread.lock"),
    "lock in a named tuple": (lambda: Point(1, threading.Lock()), "[1]: _thread.lock"),
    "lock in a frame": (lambda: pd.DataFrame({"a": [1], "b": [threading.Lock()]}), "['b'][0]: _thread.lock"),
    "lock in attrs": (lambda: with_attrs(frame(), a=threading.Lock()), ".attrs['a']: _thread.lock"),
    "lock in an array": (lambda: np.array([1, threading.Lock()], dtype=object), "[1]: _thread.lock"),
    "lock as a key": (lambda: {threading.Lock(): 1}, ".keys(): _thread.lock"),
    "lock in a set": (lambda: {threading.Lock()}, "{...}: _thread.lock"),
    "lock under a date": (lambda: {datetime.date(2020, 1, 1): threading.Lock()}, "[date]: _thread.lock"),
    "lock in a deque": (lambda: collections.deque([1, threading.Lock()]), "[1]: _thread.lock"),
    "lock in arguments": (lambda: ValueError(threading.Lock()), "[0]: _thread.lock"),
    "lock in a class": (
        lambda: type("C", (), {"lock": threading.Lock(), "__module__": "__main__"})(),
        ".lock: _thread.lock",
    ),
    "lock in slots": (lambda: Slotted(1, threading.Lock()), ".b: _thread.lock"),
    "thread": (threading.Thread, "._started._cond._lock: _thread.lock"),
    "closure": (lambda: closed_over(threading.Lock()), ".lock: _thread.lock"),
    "iterator of itertools": (itertools.count, "itertools.count"),
    "weak reference": (lambda: weakref.ref(Plain), "weakref.ReferenceType"),
    "refusing object": (Refusing, f"{__name__}.Refusing"),
    "hiding object": (Hiding, f"{__name__}.Hiding"),
    "endless object": (Endless, "." + "__phelps_digest__"),
}


@pytest.mark.parametrize(("make", "where"), OPAQUE.values(), ids=OPAQUE)
def test_a_value_without_digest_tells_the_part_at_fault(make, where):
    found = digest(make())
    assert found.digest.startswith("opaque-")
    assert found.opaque == where or (where.startswith(".__") and where in found.opaque)


def test_an_opaque_digest_occurs_once():
    lock = threading.Lock()
    assert digest(lock).digest != digest(lock).digest


def test_a_long_path_is_cut():
    value: Any = threading.Lock()
    for _ in range(500):
        value = [value]
    assert digest(value).opaque == "[0]" * 19 + "...[0]: _thread.lock"


@pytest.mark.parametrize("make", [Mocking, Odd, lambda: Odd, lambda: {1: Odd()}, lambda: [Odd()] * 10])
def test_no_object_makes_a_digest_fail(make):
    assert digest(make()).digest


def nested(kind, depth):
    value = kind()
    for _ in range(depth):
        value = kind([value])
    return value


@pytest.mark.parametrize("kind", [list, tuple, collections.deque, Numbers])
def test_depth_is_no_fault(kind):
    assert digest(nested(kind, 10_000)).digest != digest(nested(kind, 10_001)).digest


@pytest.mark.parametrize("seed", [(), ([1],)], ids=["immutable", "mutable"])
def test_tuples_that_hold_one_tuple_twice_are_walked_once(seed):
    value: Any = seed
    for _ in range(100):
        value = (value, value)
    assert not digest(value).opaque


def test_long_immutable_values_are_digested_in_pieces():
    rows = tuple([number] for number in range(60_000))
    assert digest((rows, [1])) != digest((rows, [2]))


def test_long_values_in_many_lists_are_digested_in_pieces():
    assert digest([[number] for number in range(120_000)]) == digest([[number] for number in range(120_000)])


class Vertex:
    def __init__(self, name):
        self.name = name
        self.near = set()


def ring(order):
    vertices = [Vertex(name) for name in range(400)]
    for at in order:
        vertices[at].near = {vertices[at - 1], vertices[(at + 1) % 400], vertices[at]}
    return vertices


def test_graphs_of_sets_have_digests():
    assert digest(ring(range(400))) == digest(ring(reversed(range(400))))


def test_sets_of_graphs_have_digests():
    assert digest(set(ring(range(400)))) == digest(set(ring(range(400))))


def test_instances_with_ever_other_attributes_have_digests():
    assert not digest([Plain(**{f"a{number}": number}) for number in range(200)]).opaque


def test_sets_of_sets_of_objects_have_digests():
    assert not digest({frozenset({frozenset({Frozen(1), Vertex(2)})}), Vertex({Vertex(3)})}).opaque


def test_a_set_of_long_chains_has_a_digest():
    first = last = Plain()
    for _ in range(500):
        last.next = Plain()
        last = last.next
    assert not digest({first, Plain(a=1)}).opaque


@pytest.mark.parametrize("count", [3, 12])
def test_classes_that_all_know_one_another_end(count):
    classes = [type(f"C{i}", (), {}) for i in range(count)]
    for each in classes:
        each.all = classes
    assert not digest(classes).opaque


def test_classes_that_lead_to_ever_more_classes_end():
    last = type("C", (), {"end": 1})
    for _ in range(500):
        last = type("C", (), {"next": last})
    assert not digest(last).opaque


class Polars:
    """Stands for a frame of polars, which is not among the libraries that tests need."""

    def __init__(self, kind, columns, name=""):
        self.__class__ = type(kind, (Polars,), {"__module__": "polars"})
        self._columns, self.name = columns, name

    @property
    def columns(self):
        return list(self._columns)

    def to_arrow(self):
        return pa.table(self._columns)


def test_frames_of_polars_are_read_through_arrow():
    one, other, same = (Polars("DataFrame", {"a": numbers}) for numbers in ([1, 2], [1, 3], [1, 2]))
    assert digest(one) == digest(same) != digest(other)


def test_a_series_of_polars_has_a_name():
    assert digest(Polars("Series", {"a": [1]}, "a")) != digest(Polars("Series", {"a": [1]}, "b"))


def test_other_values_of_polars_are_taken_apart_like_any():
    assert digest(Polars("Expr", {"a": [1]})) != digest(Polars("Expr", {"a": [2]}))


SCRIPT = """
import collections, datetime, enum, pathlib
import numpy as np, pandas as pd
from phelps_jupyter.runtime.digests import digest
class C:
    def __init__(self, x): self.x = x
class E(enum.Enum):
    A = "a"
words = {"a", "b", "c", ("d", 1), frozenset({"e", ("f",)})}
print(digest([words, C(words), C, E.A, {w: 1 for w in "abc"}, collections.Counter("abc"), frozenset("xyz"),
    {C(1), C(2)}, pd.DataFrame({"a": [1.5], "b": ["x"]}), np.random.default_rng(1), pathlib.Path("a"),
    datetime.datetime(2020, 1, 1), lambda x, y={"p", "q"}: x in {"r", "s"}, np.sin, len]))
"""


def test_digests_are_the_same_in_every_process(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    found = {
        subprocess.run(
            [sys.executable, script],
            capture_output=True,
            check=True,
            text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
    assert "opaque=''" in found.pop()
