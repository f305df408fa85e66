"""Values in a few words, for people: kind, shape, length. Knows libraries by the names of their types, imports none."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from enum import EnumType
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

_LONGEST = 80
_LONGEST_TEXT = 40
_DIGITS_IN_FULL = 60
"""Bits of an int that is shown in full."""

_ARRAYS = ("numpy", "scipy", "torch", "jax", "jaxlib", "cupy", "xarray", "dask", "tensorflow", "zarr", "h5py")
_TABLES = ("pandas", "polars", "pyarrow", "geopandas", "modin", "cudf")
_SIMPLE = ("datetime", "decimal", "fractions", "pathlib", "uuid", "ipaddress")
_SIZED = (dict, list, tuple, set, frozenset, deque)
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def summarise(value: object) -> str:
    """``DataFrame 333 x 8``, ``array float64 (3, 4)``, ``list of 12``, ``3.14``: at most 80 characters, no error."""
    try:
        summary = _summary(value, type(value))
    except Exception:
        # Whatever a library's or a user's object does when it is looked at, its type's name can be said.
        summary = type(value).__name__
    summary = " ".join(summary[: 2 * _LONGEST].split("\n"))
    return summary if len(summary) <= _LONGEST else summary[: _LONGEST - 1] + "…"


def size_text(nbytes: float) -> str:
    """Bytes for people, in powers of 1000: ``42 kB``, ``1.2 GB``."""
    power = 0
    while round(nbytes) >= 1000 and power < len(_UNITS) - 1:
        nbytes /= 1000
        power += 1
    short = power > 0 and round(nbytes, 1) < 10
    shown = f"{nbytes:.1f}".removesuffix(".0") if short else f"{nbytes:,.0f}"
    return f"{shown} {_UNITS[power]}"


def _summary(value: Any, kind: type) -> str:
    exact = _EXACT.get(kind)
    if exact is not None:
        return exact(value)
    library = kind.__module__.partition(".")[0]
    if library in _ARRAYS:
        return _array(value, kind)
    if library in _TABLES:
        return _table(value, kind)
    if library == "sklearn":
        return f"{kind.__name__}()"
    if library in _SIMPLE:
        return f"{kind.__name__} {value}"
    return _other(value, kind)


def _other(value: Any, kind: type) -> str:
    if issubclass(kind, type):
        return f"class {value.__name__}"
    if kind.__module__ == "matplotlib.figure":
        return "{} {:,.0f} x {:,.0f}".format(kind.__name__, *(value.get_size_inches() * value.dpi))
    if isinstance(kind, EnumType):
        return f"{kind.__name__}.{value._name_}"
    if issubclass(kind, BaseException) and len(value.args) == 1 and type(value.args[0]) is str:
        return f"{kind.__name__}: {value.args[0]}"
    for base in _SIZED:
        if issubclass(kind, base):
            # The base's own length: a subclass may have another, written by users.
            return _of(kind, base.__len__(value))
    return kind.__name__


def _of(kind: type, length: int) -> str:
    return f"{kind.__name__} of {length:,}"


def _array(value: Any, kind: type) -> str:
    shape = getattr(value, "shape", None)
    if shape is None:
        return kind.__name__
    name = "array" if kind.__name__ == "ndarray" else kind.__name__
    dtype = str(value.dtype).removeprefix("torch.")
    if len(shape) == 0 and kind.__module__ == "numpy" and name != "array":
        return f"{name} {value}"
    return f"{name} {dtype} {tuple(shape)}"


def _table(value: Any, kind: type) -> str:
    shape = getattr(value, "shape", None)
    name = kind.__name__
    if shape is None:
        sized = kind.__module__.startswith(("pyarrow", "pandas.core.indexes")) and hasattr(value, "__len__")
        return _of(kind, len(value)) if sized else _scalar(value, kind)
    if len(shape) == 2:
        return f"{name} {shape[0]:,} x {shape[1]:,}"
    return f"{name} {value.dtype} of {shape[0]:,}"


def _scalar(value: Any, kind: type) -> str:
    plain = kind.__name__ in ("Timestamp", "Timedelta", "Period", "NAType", "NaTType", "Interval")
    return f"{kind.__name__} {value}" if plain else kind.__name__


def _text(value: str) -> str:
    shown = repr(value) if len(value) <= _LONGEST_TEXT else ""
    return shown if 0 < len(shown) <= _LONGEST else _of(str, len(value))


def _int(value: int) -> str:
    return f"{value:,}" if value.bit_length() <= _DIGITS_IN_FULL else f"int of {value.bit_length():,} bits"


def _function(value: Any) -> str:
    return f"function {value.__name__}"


def _sized(value: Any) -> str:
    return _of(type(value), len(value))


_EXACT: Mapping[type, Callable[[Any], str]] = {
    type(None): repr,
    bool: repr,
    int: _int,
    float: repr,
    complex: repr,
    range: repr,
    str: _text,
    bytes: _sized,
    bytearray: _sized,
    **dict.fromkeys(_SIZED, _sized),
    OrderedDict: _sized,
    FunctionType: _function,
    BuiltinFunctionType: _function,
    MethodType: _function,
    ModuleType: lambda module: f"module {module.__name__}",
}
