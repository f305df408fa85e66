"""Functions, classes and what is made of them, taken apart.

A function is its code, defaults, closure and attributes; a class its bases and members. Globals are not theirs: who
needs them asks `functions.global_reads`. What a library defines counts by name and version.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phelps_jupyter.runtime.code_parts import annotations_text, code_object_digest, code_part
from phelps_jupyter.runtime.digest_atoms import module_part, text
from phelps_jupyter.runtime.digest_parts import Parts, Take, described
from phelps_jupyter.runtime.homes import Home, home_of_class, home_of_function, version_of

_HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: not set on the interpreter's own classes."""

_NOT_MEMBERS = frozenset(
    {
        *(
            "__module__",
            "__qualname__",
            "__dict__",
            "__weakref__",
            "__doc__",
            "__firstlineno__",
            "__static_attributes__",
        ),
        *(
            "__annotations__",
            "__annotate__",
            "__annotate_func__",
            "__annotations_cache__",
            "__conditional_annotations__",
        ),
        *("__slotnames__", "_abc_impl", "_value2member_map_", "_hashable_values_", "_unhashable_values_"),
        "_unhashable_values_map_",
    }
)
"""Positions, docstrings, and what Python fills in later: caches of copyreg, abc and enum."""


def is_named(cls: type) -> bool:
    """Whether a class is its name: a library defines it there, or the interpreter does."""
    if home_of_class(cls) is not Home.LIBRARY:
        return False
    return not cls.__flags__ & _HEAP_TYPE or _resolved(cls.__module__, cls.__qualname__) is cls


def _resolved(module: str, qualname: str) -> object:
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return found


def take_class(cls: type) -> Parts:
    """A class by its bases and members."""
    members = {name: _as_written(value) for name, value in sorted(vars(cls).items()) if name not in _NOT_MEMBERS}
    if "__orig_bases__" in members:
        # `NamedTuple` and `TypedDict` are functions.
        members["__orig_bases__"] = tuple(map(_as_written, vars(cls)["__orig_bases__"]))
    if isinstance(members.get("__replace__"), _Generated):
        # Python's own since 3.13.
        del members["__replace__"]
    doc = cls.__doc__ if any("__doc__" in code.co_names for code in _codes(members)) else None
    head = b"class%d,%d;" % (len(cls.__bases__), len(members)) + text(cls.__qualname__) + text(annotations_text(cls))
    fixed = (type(cls), doc, *cls.__bases__)
    return Parts(head + b"".join(map(text, members)), (*fixed, *members.values()), described(list(members), len(fixed)))


def _as_written(member: Any) -> object:
    """A member of a class; what the standard library generates for it by a name alone, for it follows from the rest."""
    function = member.__func__ if type(member) in (staticmethod, classmethod) else member
    if type(function) is not types.FunctionType:
        # How a named tuple finds its fields; the class moved between modules.
        return _Generated("field") if type(member).__name__ == "_tuplegetter" else member
    module, name = function.__globals__.get("__name__"), function.__code__.co_qualname
    if name.startswith("__create_fn__.") or module in ("dataclasses", "reprlib"):
        return _Generated("dataclass")
    if module in ("enum", "collections", "typing") or str(module).startswith("namedtuple_"):
        return _Generated(name)
    return member


class _Generated:
    """A function that the standard library put into a class: its code differs with Python's minor version."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def _take_generated(value: Any) -> Parts:
    return Parts(b"generated" + text(value.name), shared=False)


def _take_params(value: Any) -> Parts:
    names = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
    # Those that later versions of Python added show elsewhere in the class.
    return Parts(b"dataclass" + b"".join(b"%d" % bool(getattr(value, name)) for name in names), shared=False)


def _codes(members: Mapping[str, Any]) -> list[types.CodeType]:
    return [value.__code__ for value in members.values() if type(value) is types.FunctionType]


def take_function(function: Any) -> Parts:
    """A function by its code, defaults, closure and attributes."""
    head = _head(function)
    if head.startswith(b"library function"):
        return Parts(head, shared=False)
    if function.__code__.co_qualname == "singledispatch.<locals>.wrapper":
        # Its closure holds a cache of what was called.
        return Parts(head, (dict(function.registry),), described(["registry"]))
    inside = [("__defaults__", function.__defaults__), *sorted((function.__kwdefaults__ or {}).items())]
    inside += zip(function.__code__.co_freevars, map(_content, function.__closure__ or ()), strict=True)
    inside += sorted(function.__dict__.items())
    names = [name for name, _ in inside]
    values = [value for _, value in inside]
    return Parts(head + text(",".join(names)), values, described(names), any(value is not None for value in values))


def _head(function: Any) -> bytes:
    code = function.__code__
    if home_of_function(function) is not Home.LIBRARY:
        annotations = annotations_text(function)
        return b"function" + code_part(function).encode() + (text(annotations) if annotations else b"")
    module = function.__globals__["__name__"]
    named = text(module) + text(code.co_qualname) + text(version_of(module))
    if _resolved(module, code.co_qualname) is function:
        return b"library function" + named
    return b"library code" + named + code_object_digest(code).encode()


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return NotImplemented


def _take_builtin(value: Any) -> Parts:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return Parts(b"builtin" + text(str(value.__module__)) + text(value.__qualname__), shared=False)
    return Parts(b"builtin method" + text(value.__name__), (owner,), described(["__self__"]))


def _take_descriptor(value: Any) -> Parts:
    owner = value.__objclass__
    return Parts(b"descriptor" + text(f"{owner.__module__}.{owner.__qualname__}.{value.__name__}"), shared=False)


def _take_wrapper(names: Sequence[str]) -> Take:
    def take(value: Any) -> Parts:
        head = b"wrapper" + text(type(value).__name__)
        return Parts(head, (type(value), *(getattr(value, name) for name in names)), described(names, 1))

    return take


def _take_cached(value: Any) -> Parts:
    inside = (value.__wrapped__, value.cache_parameters())
    return Parts(b"lru_cache", inside, described(("__wrapped__", "cache_parameters()")))


@dataclass
class _Params:
    """Only here to tell what the parameters of a dataclass are kept in."""


def _take_module(value: Any) -> Parts:
    return Parts(module_part(value), shared=False)


def _take_bound(value: Any) -> Parts:
    return Parts(b"method", (value.__func__, value.__self__), described(("__func__", "__self__")))


EXACT: Mapping[type, Take] = {
    _Generated: _take_generated,
    type(vars(_Params)["__dataclass_params__"]): _take_params,
    types.FunctionType: take_function,
    types.MethodType: _take_bound,
    types.ModuleType: _take_module,
    **dict.fromkeys((types.BuiltinFunctionType, types.MethodWrapperType), _take_builtin),
    **dict.fromkeys(
        (
            types.WrapperDescriptorType,
            types.MethodDescriptorType,
            types.ClassMethodDescriptorType,
            types.MemberDescriptorType,
            types.GetSetDescriptorType,
        ),
        _take_descriptor,
    ),
    type(functools.lru_cache(_resolved)): _take_cached,
}

WRAPPERS: Mapping[type, Take] = {
    staticmethod: _take_wrapper(["__func__"]),
    classmethod: _take_wrapper(["__func__"]),
    property: _take_wrapper(["fget", "fset", "fdel"]),
    functools.cached_property: _take_wrapper(["func", "attrname"]),
    functools.partial: _take_wrapper(["func", "args", "keywords", "__dict__"]),
}
"""By class or base class."""
