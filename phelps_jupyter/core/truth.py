"""Whether a condition holds, where its text alone says so. Knows constants, and no values of names."""

from __future__ import annotations

import ast


def truth(node: ast.expr) -> bool | None:
    """Whether the condition holds; None: that is not known, and its parts are evaluated."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        *first, last = map(truth, reached(node))
        return None if None in first else last
    return True if _asks_for_main(node) else None


def reached(node: ast.BoolOp) -> list[ast.expr]:
    """The operands up to the first one that decides: in ``False and x`` the name is never read."""
    decides = isinstance(node.op, ast.Or)
    for place, value in enumerate(node.values):
        if truth(value) is decides:
            return node.values[: place + 1]
    return node.values


def _asks_for_main(node: ast.expr) -> bool:
    """``__name__ == "__main__"``: so a notebook's code runs, in the kernel and as a task."""
    match node:
        case ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]):
            return True
    return False
