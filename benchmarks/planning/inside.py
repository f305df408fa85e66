"""What is measured within this process: opening a notebook, and one edit; marimo's graph does the same work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import projects

from phelps_jupyter.core import bindings, notebook
from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.faces.desk import Desk

try:
    from marimo._ast.compiler import compile_cell
    from marimo._runtime.dataflow import DirectedGraph
except ImportError:
    compile_cell = None

LARGEST_OF_MARIMO = 1_000
"""Its graph takes a minute for 5,000 cells."""


@dataclass(frozen=True, slots=True)
class Timed:
    """As planning.Timed."""

    middle: float
    least: float
    cpu: float


def opened(size: int, runs: int) -> Iterator[tuple[str, Timed]]:
    """Cells of three lines, nothing known of them."""
    sources = [projects.plain_source(step) for step in projects.steps(size)]
    cells = [Cell(CellId(f"cell-{place}"), source) for place, source in enumerate(sources)]

    def ours() -> object:
        bindings.analyse.cache_clear()
        notebook._declared.cache_clear()
        book = Notebook()
        book.read(cells, 0.0)
        return book.graph()

    yield "phelps", timed(ours, runs)
    if compile_cell is None:
        print("marimo: left out, it is not installed")
    elif size > LARGEST_OF_MARIMO:
        print(f"marimo: left out at {size:,}, it would take minutes")
    else:
        yield "marimo", timed(lambda: marimo_graph(sources), min(runs, 3))


def marimo_graph(sources: list[str]) -> Any:
    """marimo's graph of these cells."""
    graph = DirectedGraph()
    for place, source in enumerate(sources):
        graph.register_cell(str(place), compile_cell(source, cell_id=str(place)))
    return graph


def edited(folder: Path, runs: int) -> Iterator[tuple[str, Timed]]:
    """In a notebook of fresh tasks. ``folder``: as whole_processes leaves it."""
    if not folder.exists():
        print("left out: it is measured on the project of 1,000 tasks")
        return
    desk = Desk(folder / projects.NOTEBOOK, None)
    book = Notebook()
    book.read(desk.cells, 0.0)
    book.learned.update(desk.index.learned())
    judge = desk.judge_of(book.graph())
    judge.all()
    for place, what in ((999, "nothing below"), (990, "some below"), (500, "half of all below")):
        step = list(projects.steps(1_000))[place]
        for names, source in (
            ("same names", f"%%task t{place}\ntotal = {step.expression} + @\nx{place} = total"),
            ("other names", f"%%task t{place}\ntotal = x{step.above[0]} + @\nx{place} = y@ = total"),
        ):
            edits = iter(range(10_000))

            def edit(source: str = source, place: int = place, edits: Iterator[int] = edits) -> object:
                book.ran(CellId(f"cell-{place}"), source.replace("@", str(next(edits))), 0.0)
                return judge.moved_to(book.graph()).all()

            yield f"phelps, {names}, {what}", timed(edit, runs)
    desk.close()
    if compile_cell is not None:
        yield from marimo_edited(runs)


def marimo_edited(runs: int) -> Iterator[tuple[str, Timed]]:
    """One cell of 1,000 registered anew, and all that is below it."""
    sources = [projects.plain_source(step) for step in projects.steps(1_000)]
    graph = marimo_graph(sources)

    def edit() -> object:
        graph.delete_cell("990")
        graph.register_cell("990", compile_cell(sources[990] + " + 1", cell_id="990"))
        return graph.descendants("990")

    yield "marimo, some below", timed(edit, runs)


def timed(act: Callable[[], object], runs: int) -> Timed:
    """Time it in this process."""
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timed(median(walls), min(walls), min(cpus))
