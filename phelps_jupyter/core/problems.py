"""What is wrong with cells' declarations, in the user's words: what, where, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches

from phelps_jupyter.core.model import CellId, Failure, FailureKind
from phelps_jupyter.core.nodes import Node
from phelps_jupyter.core.provided import Lack, Providers

Nodes = Mapping[CellId, Node]


def find_problems(
    nodes: Nodes, providers: Providers, of_order: Mapping[CellId, list[Failure]]
) -> dict[CellId, tuple[Failure, ...]]:
    """All problems of all cells that have any."""
    found: dict[CellId, list[Failure]] = {}
    for node in [node for node in nodes.values() if node.bindings.error is not None]:
        message = f"can't be parsed: {node.bindings.error}"
        found[node.cell] = [Failure(FailureKind.DECLARATION, message, line=node.bindings.error_line)]
    _add_duplicates(nodes, found)
    for cell, lacks in providers.lacks.items():
        failures = [_undeclared(nodes[cell], lack) for lack in lacks if lack.undeclared]
        failures += [
            _not_there(nodes, providers, nodes[cell], lack) for lack in lacks if _is_declared(nodes[cell], lack)
        ]
        if failures:
            found.setdefault(cell, []).extend(sorted(failures, key=lambda failure: failure.line or 0))
    for cell, asked in providers.uptodate.items():
        found.setdefault(cell, []).extend(_asked_of_tasks(nodes, nodes[cell], asked))
    for cell, failures in of_order.items():
        found.setdefault(cell, []).extend(failures)
    return {cell: tuple(failures) for cell, failures in found.items() if failures}


def _add_duplicates(nodes: Nodes, found: dict[CellId, list[Failure]]) -> None:
    tasks = [node.task for node in nodes.values() if node.task is not None]
    names = [task.name for task in tasks]
    for name, count in Counter(names).items() if len(set(names)) < len(names) else ():
        same = [nodes[task.cell] for task in tasks if task.name == name] if count > 1 else []
        for node in same:
            others = ", ".join(f"cell {other.index + 1}" for other in same if other is not node)
            message = f"task name '{name}' is taken by {others} as well: rename one"
            found.setdefault(node.cell, []).append(Failure(FailureKind.DECLARATION, message, line=1))


def find_absent(nodes: Nodes, providers: Providers) -> dict[CellId, dict[str, str]]:
    """The names that cells read and no cell above provides, with what is to be said of each.

    That is no problem: whether they are reached shows when the body runs. Of plain cells, only names that a task
    deletes: all else the kernel tells itself.
    """
    found: dict[CellId, dict[str, str]] = {}
    for cell, lacks in providers.lacks.items():
        node = nodes[cell]
        for lack in lacks:
            if lack.undeclared or _is_declared(node, lack):
                continue
            if node.task is not None or (lack.deleted_by is not None and nodes[lack.deleted_by].task is not None):
                found.setdefault(cell, {})[lack.name] = _absence(nodes, providers, node, lack)
    return found


def _is_declared(node: Node, lack: Lack) -> bool:
    """Whether ``--in`` names it: who declares an input wants a value of it."""
    return node.task is not None and lack.name in (node.task.options.inputs or ())


def _asked_of_tasks(nodes: Nodes, node: Node, asked: Mapping[str, CellId]) -> list[Failure]:
    assert node.task is not None
    makers = [(name, task.name) for name, cell in asked.items() if (task := nodes[cell].task) is not None]
    told = "it is evaluated in the kernel, where only names of plain cells are at hand"
    option = f"--uptodate {node.task.options.uptodate}"
    messages = [f"{option}: `{name}` is made by task {task}; {told}" for name, task in makers]
    return [Failure(FailureKind.DECLARATION, message, line=1) for message in messages]


def _undeclared(node: Node, lack: Lack) -> Failure:
    line = node.bindings.lines.get(lack.name)
    message = f"name '{lack.name}' (line {line}) is read but not declared: add it to --in"
    return Failure(FailureKind.DECLARATION, message, line=line)


def _not_there(nodes: Nodes, providers: Providers, node: Node, lack: Lack) -> Failure:
    line = node.bindings.lines.get(lack.name)
    place = "--in" if line is None else f"line {line}"
    message = f"name '{lack.name}' ({place}) {_absence(nodes, providers, node, lack)}"
    return Failure(FailureKind.DECLARATION, message, "NameError", line=line or 1)


def _absence(nodes: Nodes, providers: Providers, node: Node, lack: Lack) -> str:
    if lack.deleted_by is not None:
        return f"is deleted by cell {nodes[lack.deleted_by].index + 1} above"
    return f"is provided by no cell above{_advice(nodes, providers, node, lack.name)}"


def _advice(nodes: Nodes, providers: Providers, node: Node, name: str) -> str:
    below = (other for other in nodes.values() if other.index > node.index and name in providers.writes[other.cell])
    first = next(below, None)
    if first is not None:
        return f"; cell {first.index + 1} below defines it: move it up"
    above = {one for other in nodes.values() if other.index < node.index for one in providers.writes[other.cell]}
    near = get_close_matches(name, sorted(above), 1)
    return f"; did you mean '{near[0]}'?" if near else ""
