"""What a piece of code has bound, read and changed so far, scope by scope. Knows names, and no syntax.

One shape serves module, function, class and comprehension. Module and class run while they are walked, so there the
order of loads and stores counts; a function's locals are known at its end, and are taken out of its loads then.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum, auto

EVERYTHING = "*"
"""Stands among the names of a deferred read for "every name above may be read"."""

SELF = "."
"""Stands among changed names for the function itself: a call changes what it keeps (a default, its closure)."""

RESULT = ".()"
"""The same for what a call gives."""

SOFTLY = "@"
"""Stands before a name of a deferred read that may be meant, or not: a text that holds it may be evaluated."""

Tokens = frozenset[str]
NOTHING: Tokens = frozenset()


class Kind(Enum):
    """What a scope belongs to."""

    MODULE = auto()
    FUNCTION = auto()
    CLASS = auto()
    COMPREHENSION = auto()


@dataclass(frozen=True, slots=True)
class Held:
    """The notebook's functions that a value may hold: those defined in this cell, and names from outside for others."""

    definitions: tuple[Definition, ...] = ()
    tokens: Tokens = NOTHING

    def __or__(self, other: Held) -> Held:
        if not other.definitions:
            return Held(self.definitions, self.tokens | other.tokens) if other.tokens else self
        if not self.definitions and not self.tokens:
            return other
        more = tuple(one for one in other.definitions if one not in self.definitions)
        return Held(self.definitions + more, self.tokens | other.tokens)

    def called(self) -> Held:
        """What calling it gives."""
        tokens = frozenset([f"{token}()" for token in self.tokens if token[-1] != ")"])
        outside = Held((), tokens) if tokens else EMPTY
        for definition in self.definitions:
            outside |= definition.result
        return outside


EMPTY = Held()


@dataclass(eq=False, slots=True)
class Definition:
    """What using a function, lambda or class does to the names outside of it."""

    loads: dict[str, int]
    """Names it reads -> line."""
    binds: Tokens = NOTHING
    changes: Tokens = NOTHING
    calls: set[str] = field(default_factory=set)
    everything: bool = False
    result: Held = EMPTY
    softly: bool = False
    """It is a text: what it names need not be there."""

    def without(self, names: AbstractSet[str]) -> Definition:
        """The same, seen from outside a scope that has these names."""
        return Definition(
            {name: line for name, line in self.loads.items() if name not in names},
            self.binds,
            self.changes - names,
            self.calls - names,
            self.everything,
            softly=self.softly,
        )

    def leaving(self, names: AbstractSet[str]) -> Definition:
        """The same, handed out of a scope that has these names: those that it uses are its closure from then on."""
        inner = self.without(names)
        if not self.changes.isdisjoint(names):
            inner.changes |= {SELF}
        return inner

    @property
    def reads(self) -> Tokens:
        """The names that it reads when it is used."""
        if self.softly:
            return frozenset(SOFTLY + name for name in self.loads)
        return frozenset(self.loads) | {EVERYTHING} if self.everything else frozenset(self.loads)


