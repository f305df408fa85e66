"""Names inside texts and namespaces: ``eval("a + 1")``, ``df.query("x > @a")``, ``globals()["a"]``.

A literal text is read for its names; any other text, or a namespace that is handed around, may read everything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from string import Formatter

from phelps_jupyter.core.inplace import root
from phelps_jupyter.core.scopes import Kind, Scope
from phelps_jupyter.core.walk import Walk

NAMESPACES = frozenset({"globals", "locals", "vars"})
"""Functions that give a namespace, when called without arguments."""
_SHELL = frozenset({"get_ipython"})
"""What gives IPython itself, whose ``user_ns`` is ``globals()``."""
OPTIONAL = "__maybe__"
"""A call of this name, made by dialect.py, loads its arguments if they are there."""
UNKNOWN_MAGICS = frozenset({"run", "pylab", "store", "load", "reset", "macro", "bookmark", "sql"})
"""Magics that may bind names."""
_QUERY_NAME = re.compile(r"@([^\W\d]\w*)")
_MEANT_NAME = re.compile(rf"(?<!\w){_QUERY_NAME.pattern}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_PERCENT_NAME = re.compile(r"%\((\w+)\)")


def is_namespace(scope: Scope, node: ast.expr, functions: frozenset[str] = NAMESPACES) -> bool:
    """Whether this is ``globals()`` or the like."""
    if isinstance(node, ast.Attribute):
        return node.attr == "user_ns" and is_namespace(scope, node.value, _SHELL)
    if not isinstance(node, ast.Call) or node.args or node.keywords or not isinstance(node.func, ast.Name):
        return False
    return node.func.id in functions and node.func.id not in scope.bound


def literal(node: ast.expr | None) -> str | None:
    """The text of a string constant; of an f-string its constant pieces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(str(piece.value) for piece in node.values if isinstance(piece, ast.Constant))
    return None


def namespace_key(scope: Scope, node: ast.Subscript) -> str | None:
    """The name that ``globals()["name"]`` stands for."""
    if isinstance(node.slice, ast.Constant) and is_namespace(scope, node.value):
        return literal(node.slice)
    return None


def names_meant(text: str) -> list[str]:
    """The names that a text would read if it were given to ``query``; an address (``me@there``) names nothing."""
    return _MEANT_NAME.findall(_QUOTED.sub("", text)) if "@" in text else []


def names_asked_for(scope: Scope, node: ast.Compare) -> str | None:
    """The name that ``"name" in globals()`` asks for."""
    if len(node.ops) > 1 or not isinstance(node.ops[0], ast.In | ast.NotIn) or not isinstance(node.left, ast.Constant):
        return None
    return literal(node.left) if is_namespace(scope, node.comparators[0], NAMESPACES | {"dir"}) else None


def percent_fields(scope: Scope, node: ast.BinOp) -> list[str] | None:
    """The names that ``"%(name)s" % locals()`` reads."""
    if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and is_namespace(scope, node.right):
        text = literal(node.left)
        return None if text is None else _PERCENT_NAME.findall(text)
    return None


def _format_fields(text: str) -> list[str] | None:
    """The names that a format string reads; None when it is none."""
    found: list[str] = []
    try:
        for _literal, field, spec, _conversion in Formatter().parse(text):
            found += re.findall(r"^[^\W\d]\w*", field or "")
            found += _format_fields(spec or "") or []
    except ValueError:
        return None
    return found


