"""Values whose digests hang on no library's version, by name; run as a script, it prints their digests.

Run it under another Python or another hash seed, and the lines must be the ones of `digest_golden.txt`:
``python tests/runtime/digest_battery.py > tests/runtime/digest_golden.txt`` writes them anew, for a format that
changed on purpose.
"""

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
import re
import sys
import types
import uuid
from pathlib import Path, PurePosixPath
from typing import Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from phelps_jupyter.runtime.digests import digest

Content = TypeVar("Content")


class Plain:
    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)

    @functools.cached_property
    def total(self) -> int:
        return len(self.__dict__)


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: object, b: object) -> None:
        self.a, self.b = a, b


class Silent(Plain):
    def __getstate__(self) -> None:
        return None


class Box(Generic[Content]):
    def __init__(self, content: Content) -> None:
        self.content = content


@dataclasses.dataclass
class Record:
    a: object
    b: object = None


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Frozen:
    a: object


class Point(NamedTuple):
    x: object
    y: object = 0


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"


class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Level(enum.IntEnum):
    LOW = 1


class Words(list[str]):
    pass


def cycle() -> list[object]:
    found: list[object] = [1]
    found.append(found)
    return found


def shared(value: object) -> list[object]:
    return [value, value]


def scaled(factor: float) -> Any:
    return lambda x, by=2: x * factor * by


def documented(x: int, *, deep: bool = False) -> list[int]:
    """A function with a docstring."""
    return [each for each in range(x) if deep]


STRINGS = [f"s{number}" for number in range(3000)]
ZONE = ZoneInfo("Europe/Berlin")

PLAIN: dict[str, object] = {
    "none": None,
    "flags": [True, False],
    "ints": [0, -1, 10**30, 10**5000],
    "floats": [0.0, -0.0, math.nan, math.inf, 1e-320],
    "complex": [1j, complex(math.nan, -0.0)],
    "many ints": list(range(100)),
    "many huge ints": [10**30 + number for number in range(100)],
    "many floats": [number / 7 for number in range(100)],
    "strings": ["", "a", "\0", "ä", "\ud800", "x" * 2000],
    "many strings": STRINGS,
    "many strings with zeros": [f"{each}\0" for each in STRINGS],
    "column with holes": [None, math.nan, *STRINGS, 3],
    "bytes": [b"", b"a" * 2000, bytearray(b"b"), memoryview(b"abcd")[::2], memoryview(b"abcd").cast("i")],
    "range": range(1, 10, 3),
    "slice": slice(1, None, -1),
    "ellipsis": [..., NotImplemented],
    "dates": [datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5, 6), datetime.time(1, 2)],
    "zones": [
        datetime.datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=ZONE),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        datetime.timezone(datetime.timedelta(hours=1), "here"),
    ],
    "spans": datetime.timedelta(1, 2, 3),
    "decimals": [decimal.Decimal("1.0"), decimal.Decimal("1.00"), decimal.Decimal("-0"), decimal.Decimal("NaN")],
    "fractions": fractions.Fraction(1, 3),
    "paths": [Path("a/b"), PurePosixPath("/a")],
    "uuid": uuid.UUID(int=1),
    "addresses": [ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8")],
    "patterns": [re.compile("a+", re.IGNORECASE), re.compile(b"a")],
}

CONTAINERS: dict[str, object] = {
    "tuples": ((), (1,), ((1, "a"), (2.5,))),
    "lists": [[], [[]], [1, [2, [3]]]],
    "dicts": {"a": 1, 2: [3], None: {}, ("t", 1): {"b": b""}},
    "large dict": dict(zip(STRINGS, range(3000), strict=True)),
    "set of strings": set(STRINGS),
    "set of kinds": {1, "a", None, 2.5, (1, "b")},
    "sets of tuples": {(each, (each,)) for each in STRINGS[:50]},
    "sets of sets": {frozenset({((each,),), ((each + "!",),)}) for each in STRINGS[:50]},
    "sets of objects": {Frozen(each) for each in STRINGS[:50]},
    "sets of long tuples": {((), *(((number,),) for number in range(400)), each) for each in STRINGS[:5]},
    "ordered": collections.OrderedDict(b=1, a=2),
    "defaultdict": collections.defaultdict(list, a=[1]),
    "counter": collections.Counter("abracadabra"),
    "deque": collections.deque([1, [2]], maxlen=3),
    "chain map": collections.ChainMap({"a": 1}, {"b": 2}),
    "proxy": types.MappingProxyType({"a": 1}),
    "namespace": types.SimpleNamespace(a=1, b=[2]),
    "array": array.array("d", [1.0, 2.0]),
    "cycle": cycle(),
    "sharing": shared([1]),
    "sharing of tuples": shared((1, (2, "a"))),
    "subclass of list": Words(["a"]),
}

OBJECTS: dict[str, object] = {
    "instances": [Plain(a=1, b=[2]), Plain(b=[2], a=1), Silent(a=1), Slotted(1, "a"), Box(3)],
    "dataclasses": [Record(1), Record("a", [2]), Frozen(1), Frozen([1])],
    "named tuples": [Point(1), Point(1, [2])],
    "enums": [Colour.RED, Colour.GREEN, Rights.READ | Rights.WRITE, Level.LOW],
    "exceptions": ValueError("a", 1),
    "functions": [documented, scaled(2.5), functools.partial(documented, 3, deep=True)],
    "lambdas": [lambda x: x + 1, lambda x, *, y=1: {x: y}],
    "builtins": [len, math.sin, [].append, "a".upper, int, dict.fromkeys, str.join, Ellipsis.__class__],
    "bound methods": [Plain(a=1).__init__, Slotted.__init__],
    "getters": [operator.itemgetter(1, "a"), operator.attrgetter("a.b"), operator.methodcaller("f", 1, k=2)],
    "aliases": [list[int], dict[str, int] | None, int | str],
    "classes": [Plain, Slotted, Record, Frozen, Point, Colour, Rights, Level, Words, Box],
}

BATTERY = PLAIN | CONTAINERS | OBJECTS


def main() -> None:
    """Print a line for each value."""
    for name, value in BATTERY.items():
        found = digest(value)
        sys.stdout.write(f"{name}: {found.opaque or found.digest}\n")


if __name__ == "__main__":
    main()
