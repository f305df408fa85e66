"""Objects taken apart in the way they would be pickled: a callable, its arguments, and a state.

Knows what `__reduce_ex__` may return, and what of it only caches what the rest says. Never makes a pickle.
"""

from __future__ import annotations

import copyreg
import datetime
import functools
import itertools
import pickle
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from phelps_jupyter.runtime.digest_atoms import text
from phelps_jupyter.runtime.digest_parts import Parts, Take, Undigestible, numbered, type_name
from phelps_jupyter.runtime.homes import Home, home_of_function

_MOST_ITEMS = 1_000_000
"""Of an object that does not say how many it has: a recipe may yield items without end."""
_END = object()
_CACHES: Mapping[str, frozenset[str]] = {
    "pandas": frozenset({"_cache", "_item_cache"}),
    "scipy": frozenset({"_has_sorted_indices", "_has_canonical_format"}),
}
"""Attributes that libraries fill when they are first asked, by the library's name."""


_IMMUTABLE = (
    datetime.tzinfo,
    datetime.datetime,
    datetime.date,
    datetime.timedelta,
    types.GenericAlias,
    types.UnionType,
)


def cached_names(kind: type) -> frozenset[str]:
    """Attributes that only hold what was computed from the others."""
    library = _CACHES.get(kind.__module__.partition(".")[0], frozenset())
    lazy = {
        name
        for each in kind.__mro__
        for name, member in vars(each).items()
        if isinstance(member, functools.cached_property)
    }
    return library | lazy


def reduced_taker(kind: Any) -> Take:
    """How to take apart instances of a class by their recipes."""
    reduce: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
    ignored = cached_names(kind)
    shared = not (issubclass(kind, _IMMUTABLE) or kind.__module__.startswith("pandas._libs"))

    def take(value: Any) -> Parts:
        recipe = reduce(value) if reduce is not None else value.__reduce_ex__(4)
        if isinstance(recipe, str):
            module = getattr(value, "__module__", None)
            return Parts(b"global" + text(str(module)) + text(recipe), shared=False)
        if type(recipe) is not tuple or not 2 <= len(recipe) <= 6 or type(recipe[1]) is not tuple:
            # Pickle refuses it as well.
            raise Undigestible("", type_name(value))
        return _take_recipe(value, recipe, ignored, shared)

    return take


def _take_recipe(value: Any, recipe: tuple[Any, ...], ignored: frozenset[str], shared: bool) -> Parts:
    maker, arguments, state, items, pairs, setter = (*recipe, None, None, None, None)[:6]
    kind = type(value)
    attributes, rest = _attributes(kind, state)
    names = sorted(attributes.keys() - ignored)
    listed = () if items is None else _all_of(items, value)
    inside: list[object] = [kind]
    # Most objects are made by their class alone.
    if maker is not copyreg.__newobj__ or len(arguments) != 1 or arguments[0] is not kind:  # type: ignore[attr-defined]  # it is there
        inside += _Maker(maker), arguments
    if not (rest is None and setter is None and pairs is None):
        inside += rest, setter, None if pairs is None else _mapping(_all_of(pairs, value))
    start = len(inside)
    inside += [*(attributes[name] for name in names), *listed]

    def label(index: int) -> str:
        if index < start:
            return ""
        return f".{names[index - start]}" if index - start < len(names) else numbered(index - start - len(names))

    head = b"reduced%d,%d,%d;" % (start, len(names), len(listed)) + b"".join(map(text, names))
    return Parts(head, inside, label, shared)


def _all_of(items: Iterable[Any], owner: Any) -> list[Any]:
    found = list(itertools.islice(items, _MOST_ITEMS))
    if len(found) == _MOST_ITEMS:
        found += itertools.islice(items, max(0, len(owner) - len(found)))
        if next(iter(items), _END) is not _END:
            raise Undigestible("", f"{type_name(owner)} (endless)")
    return found


def _mapping(pairs: list[Any]) -> object:
    """Items as a dict, for what is told of its keys; one that holds a key twice is no dict."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else pairs


def _attributes(kind: Any, state: Any) -> tuple[Mapping[str, Any], object]:
    """What a state says of attributes, from ``__dict__`` and slots; and the state, if it is of another form."""
    if state is None or _is_attributes(state):
        return state or {}, None
    if type(state) is not tuple or len(state) != 2 or hasattr(kind, "__setstate__"):
        return {}, state
    first, second = ({} if each is None else each for each in state)
    if not (_is_attributes(first) and _is_attributes(second)) or not first.keys().isdisjoint(second):
        return {}, state
    return first | second, None


def _is_attributes(state: Any) -> bool:
    return type(state) is dict and all(type(name) is str for name in state)


class _Maker:
    """The callable of a recipe; a library's counts by its name alone: its version does not change the value."""

    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call


def _take_maker(value: Any) -> Parts:
    call = value.call
    library = isinstance(call, types.FunctionType) and home_of_function(call) is Home.LIBRARY
    if (library or isinstance(call, types.BuiltinFunctionType)) and isinstance(call.__module__, str):
        return Parts(b"made by" + text(f"{call.__module__}.{call.__qualname__}"), shared=False)
    return Parts(b"maker", (call,), shared=False)


def _take_buffer(value: Any) -> Parts:
    return Parts(b"buffer", (bytes(value.raw()),), shared=False)


EXACT: Mapping[type, Take] = {_Maker: _take_maker, pickle.PickleBuffer: _take_buffer}
