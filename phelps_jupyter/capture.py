"""Holds the kernel's values that a run reads: as parts of its key, and as what its engine is given. Runs nothing."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType

from phelps_jupyter.adapters.namespace import Missing, Namespace
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Version
from phelps_jupyter.core.modules import module_parts
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime.functions import function_digest, global_reads, is_notebook
from phelps_jupyter.runtime.orders import Given
from phelps_jupyter.runtime.values import Unstorable, dumps

LineageOf = Callable[[CellId], Digest | None]


@dataclass(frozen=True, slots=True)
class Captured:
    """What was held: parts of the key, inputs for the engine, and the versions of plain values."""

    parts: tuple[Part, ...]
    givens: tuple[Given, ...]


class Blocked(Exception):
    """Cells must run in the kernel first. ``cells``: in document order."""

    def __init__(self, cells: tuple[CellId, ...], name: str) -> None:
        super().__init__(name)
        self.cells = cells
        self.name = name


@dataclass(slots=True)
class Capture:
    """One capture: of the plain names that one task reads, as the kernel holds them now."""

    graph: Graph
    cell: CellId
    namespace: Namespace
    store: Store
    sources: ModuleSources
    lineage_of: LineageOf

    def take(self) -> Captured:
        """Capture the values. Errors: Blocked, DeclarationError."""
        wanted = self._wanted()
        self._check_origins(wanted)
        parts: list[Part] = []
        givens: list[Given] = []
        names = list(wanted)
        for name in names:
            value = self._value(name)
            names += [more for more in self._reached_by(value) if more not in names]
            part, given = self._hold(name, value, self._origin(wanted.get(name)))
            parts += part
            givens.append(given)
        return Captured(tuple(parts), tuple(givens))

    def _wanted(self) -> dict[str, CellId]:
        inputs = self.graph.inputs[self.cell]
        return {
            name: provider
            for name, provider in inputs.items()
            if provider is not None
            and self.graph.nodes[provider].task is None
            and (name not in self.graph.optional(self.cell) or self.namespace.is_plain(name))
        }

    def _check_origins(self, wanted: Mapping[str, CellId]) -> None:
        """The kernel must hold what a run from the top would: each name as its providing cell left it."""
        nodes = self.graph.nodes
        to_run: dict[CellId, str] = {}
        for name, provider in wanted.items():
            origin = self.namespace.origin(name)
            unseen = origin is None and not self.namespace.is_plain(name)
            moved = origin is not None and (origin.cell, origin.code) != (provider, nodes[provider].bindings.code)
            if unseen or moved:
                to_run[provider] = name
        if to_run:
            cells = sorted(to_run, key=lambda cell: nodes[cell].index)
            raise Blocked(tuple(cells), to_run[cells[0]])

    def _value(self, name: str) -> object:
        try:
            return self.namespace.value(name)
        except Missing:
            raise DeclarationError(f"`{name}` has no value in the kernel") from None

    def _origin(self, provider: CellId | None) -> str:
        lineage = None if provider is None else self.lineage_of(provider)
        return "" if lineage is None else f"cell:{lineage}"

    def _reached_by(self, value: object) -> list[str]:
        """Names that notebook code reads when it is used: a function's globals, the methods' of an instance's class."""
        reads = [global_reads(code) for code in _notebook_code(value)]
        names = sorted(frozenset().union(*reads)) if reads else []
        return [name for name in names if self._is_extra(name)]

    def _is_extra(self, name: str) -> bool:
        provider = self.graph.inputs[self.cell].get(name)
        if provider is not None and self.graph.nodes[provider].task is not None:
            return False
        return self.namespace.is_plain(name) and not hasattr(builtins, name)

    def _hold(self, name: str, value: object, origin: str) -> tuple[list[Part], Given]:
        try:
            if isinstance(value, ModuleType):
                return self._module_parts(name, value), Given(name, inline=dumps(value), watched=False)
            if is_notebook(value):
                part = Part(PartKind.FUNCTION, name, Digest(function_digest(value)), origin=origin)
                return [part, *self._imports_of(value)], Given(name, inline=dumps(value), watched=False)
            if isinstance(value, type | FunctionType | BuiltinFunctionType | MethodType) and _is_importable(value):
                part = Part(PartKind.FUNCTION, name, Digest(function_digest(value)), origin=origin)
                return [part, *self._library_parts(value)], Given(name, inline=dumps(value), watched=False)
            return self._hold_value(name, value, origin)
        except Unstorable as error:
            raise DeclarationError(f"input `{name}` can't be handed to a task: {error}") from error

    def _hold_value(self, name: str, value: object, origin: str) -> tuple[list[Part], Given]:
        version: Version = self.store.put(name, value)
        part = Part(PartKind.INPUT, name, version.digest, detail=version.summary, origin=origin)
        return [part], Given(name, digest=version.digest, identity=f"kernel-{id(value):x}")

    def _module_parts(self, name: str, module: ModuleType) -> list[Part]:
        attributes = self.graph.nodes[self.cell].bindings.attributes.get(name)
        wanted = [(module.__name__, None)] if attributes is None else [(module.__name__, one) for one in attributes]
        return list(module_parts(wanted, self.sources.find))

    def _library_parts(self, value: object) -> list[Part]:
        module, qualname = getattr(value, "__module__", None) or "builtins", getattr(value, "__qualname__", "")
        return list(module_parts([(module, qualname.partition(".")[0] or None)], self.sources.find))

    def _imports_of(self, value: object) -> list[Part]:
        names = {name for code in _notebook_code(value) for name in _imported_by(code)}
        return list(module_parts([(name, None) for name in sorted(names)], self.sources.find))


def _is_importable(value: object) -> bool:
    return getattr(value, "__module__", None) not in (None, "__main__")


_LOOKED_AT = 1000
"""Elements of a container that are looked at for instances of notebook classes."""


def _notebook_code(value: object) -> list[object]:
    if is_notebook(value):
        return [value]
    elements: Iterable[object] = ()
    if isinstance(value, list | tuple | set | frozenset):
        elements = value
    elif isinstance(value, dict):
        elements = value.values()
    kinds = {type(value)} | {type(element) for element, _ in zip(elements, range(_LOOKED_AT), strict=False)}
    return [kind for kind in kinds if kind.__module__ == "__main__"]


def _imported_by(function: object) -> set[str]:
    """Modules that a function's own code imports."""
    found: set[str] = set()
    stack = [getattr(function, "__code__", None)]
    while stack:
        code = stack.pop()
        if isinstance(code, CodeType):
            found |= {str(step.argval) for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"}
            stack += code.co_consts
    return found
