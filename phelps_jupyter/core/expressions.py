"""What expressions do to names: loads, calls, comprehensions, lambdas."""

from __future__ import annotations

import ast
from typing import TypeGuard

from phelps_jupyter.core.inplace import CHANGING, CHANGING_FIRST, root
from phelps_jupyter.core.paths import note_call, note_text
from phelps_jupyter.core.scopes import NOTHING, SELF, Definition, Held, Kind, Scope
from phelps_jupyter.core.texts import (
    HANDED_OUT,
    METHODS,
    TEXTS,
    hand_out_names,
    names_asked_for,
    namespace_key,
    percent_fields,
)
from phelps_jupyter.core.truth import reached, truth
from phelps_jupyter.core.walk import VISITORS, Walk, visits

_CALLED = (ast.Call, ast.Attribute)


@visits(ast.Constant)
def _constant(walk: Walk, node: ast.Constant) -> None:
    if isinstance(node.value, str):
        note_text(walk, node.value)


@visits(ast.Pass, ast.Load, ast.Store, ast.Del)
def _nothing(_walk: Walk, _node: ast.AST) -> None:
    """Nothing in it."""


@visits(ast.Name)
def _name(walk: Walk, node: ast.Name) -> None:
    walk.plain.add(node.id)
    if node.ctx.__class__ is ast.Load:
        if node.id in HANDED_OUT:
            hand_out_names(walk.scope, node.id)
        walk.load(node.id, node.lineno)
    else:
        walk.scope.store(node.id)


@visits(ast.Attribute)
def _attribute(walk: Walk, node: ast.Attribute) -> None:
    value = node.value
    if value.__class__ is ast.Name:
        name = value.id
        walk.attributes.setdefault(name, set()).add(node.attr)
        walk.load(name, value.lineno)
    else:
        walk.visit(value)


@visits(ast.Subscript)
def _subscript(walk: Walk, node: ast.Subscript) -> None:
    value, item = node.value, node.slice
    if isinstance(value, ast.Name) and _is_text(item) and node.ctx.__class__ is ast.Load:
        walk.keys.setdefault(value.id, set()).add(str(item.value))
        walk.load(value.id, value.lineno)
        return
    key = namespace_key(walk.scope, node) if value.__class__ in _CALLED else None
    if key is None:
        walk.visit(node.value)
        walk.visit(node.slice)
    else:
        walk.load(key, node.lineno)


