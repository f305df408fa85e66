"""Any object taken apart: by its own word, by its attributes, or by the way it would be pickled.

Refuses to know a container's order of visits and what is shared: that is for the walk in `digests`.
"""

from __future__ import annotations

import copyreg
import datetime
import enum
import functools
import pickle
import types
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from phelps_jupyter.runtime.digest_atoms import ENCODERS, packed, plain_time, text
from phelps_jupyter.runtime.digest_parts import Parts, Take, Undigestible, described, numbered
from phelps_jupyter.runtime.homes import Home, home_of_function

_DICT_AND_WEAKREF = 16
"""Bytes that these two add to an object; a type that adds more keeps something that we can't see."""

_MOST_SHAPES = 100

_CACHES: Mapping[str, frozenset[str]] = {
    "pandas": frozenset({"_cache", "_item_cache"}),
    "scipy": frozenset({"_has_sorted_indices", "_has_canonical_format"}),
}
"""Attributes that libraries fill when they are first asked, by the library's name."""


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

_IMMUTABLE = (
    datetime.tzinfo,
    datetime.datetime,
    datetime.date,
    datetime.timedelta,
    types.GenericAlias,
    types.UnionType,
)


def taker_for(kind: type) -> Take:
    """How to take apart instances of a class that is not in `EXACT`."""
    if hasattr(kind, "__phelps_digest__"):
        return _take_own_word
    if issubclass(kind, enum.Enum):
        return _take_enum_member
    if kind.__module__ == "itertools":
        # They can be pickled, but say so with a warning, and not for long.
        return _refuse
    if _is_plain(kind):
        return _instance_taker(kind)
    if issubclass(kind, tuple) and _inherits(kind, tuple):
        return _take_tuple_subclass
    return _take_reduced


def _refuse(value: Any) -> Parts:
    raise Undigestible("", type_name(value))


def type_name(value: object) -> str:
    """The type of a value as people would look it up."""
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return module + kind.__qualname__


def _take_own_word(value: Any) -> Parts:
    return Parts(b"own word", (type(value), value.__phelps_digest__()), lambda _: ".__phelps_digest__()")


def _take_enum_member(value: Any) -> Parts:
    return Parts(b"enum" + text(str(value._name_)), (type(value), value._value_), shared=False)


def _take_tuple_subclass(value: Any) -> Parts:
    state = getattr(value, "__dict__", None) or None
    return Parts(
        b"tuple kind%d;" % len(value), (type(value), state, *tuple.__iter__(value)), _item_label, state is not None
    )


def _item_label(index: int) -> str:
    return numbered(index - 2) if index >= 2 else ".__dict__"


def _inherits(kind: Any, base: Any) -> bool:
    """Whether a class is pickled in the way of its builtin base."""
    return (
        kind.__reduce_ex__ is base.__reduce_ex__
        and kind.__reduce__ is base.__reduce__
        and kind.__getstate__ is base.__getstate__
        and kind not in copyreg.dispatch_table
    )


def _is_plain(kind: Any) -> bool:
    """Whether all there is to an instance lies in its ``__dict__``."""
    return (
        _inherits(kind, object)
        and not hasattr(kind, "__getnewargs_ex__")
        and not hasattr(kind, "__getnewargs__")
        and kind.__dictoffset__ != 0
        and kind.__itemsize__ == 0
        and kind.__basicsize__ <= object.__basicsize__ + _DICT_AND_WEAKREF
        and not any("__slots__" in vars(each) and vars(each)["__slots__"] for each in kind.__mro__)
    )


def _instance_taker(kind: Any) -> Take:
    ignored = _cached_names(kind)
    # Instances of one class mostly have the same attributes in the same order.
    heads: dict[tuple[str, ...], tuple[bytes, list[str]]] = {}

    def take(value: Any) -> Parts:
        state = value.__dict__
        written = tuple(state)
        known = heads.get(written)
        if known is None:
            names = sorted(set(written) - ignored)
            head = b"object%d;" % len(names) + b"".join(map(text, names))
            known = head, names
            if len(heads) < _MOST_SHAPES:
                heads[written] = known
        names = known[1]
        return Parts(known[0], [kind, *[state[name] for name in names]], described(names, 1))

    return take


def _cached_names(kind: type) -> frozenset[str]:
    """Attributes that only hold what was computed from the others."""
    library = _CACHES.get(kind.__module__.partition(".")[0], frozenset())
    lazy = {
        name
        for each in kind.__mro__
        for name, member in vars(each).items()
        if isinstance(member, functools.cached_property)
    }
    return library | lazy


def _take_reduced(value: Any) -> Parts:
    kind = type(value)
    if issubclass(kind, set | frozenset):
        state = getattr(value, "__dict__", None)
        elements = frozenset(value) if issubclass(kind, frozenset) else set(value)
        return Parts(b"set kind", (kind, elements, state or None))
    reduced = _reduce(value, kind)
    if isinstance(reduced, str):
        module = getattr(value, "__module__", None)
        return Parts(b"global" + text(str(module)) + text(reduced), shared=False)
    return _take_recipe(kind, reduced)


def _reduce(value: Any, kind: type) -> Any:
    special: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
    return special(value) if special is not None else value.__reduce_ex__(4)


def _take_recipe(kind: type, reduced: tuple[Any, ...]) -> Parts:
    maker, arguments, state, items, pairs, setter = (*reduced, None, None, None, None)[:6]
    attributes, rest = _attributes(state)
    for name in _cached_names(kind):
        attributes.pop(name, None)
    names = sorted(attributes)
    listed = [] if items is None else list(items)
    mapped = None if pairs is None else dict(pairs)
    inside = [kind, _Maker(maker), arguments, rest, setter, mapped]
    start = len(inside)
    inside += [*(attributes[name] for name in names), *listed]

    def label(index: int) -> str:
        if index < start:
            return ""
        return f".{names[index - start]}" if index - start < len(names) else numbered(index - start - len(names))

    head = b"reduced%d,%d;" % (len(names), len(listed)) + b"".join(map(text, names))
    immutable = issubclass(kind, _IMMUTABLE) or kind.__module__.startswith("pandas._libs")
    return Parts(head, inside, label, not immutable)


def _attributes(state: Any) -> tuple[dict[str, Any], object]:
    """What a state says of attributes, from ``__dict__`` and slots; and the state, if it is of another form."""
    pieces = state if type(state) is tuple and len(state) == 2 else (state,)
    if state is None or not all(each is None or _is_attributes(each) for each in pieces):
        return {}, state
    return {name: value for each in pieces if each is not None for name, value in each.items()}, None


def _is_attributes(state: Any) -> bool:
    return type(state) is dict and all(type(name) is str for name in state)


class _Maker:
    """The callable of a recipe; a library's counts by its name alone: its version does not change the value."""

    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call


def take_maker(value: Any) -> Parts:
    """A recipe's callable."""
    call = value.call
    library = isinstance(call, types.FunctionType) and home_of_function(call) is Home.LIBRARY
    if (library or isinstance(call, types.BuiltinFunctionType)) and isinstance(call.__module__, str):
        return Parts(b"made by" + text(f"{call.__module__}.{call.__qualname__}"), shared=False)
    return Parts(b"maker", (call,), shared=False)


def take_buffer(value: Any) -> Parts:
    """A buffer on its way into a pickle."""
    return Parts(b"buffer", (bytes(value.raw()),), shared=False)


EXACT[_Maker] = take_maker
EXACT[pickle.PickleBuffer] = take_buffer
