"""Builtin values, those of the standard library, and objects of all kinds: which of them are equal for a reader."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import ipaddress
import math
import operator
import pickle
import random
import re
import types
import uuid
import weakref
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from digest_kit import (
    BIG,
    COLUMN_MAJOR,
    EMPTIES,
    HOLES,
    REVERSED,
    STRINGS,
    ZONE,
    Away,
    Colour,
    Frozen,
    Lazy,
    Marks,
    Names,
    Numbers,
    Other,
    Own,
    Paint,
    Paired,
    Plain,
    Point,
    Record,
    Rights,
    Setter,
    Silent,
    Slotted,
    Strange,
    Tagged,
    Text,
    Twice,
    apart,
    check_different,
    check_same,
    closed_over,
    cycle,
    noted,
    rebuilt,
    shared,
)

LONG = [((), *(((number,),) for number in range(400)), each) for each in ("a", "b", "c")]
"""Alike in their first 400 parts."""


class Letters(collections.Counter[str]):
    pass


def in_berlin(*, fold: int) -> datetime.datetime:
    return datetime.datetime(2020, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold)


def named_tuple(fields: str) -> type:
    return collections.namedtuple("Fields", fields)


def replaceable(kind: Any) -> type:
    """As Python makes them since 3.13."""
    kind.__replace__ = kind._replace
    return kind


def mutual(value: object) -> list[Any]:
    one: list[Any] = [value]
    one.append([one])
    return one


def deep_sets(word: str, depth: int = 12) -> frozenset[object]:
    """So deep that a look does not reach the word."""
    return frozenset({(word,)} if depth == 0 else {deep_sets(word, depth - 1)})


def nested_sets(word: str) -> frozenset[object]:
    return frozenset({((word,),), frozenset({((word, 1),)})})


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
    "cycle": (cycle(1), cycle(1)),
    "random": (random.Random(1), random.Random(1)),
    "weak mapping": (weakref.WeakValueDictionary(a=Colour), weakref.WeakValueDictionary(a=Colour)),
    "exception": (ValueError("a", 1), ValueError("a", 1)),
    "frozen dataclass with slots": (Frozen(1), rebuilt(Frozen(1))),
    "state of nothing": (Silent(a=1), Silent(a=2)),
    "flags": (Rights.READ | Rights.WRITE, Rights(3)),
    "fortran memoryview": (memoryview(COLUMN_MAJOR), memoryview(np.ascontiguousarray(COLUMN_MAJOR))),
    "large fortran memoryview": (memoryview(BIG.T), memoryview(np.ascontiguousarray(BIG.T))),
    "array of the standard library": (array.array("d", [1, 2]), array.array("d", [1, 2])),
    "time zones by name": (in_berlin(fold=0), in_berlin(fold=0)),
    "many strings and a rebuilt copy": (HOLES * 50, rebuilt(HOLES * 50)),
    "keys told twice": (Twice(1, 2), Twice(1, 2)),
    "sets of long elements": ({*LONG}, {*LONG[::-1]}),
    "sets of sets of sets": ({deep_sets("a"), deep_sets("b")}, {deep_sets("b"), deep_sets("a")}),
    "what newer Pythons add": (named_tuple("a b"), replaceable(named_tuple("a b"))),
    "sets of nested sets": ({nested_sets(each) for each in STRINGS}, {nested_sets(each) for each in REVERSED}),
}

DIFFERENT: dict[str, tuple[Any, Any]] = {
    "int and bool": (1, True),
    "int and float": (1, 1.0),
    "int and string": (1, "1"),
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
    "random": (random.Random(1), random.Random(2)),
    "weak mappings": (weakref.WeakValueDictionary(a=Colour), weakref.WeakValueDictionary(a=Paint)),
    "flags": (Rights.READ, Rights.READ | Rights.WRITE),
    "states in pairs": (Paired(a=1), Paired(a=2)),
    "keys told twice": (Twice(1, 2), Twice(2, 2)),
    "folds in a zone": (in_berlin(fold=0), in_berlin(fold=1)),
    "zones by name": (ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Paris")),
    "arrays of the standard library": (array.array("d", [1]), array.array("f", [1])),
    "closures": (closed_over(1), closed_over(2)),
    "defaults": (lambda x=1: x, lambda x=2: x),
    "names of partials": (functools.partial(print, end=""), functools.partial(print, sep="")),
    "getters": (operator.itemgetter(1), operator.itemgetter(2)),
    "mutual references": (mutual(1), mutual(2)),
    "place of what is no string": ([*STRINGS * 20, 1], [*STRINGS * 19, 1, *STRINGS]),
    "long elements of sets": ({LONG[0]}, {LONG[1]}),
    "subclass of Counter": (Letters("a"), collections.Counter("a")),
    "parameters of dataclasses": (
        dataclasses.make_dataclass("D", ["a"]),
        dataclasses.make_dataclass("D", ["a"], frozen=True),
    ),
    "defaults of dataclasses": (
        dataclasses.make_dataclass("D", [("a", int, 1)]),
        dataclasses.make_dataclass("D", [("a", int, 2)]),
    ),
    "fields of named tuples": (named_tuple("a b"), named_tuple("a c")),
    "members of enums": (enum.Enum("E", {"A": 1}), enum.Enum("E", {"A": 2})),
    "own methods of enums": (enum.Enum("E", {"A": 1}), enum.IntEnum("E", {"A": 1})),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_objects_that_no_reader_can_tell_apart_have_one_digest(one, other):
    check_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_objects_that_a_reader_can_tell_apart_have_two(one, other):
    check_different(one, other)
