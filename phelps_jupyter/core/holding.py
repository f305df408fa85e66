"""What the value of an expression may be: the notebook's functions that it holds, and other names of its object."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from phelps_jupyter.core.inplace import FLUENT, GATHERERS, PARTS, WRAPPERS, wraps
from phelps_jupyter.core.scopes import EMPTY, NOTHING, Definition, Held, Kind, Scope, Tokens
from phelps_jupyter.core.texts import literal, names_meant
from phelps_jupyter.core.walk import HOLDERS, ORIGINS, Walk

# What these give holds no function of the notebook's.
_PLAIN_BUILTINS = frozenset(dir(builtins)) - WRAPPERS - {"next", "getattr", "list", "tuple", "set", "dict", "iter"}


def _holds_name(walk: Walk, node: ast.Name) -> Held:
    scope: Scope = walk.scope
    while True:
        if node.id in scope.bound:
            return scope.held.get(node.id, EMPTY)
        if scope.parent is None or scope.kind is Kind.FUNCTION:
            # Conditionally bound, it may hold what it holds here, and what it held above.
            token = Held((), frozenset((node.id,)))
            return scope.held[node.id] | token if node.id in scope.held else token
        scope = scope.parent


def _holds_lambda(walk: Walk, node: ast.Lambda) -> Held:
    return Held((walk.lambdas[id(node)],))


def _holds_text(walk: Walk, node: ast.Constant | ast.JoinedStr) -> Held:
    """``q = "x > @low"``: whoever has it may ask for it."""
    names = names_meant(literal(node) or "") if walk.scope.home().kind is Kind.MODULE else ()
    return Held((Definition(dict.fromkeys(names, node.lineno), softly=True),)) if names else EMPTY


def _holds_joined(walk: Walk, node: ast.BinOp) -> Held:
    """Of what is put together, only the texts that stand here: of numbers and tables nothing is left."""
    held, stack = EMPTY, [node.left, node.right]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.BinOp):
            stack += [part.left, part.right]
        elif isinstance(part, ast.Constant | ast.JoinedStr):
            held |= _holds_text(walk, part)
    return held


def _holds_any(walk: Walk, nodes: Iterable[ast.expr]) -> Held:
    held = EMPTY
    for node in nodes:
        held |= walk.held(node)
    return held


def _holds_call(walk: Walk, node: ast.Call) -> Held:
    function = node.func
    if isinstance(function, ast.Name):
        if function.id in _PLAIN_BUILTINS:
            return EMPTY
        held = _holds_name(walk, function).called()
        return held | _holds_arguments(walk, node) if wraps(function.id) else held
    if isinstance(function, ast.Attribute):
        if wraps(function.attr):
            return _holds_arguments(walk, node)
        if function.attr in FLUENT:
            return walk.held(function.value)
        return _holds_maker(walk, function.value)
    return EMPTY


def _holds_arguments(walk: Walk, node: ast.Call) -> Held:
    return _holds_any(walk, [*node.args, *(keyword.value for keyword in node.keywords)])


def _holds_maker(walk: Walk, node: ast.expr) -> Held:
    """``Model.load()``: a class's method most often gives an instance."""
    if isinstance(node, ast.Name) and node.id[:1].isupper():
        return _holds_name(walk, node).called()
    return EMPTY


def _holds_elements(walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Held:
    element = node.elt
    for generator in node.generators:
        target = generator.target
        if isinstance(element, ast.Name) and isinstance(target, ast.Name) and element.id == target.id:
            return walk.held(generator.iter)
    return walk.held(element)


HOLDERS[ast.Name] = _holds_name
HOLDERS[ast.Lambda] = _holds_lambda
HOLDERS[ast.Constant] = HOLDERS[ast.JoinedStr] = _holds_text
HOLDERS[ast.BinOp] = _holds_joined
HOLDERS[ast.Call] = _holds_call
HOLDERS[ast.IfExp] = lambda walk, node: walk.held(node.body) | walk.held(node.orelse)
HOLDERS[ast.BoolOp] = HOLDERS[ast.Dict] = lambda walk, node: _holds_any(walk, node.values)
HOLDERS[ast.Tuple] = HOLDERS[ast.List] = HOLDERS[ast.Set] = lambda walk, node: _holds_any(walk, node.elts)
HOLDERS[ast.NamedExpr] = HOLDERS[ast.Await] = HOLDERS[ast.Starred] = lambda walk, node: walk.held(node.value)
HOLDERS[ast.Subscript] = HOLDERS[ast.Attribute] = HOLDERS[ast.DictComp] = HOLDERS[ast.Await]
HOLDERS[ast.ListComp] = HOLDERS[ast.SetComp] = HOLDERS[ast.GeneratorExp] = _holds_elements


def _origin_name(walk: Walk, node: ast.Name) -> tuple[Tokens, Tokens]:
    scope = walk.scope
    objects, parts = scope.origin(node.id)
    if not objects and node.id in scope.bound:
        objects = scope.objects[node.id] = walk.new_object()
    return objects, parts


def _origin_part(walk: Walk, node: ast.Attribute | ast.Subscript) -> tuple[Tokens, Tokens]:
    objects, parts = walk.origin(node.value)
    return NOTHING, parts | {token for token in objects if not token.startswith("#")}


def _origin_any(walk: Walk, nodes: Iterable[ast.expr]) -> tuple[Tokens, Tokens]:
    objects, parts = NOTHING, NOTHING
    for node in nodes:
        more_objects, more_parts = walk.origin(node)
        objects |= more_objects
        parts |= more_parts
    return objects, parts


ORIGINS[ast.Name] = _origin_name
ORIGINS[ast.Attribute] = ORIGINS[ast.Subscript] = _origin_part
ORIGINS[ast.IfExp] = lambda walk, node: _origin_any(walk, [node.body, node.orelse])
ORIGINS[ast.BoolOp] = lambda walk, node: _origin_any(walk, node.values)
ORIGINS[ast.NamedExpr] = lambda walk, node: _origin_name(walk, node.target)
ORIGINS[ast.Starred] = lambda walk, node: walk.origin(node.value)


def parts_of(walk: Walk, node: ast.expr) -> Tokens:
    """Names from outside of whose objects the elements of an iterable may be parts."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in GATHERERS:
            return NOTHING.union(*(parts_of(walk, argument) for argument in node.args))
        if isinstance(node.func, ast.Attribute) and node.func.attr in PARTS:
            return parts_of(walk, node.func.value)
        return NOTHING
    if isinstance(node, ast.Tuple | ast.List):
        return NOTHING.union(*(parts_of(walk, element) for element in node.elts))
    objects, parts = walk.origin(node)
    return parts | {token for token in objects if not token.startswith("#")}
