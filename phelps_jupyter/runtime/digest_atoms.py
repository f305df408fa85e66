"""Leaves of a value as bytes, and runs of them packed. Each encoding starts with its type and can be read one way only.

Knows builtin and standard library values that hold no other value. Refuses to know containers and sharing.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import ipaddress
import math
import pathlib
import re
import struct
import types
import uuid
from array import array
from collections.abc import Callable, Iterable, Sequence
from operator import countOf
from typing import Any

import xxhash

from phelps_jupyter.runtime.code_parts import code_object_digest
from phelps_jupyter.runtime.homes import version_of

_INLINE = 1024
_STRIDE = 1 << 10
"""Strings that are joined at a time: what is copied stays in the cache. Part of the format."""
_MIN_PACKED = 8
_NAN = math.nan


def sealed(tag: bytes, content: Any) -> bytes:
    """Any buffer under a tag and its length: short ones as they are, long ones as their digest."""
    size = memoryview(content).nbytes
    if size > _INLINE:
        return b"%s#%d:%s" % (tag, size, xxhash.xxh3_128_digest(content))
    return b"%s%d:%s" % (tag, size, bytes(content))


def text(value: str) -> bytes:
    """A string, lone surrogates included."""
    content = value.encode("utf-8", "surrogatepass")
    return b"s%d:%s" % (len(content), content) if len(content) <= _INLINE else sealed(b"s", content)


def _integer(value: int) -> bytes:
    # Hexadecimal: decimal text of more than 4,300 digits is refused by Python.
    return b"i%x;" % value


def _float(value: float) -> bytes:
    return b"f" + struct.pack("<d", value if value == value else _NAN)


def _complex(value: complex) -> bytes:
    return b"c" + _float(value.real) + _float(value.imag)


def _memoryview(value: memoryview) -> bytes:
    head = b"v" + text(f"{value.format} {value.shape}")
    return head + sealed(b"", value if value.c_contiguous else value.tobytes())


def _datetime(value: datetime.datetime | datetime.time) -> bytes:
    return b"D" + text(f"{type(value).__name__} {value.isoformat()} {value.fold}")


def _pattern(value: re.Pattern[Any]) -> bytes:
    content = value.pattern
    return b"P%d;" % value.flags + (text(content) if isinstance(content, str) else sealed(b"b", content))


def module_part(value: types.ModuleType) -> bytes:
    return b"M" + text(value.__name__) + text(version_of(value.__name__))


def _named(value: Any) -> bytes:
    return b"G" + text(type(value).__name__) + text(str(value))


ENCODERS: dict[type, Callable[[Any], bytes]] = {
    types.NoneType: lambda _: b"N",
    types.EllipsisType: lambda _: b"E",
    types.NotImplementedType: lambda _: b"O",
    bool: lambda value: b"T" if value else b"F",
    int: _integer,
    float: _float,
    complex: _complex,
    str: text,
    bytes: lambda value: sealed(b"b", value),
    range: lambda value: b"R%x,%x,%x;" % (value.start, value.stop, value.step),
    types.CodeType: lambda value: b"X" + code_object_digest(value).encode(),
    datetime.date: lambda value: b"D" + text(value.isoformat()),
    datetime.timedelta: lambda value: b"L%d,%d,%d;" % (value.days, value.seconds, value.microseconds),
    re.Pattern: _pattern,
    **dict.fromkeys((decimal.Decimal, fractions.Fraction, uuid.UUID), _named),
    **dict.fromkeys((pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath), _named),
    **dict.fromkeys((ipaddress.IPv4Address, ipaddress.IPv6Address), _named),
}
"""Exact type -> encoder, for values that are immutable and hold nothing else: whether they are shared can't matter."""

BUFFERS: dict[type, Callable[[Any], bytes]] = {
    bytearray: lambda value: sealed(b"B", value),
    memoryview: _memoryview,
}
"""The same for values that can be changed in place."""


def plain_time(value: datetime.datetime | datetime.time) -> bytes:
    """A date with time, or a time, that has no time zone."""
    return _datetime(value)


def packed(items: Sequence[object]) -> bytes | None:
    """A run of leaves as one short encoding; None when something in it is no leaf, or the run is short."""
    if len(items) < _MIN_PACKED:
        return None
    if type(items[0]) is str:
        return packed_texts(len(items), lambda start, end: items[start:end])
    kinds = set(map(type, items))
    if not kinds <= ENCODERS.keys():
        return None
    if str in kinds:
        return packed_texts(len(items), lambda start, end: items[start:end])
    return _PACKERS.get(kinds.pop(), _each)(items) if len(kinds) == 1 else _each(items)


def packed_texts(count: int, cut: Callable[[int, int], Sequence[object]]) -> bytes | None:
    """A run of strings with other leaves among them, read once from its start to its end: each time that memory is
    fetched anew costs more than what is done with it. ``cut``: the elements between two places."""
    whole = xxhash.xxh3_128()
    for start in range(0, count, _STRIDE):
        strings: Any = cut(start, start + _STRIDE)
        # By identity, in C: this check takes most of the time.
        if countOf(map(type, strings), str) != len(strings):
            if not set(map(type, strings)) <= ENCODERS.keys():
                return None
            whole.update(_others(strings))
            strings = [each for each in strings if each.__class__ is str]
        joined = "\0".join(strings)
        # A separator that occurs inside an element separates nothing: then the lengths are told apart.
        if joined.count("\0") != len(strings) - 1:
            whole.update(b"l" + sealed(b"q", array("q", map(len, strings))))
        content = joined.encode("utf-8", "surrogatepass")
        whole.update(b"%d:" % len(content))
        whole.update(content)
    return b"S%d:%s" % (count, whole.digest())


def _others(items: Sequence[object]) -> bytes:
    """What is no string among strings: the holes of a column, with their places."""
    others = [(index, value) for index, value in enumerate(items) if value.__class__ is not str]
    places = array("q", [index for index, _ in others])
    return b"o%d," % len(items) + sealed(b"p", places) + _each([value for _, value in others])


def unordered(items: Iterable[object]) -> bytes | None:
    """The elements of a set, whatever their order; None when one of them is no leaf."""
    elements = list(items)
    kinds = set(map(type, elements))
    if not kinds <= ENCODERS.keys():
        return None
    if len(kinds) == 1 and kinds <= {str, int}:
        run = packed(sorted(elements))  # type: ignore[type-var]  # all of one type that has an order
        if run is not None:
            return run
    return b"".join(sorted(ENCODERS[type(each)](each) for each in elements))


def _integers(items: Sequence[Any]) -> bytes:
    try:
        return sealed(b"q", array("q", items))
    except OverflowError:
        return _each(items)


def _floats(items: Sequence[Any]) -> bytes:
    if math.isnan(sum(items)):
        # NaN is equal to NaN here, whatever its sign and payload.
        items = [value if value == value else _NAN for value in items]
    return sealed(b"d", array("d", items))


def _each(items: Sequence[Any]) -> bytes:
    encoders = ENCODERS
    return sealed(b"e", b"".join([encoders[value.__class__](value) for value in items]))


_PACKERS: dict[type, Callable[[Sequence[Any]], bytes]] = {
    int: _integers,
    float: _floats,
}
