"""What the machine's own work costs, and that it does not grow with the number of tasks."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from statistics import median

from driver import Drive, big_graph

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.graph import build
from phelps_jupyter.core.model import Cell, CellId

GUARD = 10.0
"""Seconds. On a calm machine it takes one; this is to notice that something went out of hand."""
CHUNK = 100
"""Events that are timed together, so that a cost that comes now and then counts as well."""


def test_ten_thousand_tasks_are_taken_through():
    drive = Drive(big_graph(10_000))
    assert len(drive.run()) == 10_000
    assert sum(drive.costs) < GUARD


def test_the_cost_of_an_event_does_not_grow_with_the_number_of_tasks():
    assert cost_of_an_event(10_000) < 4 * cost_of_an_event(1_000)


def cost_of_an_event(size: int) -> float:
    """Seconds: the median over chunks of events. The request is left out: it is about all tasks."""
    drive = Drive(big_graph(size))
    drive.run()
    costs = drive.costs
    costs.remove(max(costs))
    return median(sum(costs[place : place + CHUNK]) for place in range(0, len(costs), CHUNK))


CELLS = 5_000
TIMES_PARSING = 15
"""For cells of one line it is five to eight; this is to notice that it got out of hand."""


def test_five_thousand_cells_are_analysed_and_linked_in_a_few_times_what_parsing_takes():
    ratios = []
    for value in range(3):
        # Other sources each time: analyses are remembered.
        sources = ["x0 = 0", *(f"x{cell} = x{cell - 1} + {value}" for cell in range(1, CELLS))]
        ratios.append(
            seconds(lambda sources=sources: linked(sources)) / seconds(lambda sources=sources: parsed(sources))
        )
    assert median(ratios) < TIMES_PARSING


def linked(sources: list[str]) -> None:
    graph = build([(Cell(CellId(source), source), None, analyse(source)) for source in sources])
    assert graph.inputs[CellId(sources[-1])] == {f"x{CELLS - 2}": sources[-2]}


def parsed(sources: list[str]) -> None:
    for source in sources:
        ast.parse(source)


def seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
