"""What the machine's own work costs, and that it does not grow with the number of tasks."""

from __future__ import annotations

import time
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


def test_five_thousand_cells_are_analysed_and_linked():
    sources = ["x0 = 0", *(f"x{cell} = x{cell - 1} + 1" for cell in range(1, CELLS))]
    begun = time.perf_counter()
    graph = build([(Cell(CellId(source), source), None, analyse(source)) for source in sources])
    assert time.perf_counter() - begun < GUARD
    assert graph.inputs[CellId(sources[-1])] == {f"x{CELLS - 2}": sources[-2]}
