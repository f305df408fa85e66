"""Whether docstrings of what a cell provides may be read, and which it has. Knows the notebook's texts alone."""

from __future__ import annotations

import ast
from functools import lru_cache

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId
from phelps_jupyter.core.taken import Nodes, text_of, tree_of

_READERS = ("__doc__", "getdoc", "help(", "pydoc", "doctest")


def are_docstrings_read(graph: Graph, cell: CellId) -> bool:
    """Whether this cell or one below it that rests on it reads docstrings, itself or by what it takes from others."""
    readers = _readers(Nodes(graph.nodes))
    return bool(readers) and any(
        not {below, *graph.needed(below)}.isdisjoint(readers) for below in graph.downstream([cell])
    )


def reads_docstrings(graph: Graph) -> bool:
    """Whether any cell reads docstrings."""
    return bool(_readers(Nodes(graph.nodes)))


@lru_cache(maxsize=2)
def _readers(held: Nodes) -> frozenset[CellId]:
    """The cells in whose texts docstrings are read."""
    return frozenset(cell for cell, node in held.nodes.items() if _mentions(node.source))


@lru_cache(maxsize=20_000)
def _mentions(source: str) -> bool:
    return any(word in source for word in _READERS)


def docstrings_told(graph: Graph, cell: CellId) -> tuple[str, ...]:
    """The docstrings in a cell, in order, where they may be read."""
    return _docstrings(text_of(graph.nodes[cell])) if are_docstrings_read(graph, cell) else ()


@lru_cache(maxsize=4096)
def _docstrings(source: str) -> tuple[str, ...]:
    documented = (
        node
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    return tuple(text for node in documented if (text := ast.get_docstring(node, clean=False)) is not None)
