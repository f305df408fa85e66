"""Classes and makers of values for the tests of digests."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
import functools
import math
import pickle
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse

from phelps_jupyter.runtime.digests import Digested, digest


def check_same(one: object, other: object) -> None:
    """No reader can tell these apart, and they have a digest."""
    found = digest(one)
    assert found.opaque == ""
    assert found == digest(other)
    assert found == Digested(f"{int(found.digest, 16):032x}", modules=found.modules)


def check_different(one: object, other: object) -> None:
    """A reader can tell these apart, and both have a digest."""
    first, second = digest(one), digest(other)
    assert (first.opaque, second.opaque) == ("", "")
    assert first.digest != second.digest


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


class Silent(Plain):
    """It asks for nothing to be kept."""

    def __getstate__(self) -> None:
        return None


class Paired(Plain):
    """Its state looks like that of an object with slots."""

    def __getstate__(self) -> object:
        return {"a": 1}, self.__dict__


class Twice(dict[object, object]):
    """Tells one key with two values."""

    def __init__(self, *values: object) -> None:
        self.values_told = values

    def __reduce__(self) -> Any:
        return Twice, (), None, None, iter([(1, value) for value in self.values_told])


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


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


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
