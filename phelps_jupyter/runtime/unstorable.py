"""Which part of a value can't be pickled, and the way to it. Reads attributes only where that runs no code of users."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterator
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

from phelps_jupyter.runtime.pickler import Pickler

_MOST = 100_000
"""Parts looked at before the search for the way is given up."""

_Part = tuple[str, Any]


class _Tracer(Pickler):
    """Remembers the object it looked at last: where pickling fails, that is the one at fault."""

    def __init__(self, trail: list[Any], *, defining: bool = False) -> None:
        super().__init__(len, _keep_nothing, defining=defining)
        self._trail = trail

    def reducer_override(self, value: Any) -> Any:
        self._trail[:] = [value]
        return super().reducer_override(value)

    def _definer(self, write: Callable[[bytes], object]) -> Pickler:
        del write
        return _Tracer(self._trail, defining=True)


def _keep_nothing(buffer: pickle.PickleBuffer) -> None:
    buffer.raw()


def fault(value: object, error: Exception) -> tuple[str, str]:
    """Path inside the value (``[3].handle``; empty for the value itself) and reason, given that ``error`` came up."""
    trail: list[Any] = [value]
    try:
        _Tracer(trail).dump(value)
    except Exception as again:
        error = again
    if isinstance(error.__cause__, RecursionError):
        return "", f"{_type_name(value)} is nested too deeply to be stored"
    culprit = trail[0]
    way = _way(value, culprit)
    subject = _type_name(culprit) if way is not None else f"{_type_name(value)} holds a {_type_name(culprit)} that"
    return way or "", f"{subject} can't be stored{_unusual(error)}"


def _unusual(error: Exception) -> str:
    """What the error says, unless it says no more than that the type can't be pickled."""
    text = str(error)
    if isinstance(error, pickle.PicklingError) or "pickle" in text:
        return ""
    return f" ({type(error).__name__}: {text[:200]})"


def _type_name(value: object) -> str:
    kind = type(value)
    plain = kind.__module__ in ("builtins", "__main__")
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"


def _way(value: object, culprit: object) -> str | None:
    """The shortest way from the value to the part at fault; None when it is not found."""
    seen = {id(value): value}
    waiting = deque([("", value)])
    while waiting and len(seen) < _MOST:
        path, part = waiting.popleft()
        if part is culprit:
            return path
        for step, inner in _parts(part):
            if id(inner) not in seen:
                seen[id(inner)] = inner
                waiting.append((path + step, inner))
    return None


def _parts(value: Any) -> Iterator[_Part]:
    kind = type(value)
    if issubclass(kind, ModuleType):
        return
    if issubclass(kind, type):
        yield from _class_parts(value)
    elif kind is FunctionType:
        yield from _function_parts(value)
    elif kind is MethodType:
        yield from ((".__self__", value.__self__), (".__func__", value.__func__))
    else:
        yield from _items(value, kind)
        yield from _attributes(value, kind)


def _class_parts(cls: type) -> Iterator[_Part]:
    if cls.__module__ == "__main__":
        yield from ((f".{name}", member) for name, member in vars(cls).items())
        yield from ((f".__bases__[{i}]", base) for i, base in enumerate(cls.__bases__))


def _function_parts(function: FunctionType) -> Iterator[_Part]:
    yield from ((f".__defaults__[{i}]", part) for i, part in enumerate(function.__defaults__ or ()))
    yield from ((f".__kwdefaults__[{name!r}]", part) for name, part in (function.__kwdefaults__ or {}).items())
    yield from ((f".{name}", part) for name, part in vars(function).items())
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f" (its variable {name})", cell.cell_contents
        except ValueError:
            continue


def _items(value: Any, kind: type) -> Iterator[_Part]:
    # The base's own methods: a subclass may have others, written by users.
    if issubclass(kind, dict):
        for number, (key, part) in enumerate(dict.items(value)):
            known = type(key) in (str, int, float, bool, bytes)
            yield f"[{key!r}]" if known else f"[{_type_name(key)} {number}]", part
            yield f" (its key {number})", key
    for ordered in (list, tuple, deque):
        if issubclass(kind, ordered):
            yield from ((f"[{i}]", part) for i, part in enumerate(ordered.__iter__(value)))
    for unordered in (set, frozenset):
        if issubclass(kind, unordered):
            yield from ((" (a member)", part) for part in unordered.__iter__(value))
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray" and value.dtype.hasobject:
        yield from ((f".flat[{i}]", part) for i, part in enumerate(value.flat))


def _attributes(value: Any, kind: type) -> Iterator[_Part]:
    for cls in kind.__mro__:
        for name, member in vars(cls).items():
            if isinstance(member, MemberDescriptorType):
                try:
                    yield f".{name}", member.__get__(value)
                except AttributeError:
                    continue
    own = _own_dict(value)
    yield from ((f".{name}", part) for name, part in own.items())
    yield f" (its class {kind.__name__})", kind


def _own_dict(value: Any) -> dict[str, Any]:
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return own if isinstance(own, dict) else {}
