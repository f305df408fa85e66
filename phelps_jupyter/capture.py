"""Holds the kernel's values that a run reads: as parts of its key, and as what its engine is given. Runs nothing."""

from __future__ import annotations

import builtins
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from phelps_jupyter.adapters.namespace import Missing, Namespace
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Version
from phelps_jupyter.core.modules import module_parts
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.functions import global_reads, is_notebook
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
        values: dict[str, object] = {}
        through_code: set[str] = set()
        names = list(wanted)
        for name in names:
            values[name] = self._value(name)
            more = self._reached_by(values[name])
            through_code.update(more)
            names += [one for one in more if one not in names]
        parts: list[Part] = []
        givens: list[Given] = []
        for name, value in values.items():
            part, given = self._hold(name, value, self._origin(wanted.get(name)), name in through_code)
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

    def _hold(self, name: str, value: object, origin: str, through_code: bool) -> tuple[list[Part], Given]:
        try:
            if isinstance(value, ModuleType):
                return self._module_parts(name, value, through_code), _sent(name, value)
            if is_notebook(value) or (isinstance(value, _CODE) and _is_importable(value)):
                return self._code_parts(name, value, origin), _sent(name, value)
            return self._hold_value(name, value, origin)
        except Unstorable as error:
            raise DeclarationError(f"input `{name}` can't be handed to a task: {error}") from error

    def _hold_value(self, name: str, value: object, origin: str) -> tuple[list[Part], Given]:
        version: Version = self.store.put(name, value)
        part = Part(PartKind.INPUT, name, version.digest, detail=version.summary, origin=origin)
        given = Given(name, digest=version.digest, identity=_identity(value, version.digest))
        return [part, *self._whole(version.modules)], given

    def _module_parts(self, name: str, module: ModuleType, through_code: bool) -> list[Part]:
        # Of what captured functions take of it, nothing is known.
        attributes = None if through_code else self.graph.nodes[self.cell].bindings.attributes.get(name)
        wanted = [(module.__name__, None)] if attributes is None else [(module.__name__, one) for one in attributes]
        return list(module_parts(wanted, self.sources.find))

    def _code_parts(self, name: str, value: object, origin: str) -> list[Part]:
        digested = digest(value)
        modules = set(digested.modules)
        parts = [Part(PartKind.FUNCTION, name, Digest(digested.digest), origin=origin)]
        if not is_notebook(value):
            parts += self._named_parts(value)
            if not isinstance(value, MethodType):
                modules.discard(str(getattr(value, "__module__", "")))
        return [*parts, *self._whole(modules)]

    def _named_parts(self, value: object) -> list[Part]:
        module, qualname = getattr(value, "__module__", None) or "builtins", getattr(value, "__qualname__", "")
        return list(module_parts([(module, qualname.partition(".")[0] or None)], self.sources.find))

    def _whole(self, modules: Iterable[str]) -> tuple[Part, ...]:
        return module_parts([(module, None) for module in sorted(modules)], self.sources.find)


_CODE = type | FunctionType | BuiltinFunctionType | MethodType


def _sent(name: str, value: object) -> Given:
    return Given(name, inline=dumps(value), watched=False)


_PROCESS = secrets.token_hex(4)
_ATOMS = (bool, int, float, complex, str, bytes, type(None))


def _identity(value: object, digest: Digest) -> str:
    """Tells one object from others, also from those of other kernels that a record speaks of."""
    return "" if isinstance(value, _ATOMS) else f"{_PROCESS}-{id(value):x}-{digest[:8]}"


def _is_importable(value: object) -> bool:
    return getattr(value, "__module__", None) not in (None, "__main__")


_LOOKED_AT = 1000
"""Elements of a container that are looked at for functions and classes of the notebook, and instances of these."""


def _notebook_code(value: object) -> list[object]:
    if is_notebook(value):
        return [value]
    elements: Iterable[object] = ()
    if isinstance(value, list | tuple | set | frozenset):
        elements = value
    elif isinstance(value, dict):
        elements = value.values()
    looked_at = [element for element, _ in zip(elements, range(_LOOKED_AT), strict=False)]
    held = [element for element in looked_at if callable(element) and is_notebook(element)]
    kinds = {type(value)} | {type(element) for element in looked_at}
    return [*held, *(kind for kind in kinds if kind.__module__ == "__main__")]
