"""Builtin containers and the instances of any class taken apart: by its own word, or by its attributes.

Refuses to know a container's order of visits and what is shared: that is for the walk in `digests`.
"""

from __future__ import annotations

import copyreg
import dataclasses
import datetime
import enum
import types
import weakref
from collections.abc import Callable
from typing import Any

from phelps_jupyter.runtime.digest_atoms import ENCODERS, packed, plain_time, text
from phelps_jupyter.runtime.digest_parts import Parts, Take, Undigestible, described, numbered, type_name
from phelps_jupyter.runtime.digest_recipes import cached_names, reduced_taker

_DICT_AND_WEAKREF = 16
"""Bytes that these two add to an object; a type that adds more keeps something that we can't see."""

_FIELDS: Any = vars(dataclasses)["_dataclass_getstate"]
_MOST_SHAPES = 100

_Shape = tuple[bytes, list[str], Callable[[int], str]]
"""Head, names of attributes and labels for instances of one class."""


def take_list(value: Any) -> Parts:
    """A list: a run of leaves is packed."""
    items = list(value)
    return _sequence(b"list", items, shared=True)


def take_tuple(value: Any) -> Parts:
    """A tuple: equal tuples are one, however often they occur."""
    return _sequence(b"tuple", value, shared=False)


def _sequence(tag: bytes, items: Any, *, shared: bool) -> Parts:
    run = packed(items)
    if run is not None:
        return Parts(b"%s!" % tag + run, shared=shared)
    if not shared and all(type(each) in ENCODERS for each in items):
        return Parts(
            b"%s%d;" % (tag, len(items)) + b"".join([ENCODERS[type(each)](each) for each in items]), shared=False
        )
    return Parts(b"%s%d;" % (tag, len(items)), items, numbered, shared)


def take_dict(value: Any) -> Parts:
    """A dict in its order."""
    return _mapping(b"dict", dict(value))


def _mapping(tag: bytes, items: dict[Any, Any]) -> Parts:
    keys, values = list(items), list(items.values())
    packed_keys, packed_values = packed(keys), packed(values)
    inside = (keys if packed_keys is None else []) + (values if packed_values is None else [])
    first = len(inside) - len(values)
    head = b"%s%d,%d;" % (tag, len(items), len(inside))
    label = lambda index: f"[{_short(keys[index - first])}]" if index >= first else ".keys()"  # noqa: E731  # a label
    return Parts(head + (packed_keys or b"-") + (packed_values or b"-"), inside, label)


def _short(key: object) -> str:
    """A key as its owner would write it; only where that can't be slow or raise."""
    return repr(key) if isinstance(key, str | int | float | bytes | None) else type(key).__name__


def take_slice(value: Any) -> Parts:
    """A slice."""
    return Parts(b"slice", (value.start, value.stop, value.step), shared=False)


def take_time(value: Any) -> Parts:
    """A date with time, or a time; the zone is a value of its own."""
    bare = plain_time(value.replace(tzinfo=None))
    return Parts(b"time" + bare, (value.tzinfo,), shared=False)


def take_proxy(value: Any) -> Parts:
    """A read-only view of a dict."""
    return _mapping(b"proxy", dict(value))


def take_cell(value: Any) -> Parts:
    """A closure's variable."""
    try:
        return Parts(b"cell", (value.cell_contents,))
    except ValueError:
        return Parts(b"empty cell")


def take_weak_mapping(value: Any) -> Parts:
    """A mapping with weak keys or values, as its items are now."""
    return Parts(b"weak", (type(value), dict(value.items())))


EXACT: dict[type, Take] = {
    list: take_list,
    tuple: take_tuple,
    dict: take_dict,
    slice: take_slice,
    datetime.datetime: take_time,
    datetime.time: take_time,
    types.MappingProxyType: take_proxy,
    types.CellType: take_cell,
    weakref.WeakKeyDictionary: take_weak_mapping,
    weakref.WeakValueDictionary: take_weak_mapping,
}


