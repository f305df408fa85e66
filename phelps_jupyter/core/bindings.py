"""What a cell reads, binds and changes, from its text alone. Knows one cell at a time; never who provides what."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache

# The visitors of all kinds of nodes register themselves on import.
from phelps_jupyter.core import assignments, definitions, expressions, holding, ways
from phelps_jupyter.core.dialect import TIMED, has_magics, to_python
from phelps_jupyter.core.model import Bindings, Digest
from phelps_jupyter.core.scopes import EMPTY, NOTHING, RESULT, SELF, Held, Scope, Tokens
from phelps_jupyter.core.walk import Walk
from phelps_jupyter.runtime.syntax import code_digest

_NO_NAMES: Mapping[str, Tokens] = {}
_VISITORS = (assignments, definitions, expressions, holding, ways)


@lru_cache(maxsize=20_000)
def analyse(source: str) -> Bindings:
    """What a cell with this source does to the notebook's names. Never raises: see ``Bindings.error``."""
    try:
        if "\\" not in source:
            return _analyse(source)
        with warnings.catch_warnings():
            # An invalid escape is the user's to see when the cell runs.
            warnings.simplefilter("ignore")
            return _analyse(source)
    except SyntaxError as error:
        return _unparsable(source, error.msg, error.lineno)
    except ValueError as error:
        return _unparsable(source, str(error), None)
    except (RecursionError, MemoryError):
        return _unparsable(source, "nested too deeply", None)


def _unparsable(source: str, message: str, line: int | None) -> Bindings:
    place = "" if line is None else f" (line {line})"
    # Any change of the text counts: nothing else is known of it.
    code = Digest(code_digest(ast.Constant(source)))
    return Bindings(code=code, error=f"{message}{place}", error_line=line, binds_unknown=True)


def _analyse(source: str) -> Bindings:
    text = source
    try:
        tree = ast.parse(text)
    except SyntaxError:
        if not has_magics(source):
            raise
        text = to_python(source)
        tree = ast.parse(text)
    # Only the text shows the semicolon that hides a display.
    code = code_digest(text if ";" in text else tree)
    return summed_up(survey(tree), Digest(code))


def survey(tree: ast.Module) -> Walk:
    """Walk over a cell's tree."""
    walk = Walk()
    walk.block(tree.body)
    return walk


def summed_up(walk: Walk, code: Digest) -> Bindings:
    """What a walk has found."""
    scope = walk.scope
    loads = frozenset(scope.loads)
    writes, passed, optional = _ways(scope)
    held = scope.held if scope.held.keys() <= writes else _held(scope, writes)
    if scope.given:
        held = {**held, **{name: held.get(name, EMPTY) | given for name, given in scope.given.items()}}
    return Bindings(
        reads=loads | passed,
        writes=writes,
        changes=frozenset(scope.changes & scope.loads.keys()) if scope.changes else NOTHING,
        deletes=scope.gone,
        fleeting=scope.fleeting - scope.bound - scope.gone if scope.fleeting else NOTHING,
        deferred=_deferred(held) if held else _NO_NAMES,
        deferred_writes=_deferred_writes(held) if held else _NO_NAMES,
        calls=frozenset(scope.calls & scope.loads.keys()),
        attributes=_attributes(walk),
        keys=_keys(walk) if walk.keys else _NO_NAMES,
        lines=scope.loads,
        reads_everything=scope.everything,
        code=code,
        optional=optional,
        passed=passed - loads,
        imports=scope.imports & writes if scope.imports else NOTHING,
        definitions=scope.defined & writes if scope.defined else NOTHING,
        holds=_holds(held) if held else _NO_NAMES,
        returned=_returned(held) if held else _NO_NAMES,
        kinds=_kinds(held, scope.defined) if scope.defined else _NO_NAMES,
        aliases=_aliases(scope, writes) if scope.objects else _NO_NAMES,
        binds_unknown=walk.binds_unknown,
        texts=frozenset(walk.texts) if walk.texts else NOTHING,
        made=frozenset(walk.files) if walk.files else NOTHING,
        looks=walk.looks,
        meant=scope.meant,
    )


def _ways(scope: Scope) -> tuple[Tokens, Tokens, Tokens]:
    """What is bound, what is passed on where it is not, and which reads may find nothing."""
    if not (scope.maybe or scope.gone or scope.soft or scope.indirect or TIMED in scope.written):
        return frozenset(scope.written), NOTHING, NOTHING
    there = scope.bound | scope.maybe
    passed = frozenset(scope.maybe - scope.bound - scope.gone)
    late = scope.indirect & there
    return frozenset(scope.written & there) - {TIMED}, passed, passed | scope.soft | late


def _held(scope: Scope, writes: Tokens) -> dict[str, Held]:
    return {name: one for name, one in scope.held.items() if name in writes}


def _attributes(walk: Walk) -> Mapping[str, Tokens | None]:
    taken, plain = walk.attributes, walk.plain | walk.keys.keys()
    found: dict[str, Tokens | None] = {}
    for name in (*walk.scope.loads, *walk.scope.imports):
        if name in plain:
            found[name] = None
        elif name in taken:
            found[name] = frozenset(taken[name])
    return found


def _keys(walk: Walk) -> Mapping[str, Tokens]:
    otherwise = walk.plain | walk.attributes.keys() | walk.scope.changes
    return {name: frozenset(walk.keys[name]) for name in walk.keys.keys() & walk.scope.loads.keys() - otherwise}


def _deferred(held: Mapping[str, Held]) -> Mapping[str, Tokens]:
    return {
        name: frozenset().union(*(definition.reads for definition in one.definitions))
        for name, one in held.items()
        if one.definitions
    }


def _deferred_writes(held: Mapping[str, Held]) -> Mapping[str, Tokens]:
    found: dict[str, Tokens] = {}
    for name, one in held.items():
        for definition in one.definitions:
            written = definition.binds | definition.changes
            if any(SELF in inner.changes for inner in definition.result.definitions):
                written |= {RESULT}
            if written:
                found[name] = found.get(name, frozenset()) | written
    return found


def _returned(held: Mapping[str, Held]) -> Mapping[str, Tokens]:
    return {
        name: frozenset().union(*(definition.reads for definition in one.called().definitions))
        for name, one in held.items()
        if any(definition.result.definitions or definition.result.tokens for definition in one.definitions)
    }


def _holds(held: Mapping[str, Held]) -> Mapping[str, Tokens]:
    found = {name: one.tokens for name, one in held.items() if one.tokens}
    for name, one in held.items():
        called = one.called().tokens if one.definitions else NOTHING
        if called:
            found[f"{name}()"] = called
    return found


def _kinds(held: Mapping[str, Held], defined: AbstractSet[str]) -> Mapping[str, Tokens]:
    own = {name: held[name].definitions[0] for name in held.keys() & defined if held[name].definitions}
    classes = {name: one for name, one in own.items() if one in one.result.definitions}
    found = {
        name: frozenset(cls for cls, definition in classes.items() if definition in one.definitions)
        for name, one in held.items()
    }
    return {name: kinds for name, kinds in found.items() if kinds}


def _aliases(scope: Scope, writes: Tokens) -> Mapping[str, Tokens]:
    found = {name: tokens for name, tokens in scope.objects.items() if name in writes}
    counts = Counter(token for tokens in found.values() for token in tokens)
    shared = {
        name: frozenset(token for token in tokens if counts[token] > 1 or not token.startswith("#"))
        for name, tokens in found.items()
    }
    return {name: tokens for name, tokens in shared.items() if tokens}
