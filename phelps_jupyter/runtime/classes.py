"""Notebook classes on their way through a pickle: taken apart into data, and found again or built where they arrive.

A class arrives as its qualified name, its digest and a definition (itself a pickle). The reader's own class of that
name is taken if its digest is equal; else the definition is built, once per process. The names of this file are
written into stored objects: whoever moves or renames one raises the format number in `values`.
"""

from __future__ import annotations

import abc
import pickle
import sys
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import EnumType, Flag
from types import BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

from phelps_jupyter.runtime import functions as notebook

Identity = tuple[str, str]
"""Qualified name and digest of a class."""

_BODY = ("__module__", "__qualname__", "__slots__", "__orig_bases__")
"""What must be there when the class is created: it shapes the instances, or ``Generic`` looks at it."""

_MADE_BY_ENUM = ("_member_names_", "_member_map_", "_value2member_map_", "_member_type_", "_unhashable_values_")

_lock = threading.RLock()
_built: weakref.WeakValueDictionary[Identity, type] = weakref.WeakValueDictionary()
_building: dict[Identity, type] = {}


def forget() -> None:
    """What was built belongs to a body that is gone."""
    with _lock:
        _built.clear()


def skeleton_of(cls: Any, identity: Identity) -> tuple[Any, ...]:
    """Arguments of `make_skeleton`: what is needed to create the class, empty."""
    body = {name: vars(cls)[name] for name in _BODY if name in vars(cls)}
    members = _members(cls)
    values = {name: member._value_ for name, member in members.items()}
    options = {"boundary": cls._boundary_} if members and issubclass(cls, Flag) else {}
    return identity, type(cls), cls.__name__, cls.__bases__, body, values, options


def state_of(cls: Any) -> tuple[Any, ...]:
    """State for `fill_class`: attributes, virtual subclasses of an ABC, attributes of an enum's members."""
    members = _members(cls)
    hidden = {*_BODY, "_abc_impl", *members, *(_MADE_BY_ENUM if isinstance(cls, EnumType) else ())}
    attributes = {
        name: value for name, value in vars(cls).items() if name not in hidden and not _made_by_layout(cls, value)
    }
    registered: list[type] = []
    if "_abc_impl" in vars(cls):
        references = abc._get_dump(cls)[0]  # type: ignore[attr-defined]  # the only way to read them
        registered = [each for each in (reference() for reference in references) if each is not None]
    return attributes, registered, {name: vars(member) for name, member in members.items()}


def _members(cls: Any) -> dict[str, Any]:
    return dict(cls.__members__) if isinstance(cls, EnumType) else {}


def _made_by_layout(cls: type, value: Any) -> bool:
    """Slots, ``__dict__`` and ``__weakref__`` come with the creation of the class."""
    return isinstance(value, MemberDescriptorType | GetSetDescriptorType) and value.__objclass__ is cls


def resolve_class(qualname: str, digest: str, definition: bytes) -> type:
    """The class in this process that has this name and digest."""
    with _lock:
        return _known((qualname, digest)) or _build(definition)


def _known(identity: Identity) -> type | None:
    return _building.get(identity) or _live(identity) or _built.get(identity)


def _live(identity: Identity) -> type | None:
    qualname, digest = identity
    found: Any = sys.modules["__main__"]
    for name in qualname.split("."):
        found = vars(found).get(name) if isinstance(found, ModuleType | type) else None
    return found if isinstance(found, type) and notebook.function_digest(found) == digest else None


def _build(definition: bytes) -> type:
    """Build a class, and the notebook classes that it can't be without. Nothing is registered half made."""
    try:
        made: type = pickle.loads(definition)
        for identity, cls in _building.items():
            notebook.remember_class(cls, identity[1])
        _built.update(_building)
        return made
    finally:
        _building.clear()


def make_skeleton(
    identity: Identity,
    metaclass: Any,
    name: str,
    bases: tuple[Any, ...],
    body: dict[str, Any],
    members: dict[str, Any],
    options: dict[str, Any],
) -> type:
    """The class, empty: `fill_class` fills it. If it is known here already, that one."""
    found = _known(identity)
    if found is not None:
        return found
    creator = _creator(metaclass)
    namespace = creator.__prepare__(name, bases)
    for each, value in (body | members).items():
        namespace[each] = value
    with _without_hooks(bases):
        made: type = creator.__new__(metaclass, name, bases, namespace, **options)
    _building[identity] = made
    return made


def _creator(metaclass: Any) -> Any:
    """The metaclass that lays out the class. Those above it did their work when the class was defined."""
    return next(
        each
        for each in metaclass.__mro__
        if each in (abc.ABCMeta, EnumType) or isinstance(vars(each).get("__new__"), BuiltinFunctionType)
    )


@contextmanager
def _without_hooks(bases: Iterable[type]) -> Iterator[None]:
    """``__init_subclass__`` of notebook classes ran when the class was defined, with arguments that are gone now."""
    hooks = []
    for cls in (each for base in bases for each in base.__mro__ if each.__module__ == "__main__"):
        if "__init_subclass__" in vars(cls):
            hooks.append((cls, vars(cls)["__init_subclass__"]))
            type.__delattr__(cls, "__init_subclass__")
    try:
        yield
    finally:
        for cls, hook in hooks:
            type.__setattr__(cls, "__init_subclass__", hook)


def fill_class(cls: Any, state: tuple[Any, ...]) -> None:
    """Give a skeleton its attributes; a class that was known here stays as it is."""
    if not any(each is cls for each in _building.values()):
        return
    attributes, registered, members = state
    for name, value in attributes.items():
        # The metaclass's own __setattr__ (Enum's refuses) is for the user's assignments, not for ours.
        type.__setattr__(cls, name, value)
    for each in registered:
        cls.register(each)
    for name, own in members.items():
        vars(cls.__members__[name]).update(own)
