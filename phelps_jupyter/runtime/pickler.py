"""How values become pickles: cloudpickle's ways, and ours for notebook code. Knows no file and no format."""

from __future__ import annotations

import dataclasses
import functools
import gc
import io
import operator
import pickle
import sys
import weakref
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import CellType, FunctionType, MappingProxyType, SimpleNamespace
from typing import Any

import cloudpickle

from phelps_jupyter.runtime import classes, rebuild
from phelps_jupyter.runtime import functions as notebook

Keep = Callable[[pickle.PickleBuffer], object]


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Pickles into ``write``, with big buffers handed to ``keep``.

    A notebook function goes without its globals: it is rebuilt on the reader's. A notebook class goes as name, digest
    and definition; ``defining``: this pickle is such a definition, and the classes in it go by value.
    """

    def __init__(self, write: Callable[[bytes], object], keep: Keep | None = None, *, defining: bool = False) -> None:
        super().__init__(SimpleNamespace(write=write), protocol=5, buffer_callback=keep)
        self._defining = defining
        self._cells: dict[int, _Cell] = {}

    def reducer_override(self, value: Any) -> Any:
        """Called for every object but those of the commonest builtin types."""
        # Not isinstance: a proxy passes for what it stands for.
        kind = type(value)
        if kind is FunctionType:
            return self._reduce_function(value)
        if issubclass(kind, type):
            return self._reduce_class(value)
        if issubclass(kind, BaseException):
            return _reduce_exception(value)
        return NotImplemented

    def _reduce_function(self, function: Any) -> Any:
        home = _home(function)
        if function.__module__ != "__main__" or home is None:
            usual = super().reducer_override(function)
            if usual is NotImplemented or home is None:
                return usual
        closure = function.__closure__
        cells = None if closure is None else tuple(self._cell(each) for each in closure)
        made_from = function.__code__, notebook.code_part(function), home, function.__name__, cells
        return rebuild.make_function, made_from, _function_state(function), None, None, rebuild.fill_function

    def _cell(self, cell: CellType) -> _Cell:
        """One stand-in for each cell, so that functions that share a variable go on sharing it."""
        return self._cells.setdefault(id(cell), _Cell(cell))

    def _reduce_class(self, cls: Any) -> Any:
        if cls.__module__ != "__main__":
            return super().reducer_override(cls)
        identity = cls.__qualname__, notebook.function_digest(cls)
        if not self._defining:
            return classes.resolve_class, (*identity, self._definition(cls))
        skeleton = classes.skeleton_of(cls, identity)
        return classes.make_skeleton, skeleton, classes.state_of(cls), None, None, classes.fill_class

    def _definition(self, cls: type) -> bytes:
        pieces: list[bytes] = []
        self._definer(pieces.append).dump(cls)
        return b"".join(pieces)

    def _definer(self, write: Callable[[bytes], object]) -> Pickler:
        return Pickler(write, defining=True)


class _Cell:
    """A closure's cell without its content, which follows when the function is there: it may be the function."""

    __slots__ = ("cell",)

    def __init__(self, cell: CellType) -> None:
        self.cell = cell

    def __reduce__(self) -> tuple[type[CellType], tuple[()]]:
        return CellType, ()


def _home(function: Any) -> str | None:
    """The module whose globals the function uses, if it is one that a reader has too."""
    name = function.__globals__.get("__name__")
    if name == "__main__":
        return "__main__"
    module = sys.modules.get(name)
    known = module is not None and vars(module) is function.__globals__
    return name if known and name not in cloudpickle.list_registry_pickle_by_value() else None


def _function_state(function: Any) -> tuple[Any, ...]:
    return (
        function.__qualname__,
        function.__module__,
        function.__doc__,
        function.__defaults__,
        function.__kwdefaults__,
        function.__annotations__,
        function.__dict__,
        tuple(_content(each) for each in function.__closure__ or ()),
    )


def _content(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _reduce_exception(error: BaseException) -> Any:
    """Exceptions pickle as ``cls(*args)``; that fails for a class whose ``__init__`` takes something else."""
    kind: Any = type(error)
    own = (kind.__reduce__, kind.__reduce_ex__)
    if not isinstance(kind.__init__, FunctionType) or any(isinstance(each, FunctionType) for each in own):
        return NotImplemented
    usual: Any = error.__reduce__()
    return rebuild.make_exception, usual[:2], *usual[2:]


def _reduce_file(file: io.TextIOWrapper) -> Any:
    for name in ("stdout", "stderr"):
        if file is getattr(sys, name):
            return getattr, (sys, name)
    # cloudpickle would read the whole file, and hand over a StringIO in its place.
    raise pickle.PicklingError("cannot pickle an open file")


def _reduce_cached(cached: Any) -> Any:
    name = getattr(cached, "__qualname__", "")
    if cached.__module__ != "__main__" and _named(cached.__module__, name) is cached:
        return name
    parameters = cached.cache_parameters()
    return rebuild.make_cached, (cached.__wrapped__, parameters["maxsize"], parameters["typed"]), vars(cached)


def _named(module: str, qualname: str) -> Any:
    try:
        return operator.attrgetter(qualname)(sys.modules.get(module))
    except AttributeError:
        return None


def _reduce_cached_property(cached: functools.cached_property[Any]) -> Any:
    return rebuild.make_cached_property, (cached.func, cached.attrname)


def _reduce_view(view: memoryview) -> Any:
    content = pickle.PickleBuffer(view if view.c_contiguous else view.tobytes())
    return rebuild.make_view, (content, view.format, view.shape)


def _reduce_proxy(proxy: Any) -> Any:
    # Whoever changes what it stands for goes on seeing that through it (the registry of a singledispatch).
    return MappingProxyType, (gc.get_referents(proxy)[0],)


def _reduce_weak(mapping: Any) -> Any:
    return type(mapping), (), None, None, iter(list(mapping.items()))


def _reduce_missing(_: object) -> str:
    return "MISSING"


def _reduce_default_factory(_: object) -> str:
    return "_HAS_DEFAULT_FACTORY"


_OURS: Mapping[type, Callable[[Any], Any]] = {
    io.TextIOWrapper: _reduce_file,
    type(functools.lru_cache(_content)): _reduce_cached,
    functools.cached_property: _reduce_cached_property,
    memoryview: _reduce_view,
    MappingProxyType: _reduce_proxy,
    weakref.WeakKeyDictionary: _reduce_weak,
    weakref.WeakValueDictionary: _reduce_weak,
    # Dataclasses compare these two by identity.
    type(dataclasses.MISSING): _reduce_missing,
    type(vars(dataclasses)["_HAS_DEFAULT_FACTORY"]): _reduce_default_factory,
}

Pickler.dispatch_table = ChainMap(dict(_OURS), cloudpickle.Pickler.dispatch_table)
