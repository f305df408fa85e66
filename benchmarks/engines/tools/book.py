"""Notebooks of tasks, as their user would write them. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat

from benchmarks.engines.graph import Graph, Node
from benchmarks.engines.session import SLOTS

ENGINES = "benchmarks.engines"
REHEARSALS = 4
"""So that each engine has had tasks of each kind."""
STAMP = "print(json.dumps({{'begun': begun, 'ended': time.time(), {told}}}))"


class Book:
    """Cells by their ids, in order. Every task is declared with ``--always``: a reused result would measure nothing."""

    def __init__(self, acts: Iterable[str], *, warm: bool) -> None:
        names = sorted({*acts, "process_after"})
        start = f"%config Phelps.engines = {SLOTS}\nimport json, time"
        imports = f"from {ENGINES} import processes\nfrom {ENGINES}.bodies import {', '.join(names)}"
        self.cells = {"first": f"{start}\n{imports}"}
        if warm:
            for slot in range(SLOTS):
                self.task(f"warm{slot}", f"process_after({0.15 + slot / 1000})")
            self.plain("warm", f"warmed = {_listed(f'of_warm{slot}' for slot in range(SLOTS))}")

    def plain(self, name: str, source: str) -> None:
        """A cell that is no task."""
        self.cells[name] = source

    def task(self, name: str, expression: str, options: str = "") -> None:
        """A task whose result is called ``of_NAME``."""
        self.cells[name] = f"%%task {name} --always{options}\nof_{name} = {expression}"

    def rehearse(self, graph: Graph) -> None:
        """The same kinds of tasks, some times, before it counts."""
        for number in range(REHEARSALS if graph else 0):
            self._tasks(graph, f"r{number}_")
            self.plain(f"rehearsed{number}", "%phelps wait")

    def begin(self) -> None:
        """From here on it counts."""
        self.plain("begin", "begun = time.time()")

    def end(self, results: Mapping[int, str]) -> None:
        """Wait for these results, by number the names of tasks, and tell them with the times."""
        listed = _listed(f"of_{name}" for name in results.values())
        self.plain("end", f"results = {listed}\n" + STAMP.format(told=f"'results': {list(results)}, 'values': results"))

    def stamp(self, name: str) -> None:
        """Tell the times, waiting for nothing."""
        self.plain(name, STAMP.format(told=""))

    def graph(self, graph: Graph, *, counts_cpus: bool = False) -> None:
        """A task for each node."""
        self._tasks(graph, "t", counts_cpus=counts_cpus)

    def _tasks(self, graph: Graph, prefix: str, *, counts_cpus: bool = False) -> None:
        for node in graph:
            options = f" --cpus {node.cpus}" if counts_cpus else ""
            self.task(f"{prefix}{node.number}", _call(node, prefix), options)

    def write(self, path: Path) -> None:
        """As a notebook of format 4.5."""
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        for name, source in self.cells.items():
            cell = nbformat.v4.new_code_cell(source)
            cell.id = name
            notebook.cells.append(cell)
        nbformat.write(notebook, path)


def named(numbers: Iterable[int]) -> dict[int, str]:
    """The tasks of nodes, by their numbers."""
    return {number: _name(number) for number in numbers}


def _name(number: int) -> str:
    return f"t{number}"


def _call(node: Node, prefix: str) -> str:
    above = [f"of_{prefix}{number}" for number in node.above]
    return f"{node.act.__name__}({', '.join([*map(repr, node.arguments), *above])})"


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"
