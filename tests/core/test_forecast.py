"""Predicted seconds of what would run."""

from __future__ import annotations

from documents import graph, task

from phelps_jupyter.core.forecast import Forecast, forecast
from phelps_jupyter.core.model import TaskName

DIAMOND = graph(task("load"), task("left", "load"), task("right", "load"), task("join", "left", "right"))


def predicted(*tasks: str, **seconds: float) -> Forecast:
    return forecast(DIAMOND, map(TaskName, tasks), {TaskName(name): long for name, long in seconds.items()})


def test_nothing_takes_no_time():
    assert predicted() == Forecast(0.0, 0.0, (), ())


def test_the_longest_path_is_the_least_and_all_of_them_the_most():
    told = predicted("load", "left", "right", "join", load=1.0, left=2.0, right=5.0, join=1.0)
    assert (told.least, told.most, told.critical_path) == (7.0, 9.0, ("load", "right", "join"))


def test_tasks_come_in_any_order():
    told = predicted("join", "right", "left", "load", load=1.0, left=2.0, right=5.0, join=1.0)
    assert told.critical_path == ("load", "right", "join")


def test_what_does_not_run_takes_no_time():
    told = predicted("right", "join", load=1.0, left=2.0, right=5.0, join=1.0)
    assert (told.least, told.critical_path) == (6.0, ("right", "join"))


def test_what_never_ran_is_told_apart():
    told = predicted("load", "left", load=1.0)
    assert (told.least, told.unknown) == (1.0, ("left",))
