"""Which `digest_*` file takes apart the instances of a class. Knows classes by their names and bases, never values."""

from __future__ import annotations

from types import FunctionType, ModuleType
from typing import Any

from phelps_jupyter.runtime import digest_code, digest_objects, digest_recipes
from phelps_jupyter.runtime.digest_arrays import take_numpy
from phelps_jupyter.runtime.digest_arrow import ArrowColumn, take_arrow, take_column
from phelps_jupyter.runtime.digest_atoms import BUFFERS
from phelps_jupyter.runtime.digest_parts import Parts, Take
from phelps_jupyter.runtime.digest_tables import take_pandas, take_polars
from phelps_jupyter.runtime.digest_tensors import take_torch
from phelps_jupyter.runtime.imports import modules_of

_LIBRARIES = {
    "pandas": take_pandas,
    "numpy": take_numpy,
    "pyarrow": take_arrow,
    "polars": take_polars,
    "torch": take_torch,
}


class Takers:
    """What was found, by class; for the length of one digest, for a class may change.

    ``modules``: filled with the modules that the functions met come from or import.
    """

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules
        # By id: the hash of a class belongs to its metaclass.
        self.found: dict[int, Take] = {}
        self._arrays: set[int] = set()
        self._kept: list[type] = []

    def find(self, kind: type) -> Take:
        """How to take apart instances of a class."""
        return self.found.get(id(kind)) or self._learn(kind)

    def is_array(self, kind: type) -> bool:
        """Whether it is an array or column of a library."""
        return id(kind) in self._arrays

    def _noting(self, take: Take) -> Take:
        """The same, and it notes the modules of what it takes apart."""

        def noting(value: Any) -> Parts:
            self._modules |= modules_of(value)
            return take(value)

        return noting

    def _learn(self, kind: type) -> Take:
        take = self._choose(kind)
        if kind is FunctionType or issubclass(kind, ModuleType):
            take = self._noting(take)
        self._kept.append(kind)
        return self.found.setdefault(id(kind), take)

    def _choose(self, kind: type) -> Take:
        return _exact(kind) or self._library(kind) or _wrapper(kind) or digest_objects.taker_for(kind)

    def _library(self, kind: type) -> Take | None:
        roots = {each.__module__.partition(".")[0] for each in kind.__mro__ if isinstance(each.__module__, str)}
        takes = [take for library, take in _LIBRARIES.items() if library in roots]
        if not takes or hasattr(kind, "__phelps_digest__"):
            return None
        self._arrays.add(id(kind))
        special, otherwise = takes[0], digest_objects.taker_for(kind)
        return lambda value: special(value) or otherwise(value)


def _exact(kind: type) -> Take | None:
    if kind in BUFFERS:
        encode = BUFFERS[kind]
        return lambda value: Parts(encode(value))
    if kind is ArrowColumn:
        return take_column
    return digest_objects.EXACT.get(kind) or digest_code.EXACT.get(kind) or digest_recipes.EXACT.get(kind)


def _wrapper(kind: type) -> Take | None:
    return next((take for base, take in digest_code.WRAPPERS.items() if issubclass(kind, base)), None)
