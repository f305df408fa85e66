"""What can't be stored is named, with the way to the part at fault."""

from __future__ import annotations

import io
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from phelps_jupyter.runtime.values import Unstorable, dumps


class Row:
    """Something with attributes."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)

    def method(self) -> None:
        """Bound to what it belongs to."""


class Slotted:
    """Something with slots."""

    __slots__ = ("empty", "part")

    def __init__(self, part: object) -> None:
        self.part = part


class Sulking:
    """Something that refuses to be pickled, in its own words."""

    def __reduce__(self) -> str:
        raise ValueError("not today")


def closure_over(part: object) -> Callable[[], object]:
    return lambda: part


def with_default(part: object = io.StringIO, *, other: object = threading.Lock()) -> object:
    return part, other


def made_dynamic(function: Any) -> Any:
    """A function that must be pickled by value, as those of a notebook are."""
    function.__qualname__ = "made.<locals>.function"
    return function


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


LOCK = threading.Lock()


def of_notebook(**members: object) -> type:
    return type("Own", (), {"__module__": "__main__", **members})


def never_called(part: object) -> Callable[[], object]:
    def function() -> object:
        return part, later

    if part is None:
        later = part
    return function


def objects_of(*parts: object) -> Any:
    array = np.empty(len(parts), object)
    array[:] = parts
    return array


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (LOCK, "_thread.lock can't be stored"),
        ((each for each in "ab"), "generator can't be stored"),
        ([1, {"handle": LOCK}], "[1]['handle']: _thread.lock can't be stored"),
        ([1, 2, 3, Row(handle=LOCK)], "[3].handle: _thread.lock can't be stored"),
        (({3: [Slotted(LOCK)]},), "[0][3][0].part: _thread.lock can't be stored"),
        ({(1, 2): LOCK}, "[tuple 0]: _thread.lock can't be stored"),
        ({LOCK: 1}, " (its key 0): _thread.lock can't be stored"),
        ({1, LOCK}, " (a member): _thread.lock can't be stored"),
        (deque([LOCK]), "[0]: _thread.lock can't be stored"),
        (partial(print, LOCK), ".args[0]: _thread.lock can't be stored"),
        (closure_over(LOCK), " (its variable part): _thread.lock can't be stored"),
        (made_dynamic(with_default), ".__kwdefaults__['other']: _thread.lock can't be stored"),
        (Row(handle=LOCK).method, ".__self__.handle: _thread.lock can't be stored"),
        (objects_of(1, LOCK), ".flat[1]: _thread.lock can't be stored"),
        (never_called(LOCK), " (its variable part): _thread.lock can't be stored"),
        (of_notebook(lock=LOCK), ".lock: _thread.lock can't be stored"),
        ([of_notebook(lock=[LOCK])()], "[0] (its class Own).lock[0]: _thread.lock can't be stored"),
        ([np.zeros(3), LOCK], "[1]: _thread.lock can't be stored"),
        ([sys, LOCK], "[1]: _thread.lock can't be stored"),
        ([Sulking()], "[0]: test_unstorable.Sulking can't be stored (ValueError: not today)"),
        (pd.DataFrame({"a": [LOCK]}), "DataFrame holds a _thread.lock that can't be stored"),
        (nested(100_000), "list is nested too deeply to be stored"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cant_be_stored_is_named_with_the_way_to_it(value: object, message: str) -> None:
    with pytest.raises(Unstorable) as caught:
        dumps(value)
    assert message in str(caught.value)


def test_a_message_may_begin_with_the_values_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with open(tmp_path / "file") as file, pytest.raises(Unstorable) as caught:
        dumps([1, Row(handle=file)])
    assert caught.value.told("rows") == "rows[1].handle: _io.TextIOWrapper can't be stored"
