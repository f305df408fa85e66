"""What front ends are told of the tasks: only what has changed, and who needs whom."""

from __future__ import annotations

from documents import sourced

from phelps_jupyter.core.board import PROTO, Board, needs
from phelps_jupyter.core.model import TaskName

A, B = TaskName("a"), TaskName("b")


def test_a_snapshot_has_all_that_was_told():
    board = Board()
    board.change({A: {"name": "a"}, B: {"name": "b"}}, {"engines": []}, [A, B])
    assert board.snapshot() == {
        "type": "snapshot",
        "proto": PROTO,
        "rev": 1,
        "tasks": [{"name": "a"}, {"name": "b"}],
        "engines": [],
    }


def test_only_what_has_changed_is_told():
    board = Board()
    board.change({A: {"state": "running"}, B: {"state": None}}, {"engines": []}, [A, B])
    delta = board.change({A: {"state": "done"}, B: {"state": None}}, {"engines": []}, [A, B])
    assert delta == {"type": "delta", "rev": 2, "tasks": [{"state": "done"}]}


def test_what_is_known_is_not_told_again():
    board = Board()
    board.change({A: {"state": "done"}}, {}, [A])
    assert board.change({A: {"state": "done"}}, {}, [A]) is None
    assert board.rev == 1


def test_a_task_of_which_nothing_new_is_said_stays_as_it_was():
    board = Board()
    board.change({A: {"x": 1}, B: {"x": 2}}, {}, [A, B])
    assert board.change({B: {"x": 3}}, {}, [A, B]) == {"type": "delta", "rev": 2, "tasks": [{"x": 3}]}
    assert board.snapshot()["tasks"] == [{"x": 1}, {"x": 3}]


def test_another_order_and_tasks_that_are_gone_are_told():
    board = Board()
    board.change({A: {"name": "a"}, B: {"name": "b"}}, {}, [A, B])
    assert board.change({}, {}, [B]) == {"type": "delta", "rev": 2, "order": ["b"]}
    assert board.snapshot()["tasks"] == [{"name": "b"}]


def test_a_task_that_nothing_was_said_of_is_not_told():
    assert Board().change({}, {}, [A]) is None


def test_a_task_needs_those_that_it_reads_from_with_the_names():
    graph = sourced("%%task a\nx = y = 1", "%%task b\nz = x + y").graph
    assert needs(graph) == {"a": [], "b": [{"task": "a", "names": ["x", "y"], "via": False}]}


def test_plain_cells_are_gone_through():
    graph = sourced("%%task a\nx = 1", "k= x", "m= k", "%%task b\nz = m", "%%task c\nw = x + m").graph
    assert needs(graph)["b"] == [{"task": "a", "names": [], "via": True}]
    assert needs(graph)["c"] == [{"task": "a", "names": ["x"], "via": False}]


def test_what_comes_after_another_for_no_name_is_told_without_names():
    graph = sourced("%%task a\nx = 1", "%%task b --after a\nz = 1").graph
    assert needs(graph)["b"] == [{"task": "a", "names": [], "via": False}]
