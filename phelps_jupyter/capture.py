"""Holds the kernel's values that a run reads: as parts of its key, and as what its engine is given. Runs nothing."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from phelps_jupyter.adapters.namespace import Namespace, identity_of
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.core.ancestry import places
from phelps_jupyter.core.documented import are_docstrings_read
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.members import input_parts, name_of
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Version
from phelps_jupyter.core.modules import module_parts
from phelps_jupyter.core.taken import along, chains
from phelps_jupyter.docstrings import docstring_parts
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.loading import Loading
from phelps_jupyter.parts import may_do_without
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.functions import global_reads, is_notebook
from phelps_jupyter.runtime.orders import Given
from phelps_jupyter.runtime.own_state import carries_state
from phelps_jupyter.runtime.summaries import summarise
from phelps_jupyter.runtime.values import Unstorable, dumps

LineageOf = Callable[[CellId], Digest | None]
SourceOf = Callable[[CellId, Digest], str]
"""The object in the store that holds a plain cell of this lineage."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a value comes from: as it is judged by, where its text is kept, and for people."""

    lineage: str = ""
    source: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Captured:
    """What was held: parts of the key, inputs for the engine, and the versions of plain values."""

    parts: tuple[Part, ...]
    givens: tuple[Given, ...]
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Names that nothing says it reads, and whose values can't be handed over -> why."""
    uptodate: Mapping[str, object] = field(default_factory=dict)
    """The values that its ``--uptodate`` reads: they stay in the kernel."""


class Blocked(Exception):
    """Cells must run in the kernel first. ``places``: theirs, in document order."""

    def __init__(self, places: Sequence[int], name: str) -> None:
        cells = f"cell{'s' if len(places) > 1 else ''} {', '.join(map(str, places))}"
        super().__init__(f"`{name}` is not in the kernel as the notebook has it: run {cells} first")