def taker_for(kind: type) -> Take:
    """How to take apart instances of a class that is not in `EXACT`."""
    if hasattr(kind, "__phelps_digest__"):
        return _take_own_word
    if issubclass(kind, enum.Enum):
        return _take_enum_member
    if kind.__module__ == "itertools":
        # They can be pickled, but say so with a warning, and not for long.
        return _refuse
    if kind.__module__ == "zoneinfo" and kind.__name__ == "ZoneInfo":
        return _take_zone
    if _is_plain(kind):
        return _instance_taker(kind)
    if _tells_fields(kind):
        return _fields_taker(kind)
    if issubclass(kind, tuple) and _inherits(kind, tuple):
        return _take_tuple_subclass
    if issubclass(kind, set | frozenset):
        return _take_set_kind
    return reduced_taker(kind)


def _refuse(value: Any) -> Parts:
    raise Undigestible("", type_name(value))


def _take_zone(value: Any) -> Parts:
    # One that was read from a file has no name, and can't be pickled either.
    return Parts(b"zone" + text(value.key), shared=False) if value.key is not None else _refuse(value)


def _take_own_word(value: Any) -> Parts:
    return Parts(b"own word", (type(value), value.__phelps_digest__()), lambda _: ".__phelps_digest__()")


def _take_enum_member(value: Any) -> Parts:
    return Parts(b"enum" + text(str(value._name_)), (type(value), value._value_), shared=False)


def _take_tuple_subclass(value: Any) -> Parts:
    state = getattr(value, "__dict__", None) or None
    names = getattr(type(value), "_fields", ())

    def label(index: int) -> str:
        if index < 2:
            return ".__dict__" if index else ""
        return f".{names[index - 2]}" if index - 2 < len(names) else numbered(index - 2)

    inside = (type(value), state, *tuple.__iter__(value))
    return Parts(b"tuple kind%d;" % (len(inside) - 2), inside, label, state is not None)


def _take_set_kind(value: Any) -> Parts:
    state = getattr(value, "__dict__", None)
    elements = frozenset(value) if isinstance(value, frozenset) else set(value)
    return Parts(b"set kind", (type(value), elements, state or None))


def _inherits(kind: Any, base: Any) -> bool:
    """Whether a class is pickled in the way of its builtin base."""
    return (
        kind.__reduce_ex__ is base.__reduce_ex__
        and kind.__reduce__ is base.__reduce__
        and kind.__getstate__ is base.__getstate__
        and kind not in copyreg.dispatch_table
    )


def _is_made_bare(kind: Any) -> bool:
    """Whether an instance is made by its class alone."""
    return not (hasattr(kind, "__getnewargs_ex__") or hasattr(kind, "__getnewargs__"))


def _tells_fields(kind: Any) -> bool:
    """Whether instances are pickled by their fields: dataclasses with slots that are frozen. The same, faster."""
    return (
        kind.__getstate__ is _FIELDS
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and kind not in copyreg.dispatch_table
        and _is_made_bare(kind)
        and not issubclass(kind, list | dict)
    )


def _fields_taker(kind: Any) -> Take:
    head, names, label = _shape([each.name for each in dataclasses.fields(kind)])
    head = b"fields " + head
    return lambda value: Parts(head, [kind, *[getattr(value, name) for name in names]], label)


def _is_plain(kind: Any) -> bool:
    """Whether all there is to an instance lies in its ``__dict__``."""
    return (
        _inherits(kind, object)
        and _is_made_bare(kind)
        and kind.__dictoffset__ != 0
        and kind.__itemsize__ == 0
        and kind.__basicsize__ <= object.__basicsize__ + _DICT_AND_WEAKREF
        and not any("__slots__" in vars(each) and vars(each)["__slots__"] for each in kind.__mro__)
    )


def _instance_taker(kind: Any) -> Take:
    ignored = cached_names(kind)
    # Instances of one class mostly have the same attributes in the same order.
    shapes: dict[tuple[str, ...], _Shape] = {}

    def take(value: Any) -> Parts:
        state = value.__dict__
        if type(state) is not dict:
            raise Undigestible("", type_name(value))
        written = tuple(state)
        shape = shapes.get(written)
        if shape is None:
            shape = _shape(sorted(set(written) - ignored))
            if len(shapes) < _MOST_SHAPES:
                shapes[written] = shape
        head, names, label = shape
        return Parts(head, [kind, *[state[name] for name in names]], label)

    return take


def _shape(names: list[str]) -> _Shape:
    return b"object%d;" % len(names) + b"".join(map(text, names)), names, described(names, 1)
