"""What a body is given, and what it leaves: inputs bound, outputs stored, the namespace compared with what it was.

Knows values and digests; refuses to know how a body runs.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from phelps_jupyter.runtime import digests, values
from phelps_jupyter.runtime.digests import Digested
from phelps_jupyter.runtime.functions import with_docstrings
from phelps_jupyter.runtime.members import members
from phelps_jupyter.runtime.orders import Given, Order, Outcome, Stored
from phelps_jupyter.runtime.own_state import carries_state
from phelps_jupyter.runtime.summaries import summarise

ATOMS = (bool, int, float, complex, str, bytes, type(None))
FIXED = (*ATOMS, BuiltinFunctionType, ModuleType)
"""Never digested again: they don't change in place, or their digest says nothing of that."""
STATELESS = "-"
"""Stands for the digest of a function or class without state of its own: a use can't change it."""
MISSING = object()
OPAQUE = "opaque-"


@dataclasses.dataclass(frozen=True, slots=True)
class Bound:
    """An input as it was bound; ``digest`` before the body, empty where a change can't or need not be seen."""

    given: Given
    value: object
    digest: str


class UnmetError(Exception):
    """A declared output is missing, or can't be stored."""


def bind(order: Order, namespace: dict[str, Any]) -> dict[str, Bound]:
    """Bind the inputs. What came with the order first: functions, classes and modules, which the others may need."""
    objects: dict[str, object] = {}
    bound: dict[str, Bound] = {}
    for given in sorted(order.inputs, key=lambda given: not given.inline):
        value = objects[given.identity] if given.identity in objects else _load(given, order.store)
        if given.identity:
            objects[given.identity] = value
        namespace[given.name] = value
        bound[given.name] = Bound(given, value, _digest_before(given, value))
    return bound


def _load(given: Given, store: str) -> object:
    try:
        return values.loads(given.inline) if given.inline else values.read(given.digest, store)
    except Exception as error:
        error.add_note(f"while loading the input `{given.name}`")
        raise


def _digest_before(given: Given, value: object) -> str:
    # An opaque value has no content digest to compare.
    if not given.watched or isinstance(value, FIXED) or given.digest.startswith(OPAQUE):
        return ""
    if _is_stateless(value):
        return STATELESS
    digested = given.digest or digests.digest(value).digest
    return "" if digested.startswith(OPAQUE) else digested


def _is_stateless(value: object) -> bool:
    return isinstance(value, FunctionType | type) and not carries_state(value)


class Harvest:
    """Stores what the order names, and what else has changed or is new. ``before``: the names before the body."""

    def __init__(
        self, order: Order, namespace: Mapping[str, Any], bound: Mapping[str, Bound], before: Collection[str] = ()
    ) -> None:
        self._order = order
        self._namespace = namespace
        self._bound = bound
        self._before = before
        self._digests: dict[int, Digested] = {}
        self._tags: dict[int, str] = {}
        # A record outlives its run: another kernel's run of the same number must not seem to hold the same object.
        self._nonce = secrets.token_hex(4)
        self._left_out: dict[str, str] = {}

    def outcome(self) -> Outcome:
        order = self._order
        changed = (*self._changed(), *self._new())
        names = [*order.outputs, *(name for name in changed if name not in order.outputs)]
        present = {name: self._namespace[name] for name in names if self._is_bound(name)}
        present.update(self._other_names(present))
        stored = [self._store(name, value, present) for name, value in present.items()]
        outputs = tuple(output for output in stored if output is not None)
        withheld = {name: f"it was not handed to the task: {why}" for name, why in order.withheld.items()}
        left_out = {name: why for name, why in withheld.items() if name not in present} | self._left_out
        return Outcome(order.run, order.attempt, "done", outputs, left_out=left_out, changed=changed)

    def _other_names(self, present: Mapping[str, Any]) -> dict[str, Any]:
        """Inputs that are one object with an input that is handed on: who reads that reads them here as well."""
        bound = self._bound
        kept = {id(value) for name, value in present.items() if name in bound and bound[name].value is value}
        return {
            name: one.value
            for name, one in bound.items()
            if one.given.identity and id(one.value) in kept and not self._order.declared
            if name not in present and self._namespace.get(name, MISSING) is one.value
        }

    def _changed(self) -> Iterator[str]:
        for name, bound in self._bound.items():
            now = self._namespace.get(name, MISSING)
            if not bound.given.watched or now is MISSING:
                continue
            if now is not bound.value:
                # Bound anew, foreseen or not: only what nobody foresaw is news.
                if name not in self._order.outputs:
                    yield name
            elif bound.digest and self._is_other(now, bound.digest):
                yield name

    def _new(self) -> list[str]:
        """Names that nobody foresaw: a library or `setattr` has bound them."""
        foreseen = self._order.foreseen
        if foreseen is None:
            return []
        known = {*self._before, *foreseen}
        return sorted(name for name in self._namespace if name[:1] != "_" and name not in known)

    def _is_other(self, value: object, before: str) -> bool:
        if _is_stateless(value):
            return before != STATELESS
        now = self._digest(value).digest
        return before not in (now, with_docstrings(now, value))

    def _is_bound(self, name: str) -> bool:
        if name in self._namespace:
            return True
        if self._order.declared and name in self._order.outputs and name not in self._order.optional:
            raise UnmetError(f"--out {name}: the body ended without binding it")
        return False

    def _store(self, name: str, value: object, present: Mapping[str, object]) -> Stored | None:
        digested = self._digest(value)
        digest = with_docstrings(digested.digest, value) if self._order.documented else digested.digest
        try:
            size = values.write(value, digest, self._order.store)
        except values.Unstorable as error:
            if self._order.declared and name in self._order.outputs:
                raise UnmetError(f"--out {name}: {error.told(name)}") from error
            self._left_out[name] = error.told(name)
            return None
        except OSError as error:
            raise UnmetError(f"`{name}` could not be stored: {error}") from error
        identity = self._identity(name, value, present)
        told = summarise(value), identity, digested.opaque, digested.modules
        return Stored(name, digest, size, *told, members(value))

    def _identity(self, name: str, value: object, present: Mapping[str, object]) -> str:
        if isinstance(value, (*ATOMS, ModuleType, type)):
            return ""
        inputs = [bound.given for bound in self._bound.values() if bound.value is value]
        for given in inputs:
            if given.identity:
                return given.identity
        aliases = {other for other, held in present.items() if held is value} | {given.name for given in inputs}
        if aliases == {name}:
            return ""
        return self._tags.setdefault(id(value), f"{self._nonce}.{len(self._tags)}")

    def _digest(self, value: object) -> Digested:
        # Once for each object, however many names it has; the namespace keeps it alive, so its id is its own.
        if id(value) not in self._digests:
            self._digests[id(value)] = digests.digest(value)
        return self._digests[id(value)]
