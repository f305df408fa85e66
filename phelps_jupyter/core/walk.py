"""The walk over a cell's tree: its place in the scopes, and what visiting a node has in common with all others.

Knows no kind of node: those register themselves in ``VISITORS`` (see expressions.py and statements.py).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from phelps_jupyter.core.scopes import EMPTY, NOTHING, SELF, Definition, Held, Kind, Scope, Tokens, absorb

Visitor = Callable[["Walk", Any], object]
"""Visits one node. Of a statement it returns True when nothing after it in its block is reached."""

NEWER: dict[str, Visitor] = {}
"""Nodes that this Python may not have, by name."""


class _Visitors(dict[type[ast.AST], Visitor]):
    def __missing__(self, kind: type[ast.AST]) -> Visitor:
        return self.setdefault(kind, NEWER.get(kind.__name__, visit_children))


VISITORS = _Visitors()
HOLDERS: dict[type[ast.AST], Callable[[Walk, Any], Held]] = {}
"""Which functions the value of an expression may hold."""
ORIGINS: dict[type[ast.AST], Callable[[Walk, Any], tuple[Tokens, Tokens]]] = {}
"""Which objects the value of an expression may be, and of which it may be a part."""


def visits(*kinds: type[ast.AST]) -> Callable[[Visitor], Visitor]:
    """Register the visitor of these kinds of nodes."""

    def register(visitor: Visitor) -> Visitor:
        VISITORS.update(dict.fromkeys(kinds, visitor))
        return visitor

    return register


class Walk:
    """One walk over one cell."""

    __slots__ = (
        *("attributes", "binds_unknown", "files", "keys", "lambdas", "looks", "loops", "made"),
        *("no_annotations", "plain", "scope", "texts"),
    )

    def __init__(self) -> None:
        self.scope = Scope(Kind.MODULE)
        self.plain: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.keys: dict[str, set[str]] = {}
        self.texts: set[str] = set()
        self.files: set[str] = set()
        self.lambdas: dict[int, Definition] = {}
        self.loops: list[Exits] = []
        self.made = 0
        self.no_annotations = False
        self.binds_unknown = False
        self.looks = False

    def visit(self, node: ast.AST) -> object:
        """Visit a node by its kind."""
        return VISITORS[node.__class__](self, node)

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        """Visit nodes in order; None stands for nothing."""
        for node in nodes:
            if node is not None:
                VISITORS[node.__class__](self, node)

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Visit statements in order. Returns whether what follows is out of reach."""
        return any(VISITORS[statement.__class__](self, statement) is True for statement in statements)

    def load(self, name: str, line: int, *, use: bool = True) -> None:
        """Read a name; the functions that it holds count as used, except where it gets one more name only."""
        scope = self.scope
        if name in scope.bound:
            held = scope.held.get(name) if scope.held else None
        else:
            held = scope.load(name, line)
        if use and held is not None:
            self.use(held)

    def load_all(self, names: Iterable[str], line: int) -> None:
        """Read several names on one line."""
        for name in names:
            self.plain.add(name)
            self.load(name, line)

    def use(self, held: Held) -> None:
        """Functions of this cell may be called now: what they do to names happens here."""
        home = self.scope.home()
        if home.kind is Kind.MODULE:
            seen: set[int] = set()
            for definition in held.definitions:
                _apply(home, definition, seen)

    def define(self, definition: Definition) -> None:
        """A function has been defined: inside another one, using that one may use it."""
        scope: Scope | None = self.scope
        while scope is not None and scope.kind is Kind.COMPREHENSION:
            for name in scope.bound:
                definition.loads.pop(name, None)
            scope = scope.parent
        assert scope is not None
        if scope.kind is Kind.CLASS:
            scope.members += (definition,)
        elif scope.kind is Kind.FUNCTION:
            absorb(scope, definition)

    def call(self, name: str) -> None:
        """A name is called, or handed to somebody who may call it."""
        scope: Scope = self.scope
        while name not in scope.bound:
            if scope.parent is None or scope.kind is Kind.FUNCTION:
                scope.calls.add(name)
                return
            scope = scope.parent
        held = scope.held.get(name)
        if held is not None:
            self.scope.home().calls.update(token.removesuffix("()") for token in held.tokens)

    def change(self, name: str) -> None:
        """The object of a name is changed in place."""
        scope = self.scope
        while name not in scope.bound and scope.parent is not None and scope.kind is not Kind.FUNCTION:
            scope = scope.parent
        home = self.scope.home()
        if scope is home:
            home.change(name)
            return
        objects, parts = scope.origin(name)
        for token in objects | parts:
            home.change(token)

    def give(self, name: str, held: Held) -> None:
        """Functions are put into the object of a name."""
        if not held.definitions and not held.tokens:
            return
        scope = self.scope.home()
        known = scope.held if name in scope.bound else scope.given
        known[name] = known.get(name, EMPTY) | held

    def held(self, node: ast.expr) -> Held:
        """The functions that the value of an expression may hold."""
        holder = HOLDERS.get(node.__class__)
        return EMPTY if holder is None else holder(self, node)

    def origin(self, node: ast.expr) -> tuple[Tokens, Tokens]:
        """The objects that the value of an expression may be, and of which it may be a part."""
        finder = ORIGINS.get(node.__class__)
        return (NOTHING, NOTHING) if finder is None else finder(self, node)

    def new_object(self) -> Tokens:
        """Stands for an object made in this cell."""
        self.made += 1
        return frozenset((f"#{self.made}",))

    def branches(self, ways: Iterable[Callable[[], object]]) -> bool:
        """One of these ways is taken: what all that go on have bound is certain. Returns whether none goes on."""
        scope = self.scope
        before = scope.bound
        touched: set[str] = set()
        ends: list[set[str]] = []
        scope.depth += 1
        for way in ways:
            scope.bound = before.copy()
            if way() is not True:
                ends.append(scope.bound)
            touched |= scope.bound
        scope.depth -= 1
        scope.bound = set.intersection(*ends) if ends else before
        scope.maybe |= touched - scope.bound
        return not ends


class Exits:
    """What was bound for certain wherever a loop's round ended."""

    __slots__ = ("breaks", "rounds")

    def __init__(self) -> None:
        self.breaks: list[set[str]] = []
        self.rounds: list[set[str]] = []


def visit_children(walk: Walk, node: ast.AST) -> None:
    """Nodes that do nothing to names by themselves."""
    for field in node._fields:
        value = getattr(node, field, None)
        if value.__class__ is list:
            for child in value:
                if isinstance(child, ast.AST):
                    VISITORS[child.__class__](walk, child)
        elif isinstance(value, ast.AST):
            VISITORS[value.__class__](walk, value)


def _apply(scope: Scope, definition: Definition, seen: set[int]) -> None:
    if id(definition) in seen:
        return
    seen.add(id(definition))
    if definition.softly:
        scope.meant |= definition.loads.keys() - scope.bound
        return
    for name, line in definition.loads.items():
        if name not in scope.bound:
            scope.miss(name, line, indirect=True)
        if name in scope.held:
            for inner in scope.held[name].definitions:
                _apply(scope, inner, seen)
    for name in definition.binds:
        scope.store_maybe(name)
    for name in definition.changes - {SELF}:
        scope.change(name)
    scope.calls |= {name for name in definition.calls if name not in scope.bound}
    scope.everything |= definition.everything
