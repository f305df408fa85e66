"""Live functions and classes: their digest, the globals they read, and whether the notebook defines them.

Refuses to know the globals' values: those are inputs of their own.
"""

from __future__ import annotations

import builtins
import functools
import opcode
import types
from collections.abc import Iterable, Iterator
from typing import Any

from phelps_jupyter.runtime.code_parts import code_part, remember
from phelps_jupyter.runtime.digest_walk import Classes, remembered_classes
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.homes import Home, home_of_class, home_of_function

__all__ = [
    "code_part",
    "docstrings",
    "function_digest",
    "global_reads",
    "is_notebook",
    "reads_docstrings",
    "remember",
    "remember_class",
    "with_docstrings",
]

_LOADS = {opcode.opmap[name] for name in ("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in opcode.opmap}
_LOAD_GLOBAL = opcode.opmap["LOAD_GLOBAL"]
_STORE_NAME = opcode.opmap["STORE_NAME"]
_EXTENDED_ARG = opcode.opmap["EXTENDED_ARG"]
_MADE_BY_CLASS_STATEMENT = frozenset({"__name__", "__module__", "__qualname__"})
_LONGEST_CONTAINER = 1000


def function_digest(function: Any) -> str:
    """The digest of a function or class: code, signature, defaults, annotations, closure values; wrappers opened.

    The values of the globals it reads are left out. 32 hex digits, or a text that occurs once if a part is opaque.
    """
    return digest(function).digest


def remember_class(cls: type, digest: str) -> None:
    """Note the digest that a class, rebuilt here, has where its source is; it holds until the class is changed."""
    remembered_classes.note(cls, (digest, Classes().live(cls)))


def is_notebook(value: Any) -> bool:
    """Whether a function or class, or what a wrapper wraps, is defined in the notebook."""
    return any(_is_ours(each) for each in _chain(value))


def _is_ours(value: Any) -> bool:
    return isinstance(value, type | types.FunctionType) and value.__module__ == "__main__"


def _chain(value: Any) -> Iterator[Any]:
    """A callable, and what it wraps, in turn."""
    seen: set[int] = set()
    while value is not None and id(value) not in seen:
        seen.add(id(value))
        yield value
        value = _wrapped(value)


def _wrapped(value: Any) -> Any:
    if isinstance(value, types.MethodType | staticmethod | classmethod):
        return value.__func__
    if isinstance(value, functools.partial):
        return value.func
    return None if isinstance(value, type) else getattr(value, "__wrapped__", None)


def global_reads(value: Any) -> frozenset[str]:
    """Names of its module's globals that a function or class loads, nested code, members and wrapped ones included.

    Builtins are left out unless the module binds the name too.
    """
    names: set[str] = set()
    for function in _functions(value):
        bound = function.__globals__
        names |= {name for name in _loads(function.__code__) if name in bound or not hasattr(builtins, name)}
    return frozenset(names)


def reads_docstrings(value: Any) -> bool:
    """Whether a function or class reads ``__doc__``: then docstrings of what it reaches count too."""
    codes = (code for function in _functions(value) for code in _nested(function.__code__))
    return any("__doc__" in code.co_names or "__doc__" in code.co_consts for code in codes)


def docstrings(value: Any) -> list[tuple[str, str]]:
    """The docstrings of a function or class, of its members and of what it wraps, by qualified name."""
    owners = [owner for owner in _opened(value) if _is_function(owner) or _is_class(owner)]
    return sorted({(owner.__qualname__, owner.__doc__) for owner in owners if isinstance(owner.__doc__, str)})


def with_docstrings(digested: str, value: Any) -> str:
    """The digest of a value in which its docstrings count; the same where it has none, or is opaque."""
    found = () if digested.startswith("opaque") else docstrings(value)
    return digest((digested, found)).digest if found else digested


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """The functions of notebook or project in a callable: its own, its members', and those it holds."""
    return filter(_is_function, _opened(value))


def _is_function(value: Any) -> bool:
    return type(value) is types.FunctionType and home_of_function(value) is not Home.LIBRARY


def _is_class(value: Any) -> bool:
    return isinstance(value, type) and home_of_class(value) is not Home.LIBRARY


def _opened(value: Any) -> Iterator[Any]:
    """A value and all that functions and classes may be found in, in turn."""
    seen: set[int] = set()
    # Whatever is opened is kept: an id is only good while its object lives.
    kept = [value]
    for each in kept:
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        kept.extend(_inside(each))


def _inside(value: Any) -> Iterable[Any]:
    if type(value) is types.FunctionType:
        return [*_contents(value), value.__defaults__, value.__kwdefaults__, getattr(value, "__wrapped__", None)]
    if isinstance(value, type):
        return [*value.__bases__, *vars(value).values()] if _is_class(value) else ()
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, functools.partial):
        return value.func, value.args, value.keywords
    if isinstance(value, types.MethodType):
        return value.__func__, type(value.__self__)
    if type(value) in (tuple, list, set, frozenset, dict):
        return _elements(value)
    wrapped = _wrapped(value) if callable(value) or isinstance(value, staticmethod | classmethod) else None
    return wrapped, type(value)


def _elements(value: Any) -> Iterable[Any]:
    if len(value) > _LONGEST_CONTAINER:
        return ()
    return list(value.values()) if type(value) is dict else list(value)


def _contents(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            # Not assigned yet.
            continue


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    stack = [code]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(each for each in found.co_consts if isinstance(each, types.CodeType))


def _loads(code: types.CodeType) -> set[str]:
    return {name for each in _nested(code) for name in _loads_of_one(each)}


def _loads_of_one(code: types.CodeType) -> Iterator[str]:
    extended = 0
    stored = set(_MADE_BY_CLASS_STATEMENT)
    for at in range(0, len(code.co_code), 2):
        operation, argument = code.co_code[at], code.co_code[at + 1] | extended
        extended = argument << 8 if operation == _EXTENDED_ARG else 0
        if operation == _LOAD_GLOBAL:
            yield code.co_names[argument >> 1]
        elif operation == _STORE_NAME:
            stored.add(code.co_names[argument])
        elif operation in _LOADS and code.co_names[argument] not in stored:
            yield code.co_names[argument]