@dataclass(eq=False, slots=True)
class Scope:
    """The names of one module (a cell), function, class body or comprehension."""

    kind: Kind
    parent: Scope | None = None
    bound: set[str] = field(default_factory=set)
    """Bound for certain at this point."""
    maybe: Tokens = NOTHING
    """Bound or deleted on some way to this point."""
    gone: Tokens = NOTHING
    """Deleted for certain at this point."""
    fleeting: Tokens = NOTHING
    """Deleted on some way (``except .. as e``, ``if c: del x``)."""
    written: set[str] = field(default_factory=set)
    """Bound anywhere."""
    loads: dict[str, int] = field(default_factory=dict)
    """Loaded before they were bound for certain -> line."""
    soft: Tokens = NOTHING
    """Loads that may find nothing."""
    indirect: Tokens = NOTHING
    """Loads that happen inside functions only."""
    outside: Tokens = NOTHING
    """Declared ``global`` here."""
    nonlocals: Tokens = NOTHING
    binds: Tokens = NOTHING
    """Names of the module that are bound from here."""
    changes: Tokens = NOTHING
    calls: set[str] = field(default_factory=set)
    everything: bool = False
    meant: Tokens = NOTHING
    """Names that texts ask for which are used here: they need not be there."""
    held: dict[str, Held] = field(default_factory=dict)
    """What functions each bound name holds."""
    given: dict[str, Held] = field(default_factory=dict)
    """Functions put into objects from above (``d["k"] = f``)."""
    objects: dict[str, Tokens] = field(default_factory=dict)
    """The objects that a bound name may be: names they have outside, or ``#n`` for those made here."""
    parts: dict[str, Tokens] = field(default_factory=dict)
    """Names from outside of whose objects a bound name may be a part."""
    imports: Tokens = NOTHING
    defined: Tokens = NOTHING
    depth: int = 0
    """How many conditions, loops and handlers deep the walk stands."""
    guards: int = 0
    """How many handlers around would catch a NameError."""
    result: Held = EMPTY
    """What a function returns."""
    members: tuple[Definition, ...] = ()
    """Functions defined directly in a class."""

    def home(self) -> Scope:
        """The function or module that this runs in."""
        scope = self
        while scope.parent is not None and scope.kind not in (Kind.MODULE, Kind.FUNCTION):
            scope = scope.parent
        return scope

    def load(self, name: str, line: int) -> Held | None:
        """Read a name; what it holds, if it is bound here or in a scope that this runs in."""
        scope, comprehended = self, self.kind is Kind.COMPREHENSION
        while True:
            # What a class binds, no scope inside of it sees.
            if name in scope.bound and not (comprehended and scope.kind is Kind.CLASS):
                return scope.held.get(name)
            if scope.parent is None or scope.kind in (Kind.MODULE, Kind.FUNCTION):
                break
            scope = scope.parent
        scope.miss(name, line, guarded=self.guards > 0)
        return None

    def miss(self, name: str, line: int, *, guarded: bool = False, indirect: bool = False) -> None:
        """Note a load of a name that is not bound for certain."""
        if name in self.gone:
            return
        first = name not in self.loads
        if guarded or self.guards or name in self.maybe:
            if first:
                self.soft |= {name}
        elif not indirect:
            if self.soft or self.indirect:
                self.soft -= {name}
                self.indirect -= {name}
        elif first:
            self.indirect |= {name}
        elif name in self.soft:
            self.soft -= {name}
            self.indirect |= {name}
        if first:
            self.loads[name] = line

    def store(self, name: str) -> None:
        """Bind a name."""
        if name in self.outside:
            self.binds |= {name}
            return
        if name in self.nonlocals:
            self.changes |= {name}
            return
        self.bound.add(name)
        self.written.add(name)
        if self.gone:
            self.gone -= {name}
        if not self.depth:
            self.forget(name)

    def forget(self, name: str) -> None:
        """The name stands for something new."""
        if self.held:
            self.held.pop(name, None)
        if self.objects:
            self.objects.pop(name, None)
        if self.parts:
            self.parts.pop(name, None)
        if self.imports:
            self.imports -= {name}
        if self.defined:
            self.defined -= {name}

    def store_maybe(self, name: str) -> None:
        """Bind a name from within a function that is called: on which of its ways is not known."""
        self.written.add(name)
        self.maybe |= {name}
        self.gone -= {name}

    def delete(self, name: str) -> None:
        """Unbind a name."""
        if name in self.outside:
            self.binds |= {name}
            return
        self.bound.discard(name)
        if self.depth:
            self.maybe |= {name}
            self.fleeting |= {name}
        else:
            self.maybe -= {name}
            self.gone |= {name}
            self.forget(name)

    def hold(self, name: str, held: Held) -> None:
        """A bound name holds these functions (as well, if that is conditional)."""
        if name in self.outside or not (held.definitions or held.tokens):
            return
        before = self.held.get(name) if self.depth else None
        self.held[name] = held if before is None else before | held

    def origin(self, name: str) -> tuple[Tokens, Tokens]:
        """The objects that a name may be, and those it may be a part of."""
        if name in self.bound:
            return self.objects.get(name, NOTHING), self.parts.get(name, NOTHING)
        return self.objects.get(name, NOTHING) | {name}, self.parts.get(name, NOTHING)

    def alias(self, name: str, objects: Tokens, parts: Tokens) -> None:
        """A bound name is one of these objects, or a part of some."""
        if objects:
            self.objects[name] = self.objects.get(name, NOTHING) | objects if self.depth else objects
        if parts:
            self.parts[name] = self.parts.get(name, NOTHING) | parts if self.depth else parts

    def change(self, name: str) -> None:
        """The object of a name is changed in place."""
        objects, parts = self.origin(name)
        self.changes |= {token for token in objects | parts if not token.startswith("#")}


def absorb(into: Scope | Definition, other: Definition) -> None:
    """Using the one uses the other as well."""
    for name, line in other.loads.items():
        into.loads.setdefault(name, line)
    into.binds |= other.binds
    # A function that another one makes when it is called is new each time.
    into.changes |= other.changes - {SELF} if isinstance(into, Scope) else other.changes
    into.calls |= other.calls
    into.everything |= other.everything
