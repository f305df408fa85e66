"""What cells import, and what a cell takes of the modules that stand under its names. Knows texts; finds no module.

A name that functions of cells above read as well is taken by these too: whoever uses them does what they do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.dialect import to_python
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Bindings, CellId
from phelps_jupyter.core.modules import Find, ProjectModule, Wanted
from phelps_jupyter.core.nodes import Node

Chain = tuple[str, ...]
"""Attributes that are taken one after the other: of ``xml`` in ``xml.etree.ElementTree`` these two."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Imports:
    """What the import statements of a cell do when it runs; those in functions wait for a call."""

    bound: Mapping[str, Wanted]
    """What a name stands for; names that several of them bind are left out."""
    loaded: frozenset[str]
    """The modules that are in memory afterwards."""


def imports_of(node: Node) -> Imports:
    """What a cell imports."""
    return _imports(text_of(node))


def text_of(node: Node) -> str:
    """A cell's code."""
    return node.source if node.task is None else node.task.body


@lru_cache(maxsize=4096)
def _imports(source: str) -> Imports:
    found: list[tuple[str, Wanted]] = []
    loaded: set[str] = set()
    for statement in _running(tree_of(source)):
        if isinstance(statement, ast.Import):
            loaded.update(alias.name for alias in statement.names)
            found += [_bound(alias) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            # What is imported may be a module as well.
            loaded.update([statement.module, *(f"{statement.module}.{alias.name}" for alias in statement.names)])
            found += [(alias.asname or alias.name, (statement.module, alias.name)) for alias in statement.names]
    bound = dict(found)
    several = {name for name, wanted in found if bound[name] != wanted}
    return Imports({name: wanted for name, wanted in bound.items() if name not in several}, frozenset(loaded))


def _bound(alias: ast.alias) -> tuple[str, Wanted]:
    top = alias.name.partition(".")[0]
    return (alias.asname, (alias.name, None)) if alias.asname else (top, (top, None))


def tree_of(source: str) -> ast.Module:
    """The tree of a cell, magics told as calls; an empty one where it is no Python."""
    for read in (str, to_python):
        try:
            return ast.parse(read(source))
        except (SyntaxError, ValueError):
            continue
    return ast.Module([], [])


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree that are executed with it, and not when a function is called."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in ast.iter_child_nodes(node) if not isinstance(child, _FUNCTIONS)]


def executed(tree: ast.Module, bindings: Bindings) -> ast.Module:
    """A cell without the functions and classes that it defines and does not use: who uses them runs what is in them."""
    if bindings.reads_everything:
        return tree
    used = [statement for statement in tree.body if not _only_defines(statement)]
    waiting = [statement for statement in tree.body if statement not in used]
    for statement in used:
        names = _loaded_in(statement)
        reached = [one for one in waiting if getattr(one, "name", None) in names]
        waiting = [one for one in waiting if one not in reached]
        used += reached
    return ast.Module(used, [])


def _only_defines(statement: ast.stmt) -> bool:
    """Whether a definition is all that happens here: nothing is called for it."""
    if isinstance(statement, ast.ClassDef):
        plain = not (statement.decorator_list or statement.bases or statement.keywords)
        return plain and all(isinstance(one, ast.Pass | ast.Expr) or _only_defines(one) for one in statement.body)
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) or statement.decorator_list:
        return False
    around = [*statement.args.defaults, *statement.args.kw_defaults]
    return not any(isinstance(node, ast.Call) for one in around if one is not None for node in ast.walk(one))


def _loaded_in(tree: ast.AST) -> set[str]:
    """Names that it reads, and those that its texts may speak of."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return names.union(*(_WORD.findall(text) for text in texts))


_WORD = re.compile(r"[^\W\d]\w*")


def chains(graph: Graph, cell: CellId, name: str) -> frozenset[Chain] | None:
    """What a cell takes of the object of a name, itself or by functions of cells above; None: it can't be known."""
    own = graph.nodes[cell]
    found = _own_chains(own, name)
    if found is None:
        return None
    used = {place for below in graph.upstream([cell]) for place in graph.inputs[below].items()}
    for above in graph.upstream([cell]):
        deferred = graph.nodes[above].bindings.deferred
        if any(name in reads and (function, above) in used for function, reads in deferred.items()):
            more = _chains(text_of(graph.nodes[above]), name)
            if not more or _is_told(text_of(graph.nodes[above]), name):
                return None
            found |= more
    return found if found or name in own.bindings.imports else None


def _own_chains(node: Node, name: str) -> frozenset[Chain] | None:
    attributes = node.bindings.attributes.get(name, frozenset())
    found = _chains(text_of(node), name) if attributes else frozenset()
    if attributes is None or node.bindings.reads_everything or found is None:
        return None
    # Those that only a text speaks of which is evaluated.
    return found | {(one,) for one in attributes - {chain[0] for chain in found}}


@lru_cache(maxsize=4096)
def _chains(source: str, name: str) -> frozenset[Chain] | None:
    found: set[Chain] = set()
    stack: list[ast.AST] = [tree_of(source)]
    while stack:
        node = stack.pop()
        chain = _chain(node, name)
        if chain == ():
            return None
        if chain is None:
            stack += ast.iter_child_nodes(node)
        else:
            found.add(chain)
    return frozenset(found)


