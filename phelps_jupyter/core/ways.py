"""What statements with several ways through them do to names: what is bound for certain, what on some ways only."""

from __future__ import annotations

import ast
from collections.abc import Callable

from phelps_jupyter.core.assignments import bind, visit_value
from phelps_jupyter.core.holding import parts_of
from phelps_jupyter.core.scopes import NOTHING
from phelps_jupyter.core.truth import truth
from phelps_jupyter.core.walk import Exits, Walk, visits

_CATCHES_NAME_ERRORS = frozenset({"NameError", "UnboundLocalError", "Exception", "BaseException"})


@visits(ast.If)
def _if(walk: Walk, node: ast.If) -> bool:
    holds = truth(node.test)
    if holds is not None:
        return walk.block(node.body if holds else node.orelse)
    walk.visit(node.test)
    return walk.branches([lambda: walk.block(node.body), lambda: walk.block(node.orelse)])


@visits(ast.While)
def _while(walk: Walk, node: ast.While) -> bool:
    holds = truth(node.test)
    if holds is False:
        return walk.block(node.orelse)
    walk.visit(node.test)
    exits = _loop(walk, node.body)
    if holds is None:
        return _after_loop(walk, exits, node.orelse)
    if exits.breaks:
        walk.scope.bound = set.intersection(*exits.breaks)
    return not exits.breaks


@visits(ast.For, ast.AsyncFor)
def _for(walk: Walk, node: ast.For | ast.AsyncFor) -> bool:
    walk.visit(node.iter)
    parts = parts_of(walk, node.iter)
    held = walk.held(node.iter)
    exits = _loop(walk, node.body, lambda: bind(walk, node.target, None, held, NOTHING, parts))
    ends = [*exits.rounds, *exits.breaks]
    if ends and _has_a_round(node.iter):
        walk.scope.bound = set.intersection(*ends)
    return _after_loop(walk, exits, node.orelse)


def _has_a_round(node: ast.expr) -> bool:
    """Whether a loop over this runs at least once, where the text alone says so."""
    if isinstance(node, ast.Tuple | ast.List):
        return any(not isinstance(element, ast.Starred) for element in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and bool(node.args[0].value)
    return False


def _loop(walk: Walk, body: list[ast.stmt], begin: Callable[[], None] | None = None) -> Exits:
    """Walk one round of a loop. What it binds is bound on some ways only."""
    scope = walk.scope
    exits = Exits()
    walk.loops.append(exits)
    before = scope.bound

    def one_round() -> bool:
        if begin is not None:
            begin()
        ended = walk.block(body)
        if not ended:
            exits.rounds.append(scope.bound)
        return ended

    walk.branches([one_round, lambda: False])
    walk.loops.pop()
    for bound in [*exits.breaks, *exits.rounds]:
        scope.maybe |= bound - before
    return exits


def _after_loop(walk: Walk, exits: Exits, orelse: list[ast.stmt]) -> bool:
    if exits.breaks:
        return walk.branches([lambda: walk.block(orelse), lambda: False])
    return walk.block(orelse)


@visits(ast.Break)
def _break(walk: Walk, _node: ast.Break) -> bool:
    if walk.loops:
        walk.loops[-1].breaks.append(walk.scope.bound)
    return True


@visits(ast.Continue)
def _continue(walk: Walk, _node: ast.Continue) -> bool:
    if walk.loops:
        walk.loops[-1].rounds.append(walk.scope.bound)
    return True


@visits(ast.Return)
def _return(walk: Walk, node: ast.Return) -> bool:
    if node.value is not None:
        held = visit_value(walk, node.value)
        walk.scope.result |= held
    return True


@visits(ast.Raise)
def _raise(walk: Walk, node: ast.Raise) -> bool:
    walk.visit_all([node.exc, node.cause])
    return True


@visits(ast.Try, ast.TryStar)
def _try(walk: Walk, node: ast.Try | ast.TryStar) -> bool:
    if not node.handlers:
        ended = walk.block(node.body) or walk.block(node.orelse)
        return walk.block(node.finalbody) or ended
    guards = any(_catches_name_errors(handler.type) for handler in node.handlers)
    ended = walk.branches(_ways_through(walk, node, guards))
    return walk.block(node.finalbody) or ended


def _ways_through(walk: Walk, node: ast.Try | ast.TryStar, guards: bool) -> list[Callable[[], object]]:
    before = walk.scope.bound

    def body() -> bool:
        walk.scope.guards += guards
        ended = walk.block(node.body)
        walk.scope.guards -= guards
        # A handler finds what the body had bound up to some point.
        walk.scope.maybe |= walk.scope.bound - before
        return ended or walk.block(node.orelse)

    return [body, *(_way_of(walk, handler) for handler in node.handlers)]


def _way_of(walk: Walk, handler: ast.ExceptHandler) -> Callable[[], object]:
    def way() -> bool:
        if handler.type is not None:
            walk.visit(handler.type)
        if handler.name is None:
            return walk.block(handler.body)
        written = handler.name in walk.scope.written
        walk.scope.store(handler.name)
        ended = walk.block(handler.body)
        walk.scope.delete(handler.name)
        if not written and walk.scope.parent is None:
            walk.scope.written.discard(handler.name)
        return ended

    return way


def _catches_name_errors(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_catches_name_errors(element) for element in node.elts)
    return node is None or (isinstance(node, ast.Name) and node.id in _CATCHES_NAME_ERRORS)


@visits(ast.With, ast.AsyncWith)
def _with(walk: Walk, node: ast.With | ast.AsyncWith) -> bool:
    for item in node.items:
        walk.visit(item.context_expr)
        if item.optional_vars is not None:
            bind(walk, item.optional_vars, None, walk.held(item.context_expr))
    return walk.block(node.body)


@visits(ast.Match)
def _match(walk: Walk, node: ast.Match) -> bool:
    walk.visit(node.subject)
    last = node.cases[-1]
    ways: list[Callable[[], object]] = [_way_into(walk, case) for case in node.cases]
    if last.guard is not None or not _is_irrefutable(last.pattern):
        ways.append(lambda: False)
    return walk.branches(ways)


def _way_into(walk: Walk, case: ast.match_case) -> Callable[[], object]:
    def way() -> bool:
        for part in ast.walk(case.pattern):
            _bind_capture(walk, part)
        walk.visit_all([case.guard])
        return walk.block(case.body)

    return way


def _bind_capture(walk: Walk, part: ast.AST) -> None:
    match part:
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            walk.scope.store(name)
        case ast.MatchMapping(keys=keys, rest=rest):
            walk.visit_all(keys)
            if rest is not None:
                walk.scope.store(rest)
        case ast.MatchValue(value=value) | ast.MatchClass(cls=value):
            walk.visit(value)


def _is_irrefutable(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return any(_is_irrefutable(one) for one in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _is_irrefutable(pattern.pattern))
