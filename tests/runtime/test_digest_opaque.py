"""Values without a digest: the part at fault is named, and nothing that a user may hold raises, hangs or crashes."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import itertools
import threading
import types
import weakref
from collections.abc import Callable
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from digest_kit import Frozen, Plain, Point, Slotted, closed_over, frame, with_attrs

from phelps_jupyter.runtime.digests import digest


class Refusing:
    def __reduce_ex__(self, protocol):
        raise RuntimeError("no")


class Pair(tuple[object, ...]):  # noqa: SLOT001  # it may have attributes, which is what is tested
    pass


def noted(value: Any, unit: object) -> Any:
    value.unit = unit
    return value


def named_index(name: object) -> Any:
    return pd.Index([1], name=name)


def zone_from_a_file() -> ZoneInfo:
    with resources.files("tzdata.zoneinfo").joinpath("UTC").open("rb") as file:
        return ZoneInfo.from_file(file)


class Hiding:
    @property
    def __dict__(self):
        raise RuntimeError("no")


class Detached:
    __dict__: Any = 5


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
    "lock in a named tuple": (lambda: Point(1, threading.Lock()), ".y: _thread.lock"),
    "lock in fields": (lambda: Frozen(threading.Lock()), ".a: _thread.lock"),
    "lock in polars": (lambda: pl.DataFrame({"a": [threading.Lock()]}), "['a'][0]: _thread.lock"),
    "lock in a series": (lambda: pd.Series([1, threading.Lock()]), "[1]: _thread.lock"),
    "lock in an index": (lambda: pd.Index([1, threading.Lock()]), "[1]: _thread.lock"),
    "lock in the name of an index": (lambda: named_index((threading.Lock(),)), ".names[0][0]: _thread.lock"),
    "lock in the index of a series": (lambda: pd.Series([1], [threading.Lock()]), ".index[0]: _thread.lock"),
    "lock in a level": (lambda: pd.MultiIndex.from_tuples([(1, threading.Lock())]), ".levels[1][0]: _thread.lock"),
    "lock in a subclass of tuple": (lambda: Pair([threading.Lock()]), "[0]: _thread.lock"),
    "lock beside a tuple": (lambda: noted(Pair(), threading.Lock()), ".__dict__['unit']: _thread.lock"),
    "zone from a file": (zone_from_a_file, "zoneinfo.ZoneInfo"),
    "detached attributes": (lambda: Detached(), f"{__name__}.Detached"),
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


def never(*_: object, **__: object) -> Any:
    raise RuntimeError("no")


def endless(*_: object, **__: object) -> Any:
    return iter(int, 1)


HOOKS = [
    *("__reduce_ex__", "__reduce__", "__getattribute__", "__getattr__", "__getstate__", "__getnewargs__", "__eq__"),
    *("__hash__", "__len__", "__iter__", "__bool__", "__repr__", "__class__", "__dict__", "__phelps_digest__", "items"),
]
WAYS: dict[str, Any] = {
    "raises": never,
    "raises when looked up": property(never),
    "leaves": lambda *_: exec("raise SystemExit"),
    "never ends": endless,
    "says none": lambda *_: None,
    "is no method": 5,
}


def hostile(base: type, hook: str, way: Any) -> list[object]:
    """A class with such a method, and an instance if one can be had."""
    try:
        made = type("Hostile", (base,), {hook: way})
    except TypeError:
        return []
    try:
        return [made, made("X", (), {}) if base is type else made()]
    except (Exception, SystemExit):
        return [made]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("hook", HOOKS)
def test_no_method_of_a_class_makes_a_digest_fail(hook, way):
    for base in (object, dict, list, set, tuple, str, int, Exception, type):
        for value in hostile(base, hook, way):
            assert digest(value).digest
            assert digest([value]).digest


class Recipe:
    def __init__(self, recipe: object) -> None:
        self.recipe = recipe

    def __reduce_ex__(self, _: object) -> Any:
        return self.recipe


@pytest.mark.parametrize(
    "recipe",
    [None, 5, (), (int,), (int, 5), endless(), (int, (), None, endless()), (int, (), None, None, endless()), (0,) * 7],
)
def test_a_recipe_that_pickle_would_refuse_makes_a_value_opaque(recipe):
    assert "Recipe" in digest(Recipe(recipe)).opaque


class Growing:
    """Each look finds two that were not there before."""

    def __reduce_ex__(self, _: object) -> Any:
        return Growing, (Growing(), Growing())


def test_a_value_that_grows_while_it_is_looked_at_is_opaque():
    assert "nested too deeply" in digest(Growing()).opaque


def test_a_sized_container_may_have_more_items_than_an_endless_one():
    assert not digest(collections.deque([None] * 1_000_001)).opaque


def test_a_class_without_a_module_is_told_by_its_name():
    # Only where a namespace has no name either.
    made: dict[str, Any] = {}
    exec("value = type('Nameless', (), {'__reduce_ex__': None})()", made)
    assert digest(made["value"]).opaque == "Nameless"


class TooMany(list[int]):
    def __iter__(self) -> Any:
        return iter(range(1_000_002))


def test_items_that_are_more_than_the_container_says_are_endless():
    assert digest(TooMany()).opaque == f"{__name__}.TooMany (endless)"


DEEP: dict[str, Callable[[Any], Any]] = {
    "list": lambda value: [value],
    "dict": lambda value: {"a": value},
    "instance": lambda value: Plain(a=value),
    "slots": lambda value: Slotted(1, value),
    "fields": Frozen,
    "frozenset": lambda value: frozenset([value]),
    "exception": ValueError,
    "closure": closed_over,
    "method": lambda value: types.MethodType(len, value),
    "partial": lambda value: functools.partial(len, value),
}


@pytest.mark.parametrize("nest", DEEP.values(), ids=DEEP)
def test_ten_thousand_values_in_one_another_have_a_digest(nest):
    value: Any = 0
    for _ in range(10_000):
        value = nest(value)
    assert not digest(value).opaque
