"""What statements that bind, delete or change do to names."""

from __future__ import annotations

import ast

from phelps_jupyter.core.expressions import define_lambda
from phelps_jupyter.core.inplace import changed_alone, root
from phelps_jupyter.core.paths import note_import
from phelps_jupyter.core.scopes import EMPTY, NOTHING, Held, Tokens
from phelps_jupyter.core.texts import HANDED_OUT, hand_out_names, is_namespace, namespace_key
from phelps_jupyter.core.walk import HOLDERS, ORIGINS, VISITORS, Walk, visits


@visits(ast.Expr)
def _expression(walk: Walk, node: ast.Expr) -> None:
    walk.visit(node.value)
    changed = None if node.value.__class__ is ast.Constant else changed_alone(node.value)
    if changed is not None:
        walk.change(changed.id)
        call = node.value
        if isinstance(call, ast.Call):
            for argument in call.args:
                walk.give(changed.id, walk.held(argument))


@visits(ast.Assign)
def _assign(walk: Walk, node: ast.Assign) -> None:
    value = node.value
    held = visit_value(walk, value)
    objects, parts = walk.origin(value) if value.__class__ in ORIGINS else (NOTHING, NOTHING)
    if len(node.targets) > 1 and not objects and value.__class__ is not ast.Constant:
        objects = walk.new_object()
    for target in node.targets:
        bind(walk, target, value, held, objects, parts)


def visit_value(walk: Walk, value: ast.expr) -> Held:
    """Visit what is bound to a name; giving a function a name does not use it."""
    kind = value.__class__
    if isinstance(value, ast.Name):
        walk.plain.add(value.id)
        if value.id in HANDED_OUT:
            hand_out_names(walk.scope, value.id)
        walk.load(value.id, value.lineno, use=False)
    elif isinstance(value, ast.Lambda):
        define_lambda(walk, value)
    elif isinstance(value, ast.Tuple | ast.List):
        for element in value.elts:
            visit_value(walk, element)
    else:
        VISITORS[kind](walk, value)
    return HOLDERS[kind](walk, value) if kind in HOLDERS else EMPTY


def bind(
    walk: Walk, target: ast.expr, value: ast.expr | None, held: Held, objects: Tokens = NOTHING, parts: Tokens = NOTHING
) -> None:
    """Bind a target to a value, element by element where both are written out."""
    if isinstance(target, ast.Name):
        scope = walk.scope
        scope.store(target.id)
        if held is not EMPTY:
            scope.hold(target.id, held)
        if objects or parts:
            scope.alias(target.id, objects, parts)
        if isinstance(value, ast.Lambda) and target.id in scope.bound:
            scope.defined |= {target.id}
    elif isinstance(target, ast.Tuple | ast.List):
        _bind_elements(walk, target.elts, value, held, parts | {token for token in objects if token[0] != "#"})
    elif isinstance(target, ast.Starred):
        bind(walk, target.value, None, held, NOTHING, parts)
    else:
        bind_part(walk, target, held)


def _bind_elements(walk: Walk, targets: list[ast.expr], value: ast.expr | None, held: Held, parts: Tokens) -> None:
    values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    if len(values) != len(targets) or any(isinstance(one, ast.Starred) for one in [*targets, *values]):
        for target in targets:
            bind(walk, target, None, held, NOTHING, parts)
        return
    # All values are there before the first name is bound.
    made = [(walk.held(one), *walk.origin(one)) for one in values]
    for target, one, (holds, objects, others) in zip(targets, values, made, strict=True):
        bind(walk, target, one, holds, objects, others)


def bind_part(walk: Walk, target: ast.expr, held: Held = EMPTY) -> None:
    """Bind or delete ``x[i]`` or ``x.a``: the object of ``x`` is changed."""
    if isinstance(target, ast.Subscript) and is_namespace(walk.scope, target.value):
        _bind_key(walk, target)
        return
    walk.visit(target)
    start = root(target)
    if start is not None:
        walk.plain.add(start.id)
        walk.change(start.id)
        walk.give(start.id, held)


def _bind_key(walk: Walk, target: ast.Subscript) -> None:
    key = namespace_key(walk.scope, target)
    home = walk.scope.home()
    if key is None:
        walk.visit(target.slice)
        walk.binds_unknown = True
    elif isinstance(target.ctx, ast.Del):
        home.load(key, target.lineno)
        home.delete(key)
    elif home.parent is None:
        home.store(key)
    else:
        home.binds |= {key}


@visits(ast.AugAssign)
def _augmented(walk: Walk, node: ast.AugAssign) -> None:
    target = node.target
    if isinstance(target, ast.Name):
        walk.plain.add(target.id)
        walk.load(target.id, target.lineno, use=False)
        walk.visit(node.value)
        walk.change(target.id)
        objects, parts = walk.scope.origin(target.id)
        held = walk.held(target) | walk.held(node.value)
        walk.scope.store(target.id)
        walk.scope.hold(target.id, held)
        # A number gets a new object, a list keeps its own: it may still be the same.
        walk.scope.alias(target.id, objects, parts)
    else:
        walk.visit(node.value)
        key = namespace_key(walk.scope, target) if isinstance(target, ast.Subscript) else None
        if key is not None:
            walk.load(key, target.lineno)
        bind_part(walk, target)


@visits(ast.AnnAssign)
def _annotated(walk: Walk, node: ast.AnnAssign) -> None:
    if not walk.no_annotations:
        walk.visit(node.annotation)
    if node.value is not None:
        held = visit_value(walk, node.value)
        bind(walk, node.target, node.value, held, *walk.origin(node.value))
    elif not isinstance(node.target, ast.Name):
        walk.visit(node.target)


@visits(ast.Delete)
def _delete(walk: Walk, node: ast.Delete) -> None:
    for target in node.targets:
        _delete_target(walk, target)


def _delete_target(walk: Walk, target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        walk.load(target.id, target.lineno, use=False)
        walk.scope.delete(target.id)
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            _delete_target(walk, element)
    else:
        bind_part(walk, target)


@visits(ast.Import)
def _import(walk: Walk, node: ast.Import) -> None:
    for alias in node.names:
        note_import(walk, alias.name)
        _bind_import(walk, alias.asname or alias.name.partition(".")[0])


@visits(ast.ImportFrom)
def _import_from(walk: Walk, node: ast.ImportFrom) -> None:
    if node.module == "__future__":
        walk.no_annotations |= any(alias.name == "annotations" for alias in node.names)
        return
    if node.module is not None:
        note_import(walk, node.module)
    for alias in node.names:
        if alias.name == "*":
            walk.binds_unknown = True
        else:
            _bind_import(walk, alias.asname or alias.name)


def _bind_import(walk: Walk, name: str) -> None:
    walk.scope.store(name)
    walk.scope.imports |= {name}


@visits(ast.Global)
def _global(walk: Walk, node: ast.Global) -> None:
    if walk.scope.parent is not None:
        walk.scope.outside |= set(node.names)


@visits(ast.Nonlocal)
def _nonlocal(walk: Walk, node: ast.Nonlocal) -> None:
    walk.scope.nonlocals |= set(node.names)
