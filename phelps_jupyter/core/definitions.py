"""What ``def``, ``class`` and ``type`` do to names: at once (decorators, defaults, bases) and when used."""

from __future__ import annotations

import ast
from typing import Any

from phelps_jupyter.core.expressions import close_function, open_function, parameters, visit_defaults
from phelps_jupyter.core.inplace import root
from phelps_jupyter.core.scopes import EMPTY, SELF, Definition, Held, Kind, Scope, absorb
from phelps_jupyter.core.walk import NEWER, Walk, visits


@visits(ast.FunctionDef, ast.AsyncFunctionDef)
def _function(walk: Walk, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    walk.visit_all(node.decorator_list)
    _call_decorators(walk, node.decorator_list)
    visit_defaults(walk, node.args)
    kept = _decorated(walk, node.decorator_list) | _defaults_held(walk, node.args)
    _open_type_scope(walk, node)
    if not walk.no_annotations:
        walk.visit_all([*(parameter.annotation for parameter in parameters(node.args)), node.returns])
    scope = open_function(walk, node.args)
    if node.args.args and any(isinstance(one, ast.Name) and one.id == "classmethod" for one in node.decorator_list):
        # Its class.
        scope.objects[node.args.args[0].arg] = frozenset({SELF})
    walk.block(node.body)
    definition = close_function(walk)
    _close_type_scope(walk, node)
    _bind_definition(walk, node.name, Held((definition,)) | kept)


def _call_decorators(walk: Walk, decorators: list[ast.expr]) -> None:
    for decorator in decorators:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        start = root(function)
        if start is not None:
            walk.call(start.id)
            if isinstance(function, ast.Attribute):
                # ``@show.register``
                walk.change(start.id)


def _defaults_held(walk: Walk, arguments: ast.arguments) -> Held:
    held = EMPTY
    for default in [*arguments.defaults, *arguments.kw_defaults]:
        if default is not None:
            held |= walk.held(default)
    return held


def _decorated(walk: Walk, decorators: list[ast.expr]) -> Held:
    """What decorators put around a definition: what calling them gives."""
    held = EMPTY
    for decorator in decorators:
        held |= walk.held(decorator.func if isinstance(decorator, ast.Call) else decorator).called()
    return held


def _bind_definition(walk: Walk, name: str, held: Held) -> None:
    walk.scope.store(name)
    walk.scope.hold(name, held)
    walk.scope.defined |= {name}


@visits(ast.ClassDef)
def _class(walk: Walk, node: ast.ClassDef) -> None:
    walk.visit_all(node.decorator_list)
    _call_decorators(walk, node.decorator_list)
    kept = _decorated(walk, node.decorator_list)
    _open_type_scope(walk, node)
    bases = [*node.bases, *(keyword.value for keyword in node.keywords)]
    for base in bases:
        # Naming a base class calls nothing of it.
        walk.load(base.id, base.lineno, use=False) if isinstance(base, ast.Name) else walk.visit(base)
        kept |= walk.held(base)
    scope = walk.scope = Scope(Kind.CLASS, walk.scope)
    walk.block(node.body)
    assert scope.parent is not None
    walk.scope = scope.parent
    definition = _definition_of(scope)
    for held in scope.held.values():
        kept |= held
    definition.result = Held((definition,)) | kept
    walk.define(definition)
    _close_type_scope(walk, node)
    for name in scope.binds:
        walk.scope.store(name)
    _bind_definition(walk, node.name, definition.result)


def _definition_of(scope: Scope) -> Definition:
    definition = Definition({})
    for member in scope.members:
        absorb(definition, member)
    return definition


def _open_type_scope(walk: Walk, node: Any) -> None:
    """Type parameters are names of a scope around the definition."""
    found = getattr(node, "type_params", None)
    if found:
        walk.scope = Scope(Kind.COMPREHENSION, walk.scope, bound={parameter.name for parameter in found})
        for parameter in found:
            walk.visit_all([getattr(parameter, "bound", None), getattr(parameter, "default_value", None)])


def _close_type_scope(walk: Walk, node: Any) -> None:
    if getattr(node, "type_params", None):
        assert walk.scope.parent is not None
        walk.scope = walk.scope.parent


def _type_alias(walk: Walk, node: Any) -> None:
    _open_type_scope(walk, node)
    walk.visit(node.value)
    _close_type_scope(walk, node)
    _bind_definition(walk, node.name.id, EMPTY)


NEWER["TypeAlias"] = _type_alias