def _is_text(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and node.value.__class__ is str


@visits(ast.NamedExpr)
def _walrus(walk: Walk, node: ast.NamedExpr) -> None:
    walk.visit(node.value)
    inner = walk.scope
    scope = inner
    while scope.kind is Kind.COMPREHENSION and scope.parent is not None:
        scope = scope.parent
    if scope is inner:
        scope.store(node.target.id)
        scope.hold(node.target.id, walk.held(node.value))
        scope.alias(node.target.id, *walk.origin(node.value))
        return
    # A comprehension may have no round at all.
    inner.bound.add(node.target.id)
    if node.target.id not in scope.bound:
        scope.maybe |= {node.target.id}
    scope.written.add(node.target.id)


@visits(ast.BoolOp)
def _either(walk: Walk, node: ast.BoolOp) -> None:
    first, *others = reached(node)
    walk.visit(first)
    walk.branches([lambda: walk.visit_all(others), lambda: None])


@visits(ast.IfExp)
def _if_else(walk: Walk, node: ast.IfExp) -> None:
    holds = truth(node.test)
    if holds is not None:
        walk.visit(node.body if holds else node.orelse)
        return
    walk.visit(node.test)
    walk.branches([lambda: walk.visit(node.body), lambda: walk.visit(node.orelse)])


@visits(ast.Compare)
def _compare(walk: Walk, node: ast.Compare) -> None:
    asked = names_asked_for(walk.scope, node) if node.left.__class__ is ast.Constant else None
    if asked is None:
        walk.visit(node.left)
        walk.visit_all(node.comparators)
    else:
        walk.scope.home().miss(asked, node.lineno, guarded=True)


@visits(ast.BinOp)
def _operation(walk: Walk, node: ast.BinOp) -> None:
    fields = percent_fields(walk.scope, node) if node.left.__class__ is ast.Constant else None
    if fields is not None:
        walk.load_all(fields, node.lineno)
        return
    # A sum of 2,000 terms is 2,000 deep on its left side.
    rights = [node.right]
    left = node.left
    while isinstance(left, ast.BinOp):
        rights.append(left.right)
        left = left.left
    walk.visit(left)
    for right in reversed(rights):
        VISITORS[right.__class__](walk, right)


@visits(ast.Call)
def _call(walk: Walk, node: ast.Call) -> None:
    function = node.func
    if isinstance(function, ast.Name):
        name = function.id
        if name in TEXTS and name not in walk.scope.bound and TEXTS[name](walk, node):
            return
        walk.plain.add(name)
        walk.load(name, function.lineno)
        walk.call(name)
        note_call(walk, node, name)
        _arguments(walk, node, name in CHANGING_FIRST)
    elif isinstance(function, ast.Attribute):
        if function.attr in METHODS and METHODS[function.attr](walk, node):
            return
        _method(walk, node, function)
    else:
        walk.visit(function)
        start = root(function)
        if start is not None:
            walk.call(start.id)
        _arguments(walk, node, changes_first=False)


def _method(walk: Walk, node: ast.Call, function: ast.Attribute) -> None:
    note_call(walk, node, function.attr)
    _attribute(walk, function)
    start = root(function.value)
    _arguments(walk, node, function.attr in CHANGING_FIRST)
    if start is None:
        return
    walk.call(start.id)
    if function.attr in CHANGING or (node.keywords and _is_in_place(node.keywords)):
        walk.change(start.id)


def _is_in_place(keywords: list[ast.keyword]) -> bool:
    return any(
        keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in keywords
    )


def _arguments(walk: Walk, node: ast.Call, changes_first: bool) -> None:
    for argument in node.args:
        VISITORS[argument.__class__](walk, argument)
        if argument.__class__ is ast.Name:
            walk.call(argument.id)
    for keyword in node.keywords:
        walk.visit(keyword.value)
        if isinstance(keyword.value, ast.Name):
            walk.call(keyword.value.id)
        if keyword.arg == "out":
            _change_root(walk, keyword.value)
    if changes_first and node.args:
        _change_root(walk, node.args[0])


def _change_root(walk: Walk, node: ast.expr) -> None:
    start = root(node)
    if start is not None:
        walk.change(start.id)


@visits(ast.Lambda)
def _lambda(walk: Walk, node: ast.Lambda) -> None:
    define_lambda(walk, node)
    walk.use(Held((walk.lambdas[id(node)],)))


def define_lambda(walk: Walk, node: ast.Lambda) -> None:
    """Visit a lambda without using it."""
    visit_defaults(walk, node.args)
    scope = open_function(walk, node.args)
    walk.visit(node.body)
    scope.result = walk.held(node.body)
    walk.lambdas[id(node)] = close_function(walk)


def visit_defaults(walk: Walk, arguments: ast.arguments) -> None:
    """Defaults are evaluated where the function is defined."""
    walk.visit_all(arguments.defaults)
    walk.visit_all(arguments.kw_defaults)


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters of a function."""
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*found, *(more for more in (arguments.vararg, arguments.kwarg) if more is not None)]


def open_function(walk: Walk, arguments: ast.arguments) -> Scope:
    """Enter a function's scope."""
    names = {parameter.arg for parameter in parameters(arguments)}
    walk.scope = Scope(Kind.FUNCTION, walk.scope, bound=names, written=set(names))
    for parameter, default in _with_defaults(arguments):
        if not isinstance(default, ast.Constant):
            # An object that the function keeps from call to call.
            walk.scope.objects[parameter.arg] = frozenset({SELF})
    return walk.scope


def _with_defaults(arguments: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    found = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [*found, *((parameter, default) for parameter, default in named if default is not None)]


def close_function(walk: Walk) -> Definition:
    """Leave a function's scope: what using it does to the names outside."""
    scope = walk.scope
    assert scope.parent is not None
    own = scope.written - scope.outside - scope.nonlocals
    result = Held(
        tuple(definition.leaving(own) for definition in scope.result.definitions),
        frozenset(token for token in scope.result.tokens if token.removesuffix("()") not in own),
    )
    whole = Definition(scope.loads, scope.binds, scope.changes, scope.calls, scope.everything)
    definition = whole.without(own)
    if any(SELF in scope.objects.get(name, NOTHING) for name in scope.changes & own):
        # Changed by a function within.
        definition.changes |= {SELF}
    definition.result = result
    walk.scope = scope.parent
    walk.define(definition)
    return definition


@visits(ast.ListComp, ast.SetComp, ast.GeneratorExp)
def _comprehension(walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
    _open_comprehension(walk, node.generators)
    walk.visit(node.elt)
    _close_comprehension(walk)


@visits(ast.DictComp)
def _dict_comprehension(walk: Walk, node: ast.DictComp) -> None:
    _open_comprehension(walk, node.generators)
    walk.visit(node.key)
    walk.visit(node.value)
    _close_comprehension(walk)


def _open_comprehension(walk: Walk, generators: list[ast.comprehension]) -> None:
    # The first iterable is evaluated outside.
    walk.visit(generators[0].iter)
    walk.scope = Scope(Kind.COMPREHENSION, walk.scope)
    for place, generator in enumerate(generators):
        if place:
            walk.visit(generator.iter)
        held = walk.held(generator.iter)
        walk.visit(generator.target)
        if isinstance(generator.target, ast.Name):
            walk.scope.hold(generator.target.id, held)
        walk.visit_all(generator.ifs)


def _close_comprehension(walk: Walk) -> None:
    assert walk.scope.parent is not None
    walk.scope = walk.scope.parent


@visits(ast.Tuple, ast.List, ast.Set)
def _elements(walk: Walk, node: ast.Tuple | ast.List | ast.Set) -> None:
    for element in node.elts:
        VISITORS[element.__class__](walk, element)


@visits(ast.Dict)
def _dict(walk: Walk, node: ast.Dict) -> None:
    walk.visit_all(node.keys)
    walk.visit_all(node.values)


@visits(ast.JoinedStr)
def _text(walk: Walk, node: ast.JoinedStr) -> None:
    walk.visit_all(node.values)