def _format(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    fields = _format_fields(node.func.value.value) if _is_text(node.func.value) else None  # type: ignore[attr-defined]
    rest = [word for word in node.keywords if word.arg is not None or not is_namespace(walk.scope, word.value)]
    if fields is None or len(rest) == len(node.keywords):
        return False
    walk.visit_all([*node.args, *(word.value for word in rest)])
    given = {word.arg for word in rest}
    walk.load_all([field for field in fields if field not in given], node.lineno)
    return True


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _format_map(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    fields = _format_fields(node.func.value.value) if _is_text(node.func.value) else None  # type: ignore[attr-defined]
    if fields is None or len(node.args) != 1 or not is_namespace(walk.scope, node.args[0]):
        return False
    walk.load_all(fields, node.lineno)
    return True


def _query(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    given = node.args[:1] or [word.value for word in node.keywords if word.arg == "expr"]
    text = literal(given[0]) if given else None
    if text is None:
        return False
    walk.load_all(_QUERY_NAME.findall(_QUOTED.sub("", text)), node.lineno)
    start = root(node.func)
    if start is not None and start.id in ("pd", "pandas"):
        _read_if_there(walk, _QUERY_NAME.sub(r"\1", text), node.lineno)
    return False


def _read_if_there(walk: Walk, text: str, line: int) -> None:
    tree = _parsed(text, "eval", line)
    names = {} if tree is None else {part.id for part in ast.walk(tree) if isinstance(part, ast.Name)}
    home = walk.scope.home()
    home.guards += 1
    walk.load_all(sorted(names), line)
    home.guards -= 1


def _get(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    name = literal(node.args[0]) if node.args else None
    if name is None or not is_namespace(walk.scope, node.func.value):
        return False
    walk.visit_all(node.args[1:])
    home = walk.scope.home()
    home.guards += 1
    walk.load_all([name], node.lineno)
    home.guards -= 1
    return True


def _update(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    if not is_namespace(walk.scope, node.func.value):
        return False
    walk.visit_all([*node.args, *(word.value for word in node.keywords)])
    for word in node.keywords:
        if word.arg is not None:
            walk.scope.home().store(word.arg)
    if node.args or any(word.arg is None for word in node.keywords):
        walk.binds_unknown = True
    return True


def _magic(walk: Walk, node: ast.Call) -> bool:
    if node.args and literal(node.args[0]) in UNKNOWN_MAGICS:
        walk.binds_unknown = True
    return False


def _push(walk: Walk, node: ast.Call) -> bool:
    assert isinstance(node.func, ast.Attribute)
    if is_namespace(walk.scope, node.func.value, _SHELL):
        names = node.args[0].keys if node.args and isinstance(node.args[0], ast.Dict) else [None]
        for name in map(literal, names):
            if name is None:
                walk.binds_unknown = True
            else:
                walk.scope.home().store(name)
    return False


def _of_shell(act: Callable[[Walk, ast.Call], bool]) -> Callable[[Walk, ast.Call], bool]:
    def method(walk: Walk, node: ast.Call) -> bool:
        assert isinstance(node.func, ast.Attribute)
        return is_namespace(walk.scope, node.func.value, _SHELL) and act(walk, node)

    return method


METHODS: dict[str, Callable[[Walk, ast.Call], bool]] = {
    "format": _format,
    "format_map": _format_map,
    "query": _query,
    "eval": _query,
    "get": _get,
    "update": _update,
    "run_line_magic": _magic,
    "run_cell_magic": _magic,
    "push": _push,
    "ev": _of_shell(lambda walk, node: _eval(walk, node)),
    "ex": _of_shell(lambda walk, node: _exec(walk, node)),
}
"""Methods that may have names in their texts. True: all of the call has been visited."""


def _eval(walk: Walk, node: ast.Call) -> bool:
    return _run_text(walk, node, "eval")


def _exec(walk: Walk, node: ast.Call) -> bool:
    return _run_text(walk, node, "exec")


def _run_text(walk: Walk, node: ast.Call, mode: str) -> bool:
    if not node.args or not all(is_namespace(walk.scope, argument) for argument in node.args[1:]):
        # A namespace of its own: the text reads and binds there.
        return False
    text = literal(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
    if text is None:
        walk.scope.home().everything = True
        walk.binds_unknown |= mode == "exec"
        return False
    tree = _parsed(text.strip() if mode == "eval" else text, mode, node.lineno)
    if isinstance(tree, ast.Module):
        walk.block(tree.body)
    elif tree is not None:
        walk.visit(tree)
    return tree is not None


def _parsed(text: str, mode: str, line: int) -> ast.AST | None:
    try:
        tree: ast.AST = compile(text, "<text>", mode, ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return ast.increment_lineno(tree, line - 1)


def _globals(walk: Walk, node: ast.Call) -> bool:
    walk.scope.home().everything |= not node.args
    return False


def _locals(walk: Walk, node: ast.Call) -> bool:
    home = walk.scope.home()
    home.everything |= home.kind is Kind.MODULE and not node.args
    return False


HANDED_OUT = frozenset({"globals", "locals"})
"""Functions that give a namespace to whoever calls them, under whatever name."""


def hand_out_names(scope: Scope, name: str) -> None:
    """One of these functions is named without being called here: who has it may read everything."""
    home = scope.home()
    if name not in scope.bound:
        home.everything |= name == "globals" or home.kind is Kind.MODULE


def _getattr(walk: Walk, node: ast.Call) -> bool:
    """With a literal name it takes one attribute, as ``x.name`` does."""
    if len(node.args) < 2 or not isinstance(node.args[0], ast.Name):
        return False
    owner, name = node.args[0], node.args[1]
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return False
    assert isinstance(node.func, ast.Name)
    walk.load(node.func.id, node.lineno)
    walk.call(owner.id)
    walk.visit(ast.copy_location(ast.Attribute(owner, name.value, ast.Load()), node))
    walk.visit_all(node.args[2:])
    return True


def _maybe(walk: Walk, node: ast.Call) -> bool:
    home = walk.scope.home()
    home.guards += 1
    walk.visit_all(node.args)
    home.guards -= 1
    return True


TEXTS: dict[str, Callable[[Walk, ast.Call], bool]] = {
    "eval": _eval,
    "exec": _exec,
    "globals": _globals,
    "locals": _locals,
    "vars": _locals,
    "dir": _locals,
    "getattr": _getattr,
    "hasattr": _getattr,
    OPTIONAL: _maybe,
}
"""Functions that read names or attributes from texts or give namespaces. True: all of the call has been visited."""
