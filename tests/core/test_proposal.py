"""What a plain cell would be as a task."""

from __future__ import annotations

from documents import sourced

from phelps_jupyter.core.model import CellId
from phelps_jupyter.core.proposal import Proposal, proposal


def test_it_is_called_after_the_last_name_that_it_gives():
    graph = sourced("data= 1", "b= data; a= b; _hidden = 2").graph
    assert proposal(graph, CellId("data;")) == Proposal("a", ("data",), ("b", "a"))


def test_a_name_that_a_task_has_is_not_proposed_again():
    graph = sourced("%%task x\ny = 1", "%%task x_2\nz = 1", "x= y").graph
    assert proposal(graph, CellId("y")) == Proposal("x_3", ("y",), ("x",))


def test_a_cell_that_gives_nothing_is_called_a_task():
    graph = sourced("print( 1 )").graph
    assert proposal(graph, CellId("1")) == Proposal("task", (), ())


def test_what_is_a_task_already_or_can_not_be_parsed_is_none():
    graph = sourced("%%task x\ny = 1", "x =").graph
    assert (proposal(graph, CellId("x")), proposal(graph, CellId("="))) == (None, None)
