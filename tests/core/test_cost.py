"""What the machine's own work costs, and that it does not grow with the number of tasks."""

from __future__ import annotations

from statistics import median

from driver import Drive, big_graph

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