def _chain(node: ast.AST, name: str) -> Chain | None:
    """The attributes, if this is a chain of them that begins with the name."""
    taken: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            taken.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call) and (asked := _asked_for(node)) is not None:
            taken.append(asked)
            node = node.args[0]
        else:
            return tuple(reversed(taken)) if isinstance(node, ast.Name) and node.id == name else None


def _asked_for(call: ast.Call) -> str | None:
    """The attribute that ``getattr(x, "name")`` takes."""
    if not isinstance(call.func, ast.Name) or call.func.id not in ("getattr", "hasattr") or len(call.args) != 2:
        return None
    text = call.args[1]
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def _is_told(source: str, name: str) -> bool:
    """Whether a text in the source has the name: it may be evaluated."""
    texts = (node.value for node in ast.walk(tree_of(source)) if isinstance(node, ast.Constant))
    return any(isinstance(text, str) and name in _WORD.findall(text) for text in texts)


def along(module: str, taken: frozenset[Chain] | None, find: Find) -> list[Wanted]:
    """What of a module and its submodules is reached by what is taken of it; by nothing: what importing it does."""
    if taken is None:
        return [(module, None)]
    reached = (place for chain in sorted(taken) for place in _along(module, chain, find))
    return list(dict.fromkeys([(module, ""), *reached]))


def imported_by(graph: Graph, cell: CellId, place: Wanted, find: Find) -> list[Wanted]:
    """What of a module a cell reaches that imports it: what it takes of the names that stand for the module."""
    node, (source, attribute) = graph.nodes[cell], place
    imports, module = imports_of(node), module_bound(place)
    if attribute is not None and (not isinstance(find(module), ProjectModule) or _binds(find(source), attribute)):
        return [place]
    stand = {name: module_bound(one) for name, one in imports.bound.items() if name in node.bindings.imports}
    # `import a.b` binds `a`.
    outer = module.partition(".")[0] if module in imports.loaded and module not in stand.values() else module
    names = [name for name, one in stand.items() if one == outer]
    taken = [one for name in names for one in along(outer, chains(graph, cell, name), find)]
    return [(module, ""), *taken] if names else [place]


def _along(module: str, chain: Chain, find: Find) -> Iterator[Wanted]:
    for place, attribute in enumerate(chain):
        inner = f"{module}.{attribute}"
        if not isinstance(find(inner), ProjectModule) or _binds(find(module), attribute):
            yield module, attribute
            return
        yield module, ""
        module = inner
        if place == len(chain) - 1:
            yield module, None


def _binds(module: object, name: str) -> bool:
    return isinstance(module, ProjectModule) and name in analyse(module.source).writes


def submodules(graph: Graph, cell: CellId) -> tuple[str, ...]:
    """The modules that cells above have loaded, and that this one takes as attributes of its names' modules."""
    loaded = [modules for index, modules in _loading(Nodes(graph.nodes)) if index < graph.nodes[cell].index]
    found: set[str] = set()
    for name in graph.inputs[cell].keys() | graph.nodes[cell].bindings.imports if loaded else ():
        module = _module_under(graph, cell, name)
        inside = [one for modules in loaded for one in modules if module and one.startswith(f"{module}.")]
        if inside:
            taken = chains(graph, cell, name)
            found.update(one for one in inside if _is_taken(tuple(one[len(module) + 1 :].split(".")), taken))
    return tuple(sorted(found))


class Nodes:
    """The nodes of one graph: equal to themselves alone, so that they can be remembered."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: Mapping[CellId, Node]) -> None:
        self.nodes = nodes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nodes) and other.nodes is self.nodes

    def __hash__(self) -> int:
        return id(self.nodes)


@lru_cache(maxsize=2)
def _loading(held: Nodes) -> list[tuple[int, frozenset[str]]]:
    """The cells that load submodules by import statements, by place, and which."""
    found = ((node.index, imports_of(node).loaded) for node in filter(may_import, held.nodes.values()))
    dotted = ((index, frozenset(one for one in loaded if "." in one)) for index, loaded in found)
    return [(index, modules) for index, modules in dotted if modules]


def may_import(node: Node) -> bool:
    """Whether a cell may hold an import statement."""
    return bool(node.bindings.imports) or "import" in node.source


def _is_taken(inner: Chain, taken: frozenset[Chain] | None) -> bool:
    return taken is None or any(all(a == b for a, b in zip(inner, chain, strict=False)) for chain in taken)


def _module_under(graph: Graph, cell: CellId, name: str) -> str:
    """The module that a name stands for, by the nearest import at or above the cell; empty: none."""
    provider = graph.inputs[cell].get(name)
    near = [graph.nodes[one] for one in (cell, provider) if one is not None]
    above = [node for node in graph.nodes.values() if node.index < graph.nodes[cell].index]
    for node in (*near, *reversed(above)):
        if name in node.bindings.imports:
            return module_bound(imports_of(node).bound.get(name, ("", None)))
    return ""


def module_bound(place: Wanted) -> str:
    """The module that an import binds, if it is one that it binds."""
    module, attribute = place
    return module if attribute is None else f"{module}.{attribute}"
