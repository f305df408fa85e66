"""Whether notebook code carries state that its use can change: then it is compared like any other value.

Looks at what hangs on a function or class, and never at how big that is. Knows no digest.
"""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Iterable, Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType

_FIXED = frozenset(
    {
        *(bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice),
        *(BuiltinFunctionType, ModuleType, GetSetDescriptorType, MemberDescriptorType),
    }
)
"""Types of what can't change, or is the same object in every process."""
_REBINDING = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_MADE_BY_WRAPS = frozenset({"__wrapped__"})
_OF_CLASSES = frozenset(
    {"__dict__", "__weakref__", "__annotations__", "__match_args__", "__abstractmethods__", "_abc_impl"}
)


def carries_state(code: object) -> bool:
    """Whether a function or class has mutable defaults, attributes, mutable or rebound closure values, or members."""
    seen: set[int] = set()
    left = [code]
    for each in left:
        if type(each) in _FIXED or id(each) in seen:
            continue
        seen.add(id(each))
        inside = _inside(each)
        if inside is None:
            return True
        left += inside
    return False


def _inside(value: object) -> Iterable[object] | None:
    """What may carry the state of something that carries none by itself; None: it does."""
    if type(value) is FunctionType:
        return () if _is_by_name(value) else _inside_function(value)
    if isinstance(value, type):
        own = vars(value).items() if value.__module__ == "__main__" else ()
        return [member for name, member in own if name not in _OF_CLASSES]
    if type(value) in (staticmethod, classmethod):
        return (value.__func__,)  # type: ignore[attr-defined]
    if type(value) is property:
        return value.fget, value.fset, value.fdel
    if type(value) is functools.cached_property:
        return (value.func,)
    return tuple(value) if type(value) in (tuple, frozenset) else None  # type: ignore[arg-type]


def _is_by_name(function: FunctionType) -> bool:
    """Whether every process has it in a module of its own: its state stays there."""
    found: object = sys.modules.get(function.__module__)
    for name in function.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return function.__module__ != "__main__" and found is function


def _inside_function(function: FunctionType) -> list[object] | None:
    if function.__dict__.keys() - _MADE_BY_WRAPS or (function.__closure__ and _rebinds(function.__code__)):
        return None
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return [*defaults, *function.__dict__.values(), *_contents(function)]


def _contents(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            # Not assigned yet.
            continue


@functools.lru_cache(maxsize=1000)
def _rebinds(code: CodeType) -> bool:
    """Whether it, or a function within it, binds a variable of a function around it anew."""
    free = set(code.co_freevars)
    if any(each.opname in _REBINDING and each.argval in free for each in dis.get_instructions(code)):
        return True
    return any(
        isinstance(each, CodeType) and free & set(each.co_freevars) and _rebinds(each) for each in code.co_consts
    )
