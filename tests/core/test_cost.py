"""What the machine's own work costs, and that it does not grow with the number of tasks."""

from __future__ import annotations

import marshal
import time
from collections.abc import Callable
from statistics import median

from driver import Drive, big_graph

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.graph import build
from phelps_jupyter.core.kept import Kept, to_plain
from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.core.notebook import Notebook, declare

GUARD = 30.0
"""Seconds. On a calm machine it takes one, on a busy one many; this is to notice that something went out of hand."""
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


def test_an_edit_of_one_cell_costs_a_fraction_of_building_the_graph():
    cells = [Cell(CellId(f"c{place}"), f"x{place} = x{place - 1} + 1") for place in range(1_000)]
    notebook = Notebook()
    notebook.read(cells, 0.0)
    built = least(lambda: build([declare(cell) for cell in cells]), 3)
    notebook.graph()
    sources = iter(f"x500 = x499 + {number}" for number in range(100))

    def edit() -> None:
        notebook.ran(CellId("c500"), next(sources), 1.0)
        notebook.graph()

    assert least(edit, 20) < built / 4


def test_to_take_a_kept_graph_costs_a_fraction_of_finding_it_out():
    cells = [Cell(CellId(f"c{place}"), f"y{place} = y{place - 1} + 1\nprint(y{place})") for place in range(1_000)]
    begun = time.process_time()
    graph = build([declare(cell) for cell in cells])
    found_out = time.process_time() - begun
    data = marshal.dumps(to_plain(graph, {}))
    assert least(lambda: Kept(marshal.loads(data)).graph(cells, {}), 5) < found_out / 3


def least(act: Callable[[], object], times: int) -> float:
    """Seconds of CPU, the least of several."""
    costs = []
    for _ in range(times):
        begun = time.process_time()
        act()
        costs.append(time.process_time() - begun)
    return min(costs)