@dataclass(slots=True)
class Capture:
    """One capture: of the plain names that one task reads, as the kernel holds them now."""

    graph: Graph
    cell: CellId
    namespace: Namespace
    store: Store
    sources: ModuleSources
    lineage_of: LineageOf
    source_of: SourceOf
    one_pass: bool = False
    """Headless, all cells run once, from the top."""

    def take(self) -> Captured:
        """Capture the values. Errors: Blocked, DeclarationError."""
        # In one pass all cells above have just run, in their order: what they rested on need not be compared.
        loading = Loading(self.graph, self.namespace, _unknown if self.one_pass else self.lineage_of)
        wanted = dict(loading.plain_inputs(self.cell))
        self._check_origins(loading, wanted)
        values: dict[str, object] = {}
        through_code: set[str] = set()
        names = [name for name in wanted if name in self.graph.inputs[self.cell]]
        for name in names:
            # Its cell has run, and left it unbound.
            if not self.namespace.is_plain(name):
                continue
            values[name] = self.namespace.value(name)
            more = self._reached_by(values[name])
            through_code.update(more)
            names += [one for one in more if one not in names]
        parts: list[Part] = []
        givens: list[Given] = []
        withheld: dict[str, str] = {}
        for name, value in values.items():
            try:
                part, given = self._hold(name, value, self._origin(name, wanted.get(name)), name in through_code)
            except Unstorable as error:
                if not may_do_without(self.graph, self.cell, name):
                    raise DeclarationError(f"input `{name}` can't be handed to a task: {error}") from error
                withheld[name] = str(error)
            else:
                parts += part
                givens.append(given)
        docs = docstring_parts(are_docstrings_read(self.graph, self.cell), values)
        return Captured((*parts, *docs), tuple(givens), withheld, self._uptodate())

    def _uptodate(self) -> dict[str, object]:
        names = self.graph.uptodate.get(self.cell, {})
        return {name: self.namespace.value(name) for name in names if self.namespace.is_plain(name)}

    def _check_origins(self, loading: Loading, wanted: Mapping[str, CellId]) -> None:
        """The kernel must hold what a run from the top would: each name as its providing cell left it."""
        names = [name for name, provider in wanted.items() if not loading.holds(name, provider)]
        if names:
            cells = loading.to_run(wanted[name] for name in names)
            raise Blocked([self.graph.nodes[cell].index + 1 for cell in cells], names[0])

    def _origin(self, name: str, provider: CellId | None) -> _Origin:
        cell = provider or self._bound_by(name)
        lineage = None if cell is None else self._lineage(name, cell)
        if cell is None or lineage is None:
            return _Origin()
        judged_by = "" if provider is None else f"cell:{lineage}"
        return _Origin(judged_by, self.source_of(cell, lineage), places(self.graph, [cell]))

    def _lineage(self, name: str, cell: CellId) -> Digest | None:
        """What the value came from: as it was when it was bound, where what the cell rests on has moved on since."""
        origin = self.namespace.origin(name)
        lineage = self.lineage_of(cell)
        return origin.lineage if lineage is None and origin is not None and origin.cell == cell else lineage

    def _bound_by(self, name: str) -> CellId | None:
        """Of a name that is reached through a value: the cell that bound it, if it is as it was then."""
        origin = self.namespace.origin(name)
        node = None if origin is None else self.graph.nodes.get(origin.cell)
        if origin is None or node is None or node.bindings.code != origin.code:
            return None
        return origin.cell

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

    def _hold(self, name: str, value: object, origin: _Origin, through_code: bool) -> tuple[list[Part], Given]:
        if isinstance(value, ModuleType):
            return self._module_parts(name, value, through_code), _sent(name, value)
        if is_notebook(value):
            parts = self._code_parts(name, value, origin)
            identity = self._identity(value, parts[0].digest) if carries_state(value) else ""
            return parts, replace(_sent(name, value), identity=identity, watched=True)
        if isinstance(value, _CODE) and _is_importable(value):
            return self._code_parts(name, value, origin), _sent(name, value)
        return self._hold_value(name, value, origin, through_code)

    def _hold_value(self, name: str, value: object, origin: _Origin, through_code: bool) -> tuple[list[Part], Given]:
        version: Version = self.store.put(name, value)
        # Of what captured functions take of it, nothing is known.
        counted = replace(version, members={}) if through_code else version
        parts = input_parts(self.graph, self.cell, counted, origin.lineage)
        given = Given(name, digest=version.digest, identity=self._identity(value, version.digest))
        told = (replace(part, source=origin.source, detail=part.detail or _item_summary(part, value)) for part in parts)
        return [*told, *self._whole(version.modules)], given

    def _identity(self, value: object, digest: Digest) -> str:
        return "" if isinstance(value, _ATOMS) else identity_of(self.namespace.first_name(value), digest)

    def _module_parts(self, name: str, module: ModuleType, through_code: bool) -> list[Part]:
        # Of what captured functions take of it, nothing is known.
        taken = None if through_code else chains(self.graph, self.cell, name)
        return list(module_parts(along(module.__name__, taken, self.sources.find), self.sources.find))

    def _code_parts(self, name: str, value: object, origin: _Origin) -> list[Part]:
        digested = digest(value)
        modules = set(digested.modules)
        parts = [
            Part(PartKind.FUNCTION, name, Digest(digested.digest), origin.place, origin.lineage, origin.source),
        ]
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


def _item_summary(part: Part, value: object) -> str:
    """What of an input the part stands for, in a few words."""
    _, key = name_of(part.name)
    return summarise(value[key]) if isinstance(value, dict) and key in value else ""


def _unknown(cell: CellId) -> None:
    del cell


_CODE = type | FunctionType | BuiltinFunctionType | MethodType


def _sent(name: str, value: object) -> Given:
    return Given(name, inline=dumps(value), watched=False)


_ATOMS = (bool, int, float, complex, str, bytes, type(None))


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
