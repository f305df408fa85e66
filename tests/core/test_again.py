"""What runs again after a run that has shown what nobody knew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import ONE_ENGINE, ask, done, engine, failed, play, sourced, states

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.again import ahead_of_files, moved, request_again, to_run_again
from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import Cell, CellId, Digest, Part, PartKind, RunId, RunState, Seen, Version
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.core.notebook import Notebook

FIRST, SECOND, THIRD = "%%task one\nx = 1", "%%task two\nx = 2", "%%task fit\ny = x"


def test_moved_are_the_tasks_that_read_from_another_task_now(machine):
    play(machine, sourced(FIRST, THIRD), ONE_ENGINE, ask("fit"), done(0), done(1), sourced(FIRST, SECOND, THIRD))
    assert moved(machine.graph, machine.runs) == ("fit",)


def test_a_task_that_is_to_hand_on_an_input_is_run_again_for_it(machine):
    play(machine, sourced(FIRST, "%%task quiet\nprint(x)"), ONE_ENGINE, ask("quiet"), done(0), done(1))
    quiet, run = CellId("quiet"), machine.runs[RunId(1)]
    told = replace(machine.graph, writes={**machine.graph.writes, quiet: frozenset({"x"})})
    assert to_run_again(told, machine.runs, run, relinked=True) == ("quiet",)
    assert to_run_again(told, machine.runs, run, relinked=False) == ()
    run.outputs = (*run.outputs, Version("x", Digest("d"), 8, ""))
    assert to_run_again(told, machine.runs, run, relinked=True) == ()


def test_a_task_that_was_edited_has_not_moved(machine):
    play(machine, sourced(FIRST, THIRD), ONE_ENGINE, ask("fit"), sourced(FIRST, SECOND, THIRD + " + 1"))
    assert moved(machine.graph, machine.runs) == ()


WROTE = Seen(files=(Part(PartKind.FILE, "made.csv", Digest("d")),))
READ = Seen(conditions=(Part(PartKind.FILE, "made.csv", Digest("older")),))
LEARNED = {"write()": Learned(wrote=frozenset({"made.csv"})), "read()": Learned(read=frozenset({"made.csv"}))}


def side_by_side(machine: Machine, *, reader_began: float, read: Seen = READ) -> Graph:
    """A writer and a reader of a file ran, as nobody knew of it; the graph as it is known now."""
    sources = ["%%task writer\nwrite()", "%%task reader\nread()", "%%task other\nread()", "plain = open('made.csv')"]
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)
    play(machine, ev.DocumentChanged(0.0, notebook.graph()), ask("writer", "reader"))
    for run, began, ended, seen in ((0, 0.0, 5.0, WROTE), (1, reader_began, 6.0, read)):
        found = machine.runs[RunId(run)]
        found.state, found.seen, found.started_at, found.ended_at = RunState.DONE, seen, began or None, ended
    codes = {source: analyse(f"# %%task x\n{source}").code for source in LEARNED}
    notebook.learned.update({codes[source]: found for source, found in LEARNED.items()})
    return notebook.graph()


def test_a_reader_that_began_before_its_writer_ended_is_ahead_of_the_file(machine):
    graph = side_by_side(machine, reader_began=1.0)
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(0)]) == ("reader",)
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(1)]) == ("reader",)


def test_a_reader_that_began_after_its_writer_is_not_ahead(machine):
    graph = side_by_side(machine, reader_began=5.5)
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(0)]) == ()
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(1)]) == ()


def test_a_reader_that_saw_other_files_is_not_ahead(machine):
    graph = side_by_side(machine, reader_began=1.0, read=Seen())
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(0)]) == ()


def test_a_reader_that_was_planned_behind_its_writer_is_not_ahead(machine):
    graph = side_by_side(machine, reader_began=1.0)
    machine.runs[RunId(1)].needs = frozenset({RunId(0)})
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(0)]) == ()


def test_a_task_that_is_gone_is_ahead_of_nothing(machine):
    side_by_side(machine, reader_began=1.0)
    assert ahead_of_files(Notebook().graph(), machine.runs, machine.runs[RunId(0)]) == ()


@pytest.mark.parametrize(("state", "ahead"), [(RunState.FAILED, ("reader",)), (RunState.CANCELLED, ())])
def test_a_reader_that_failed_may_have_been_ahead(machine, state, ahead):
    graph = side_by_side(machine, reader_began=1.0)
    machine.runs[RunId(1)].state = state
    assert ahead_of_files(graph, machine.runs, machine.runs[RunId(0)]) == ahead


BELOW = (FIRST, THIRD, "%%task use\nz = y", "%%task more\nv = z", "%%task other\nu = x", "plain = z")


def asked_again(machine: Machine, *, below: bool) -> ev.RunRequested:
    """After all have run as far as told, there is another task above `fit`."""
    play(machine, sourced(FIRST, SECOND, *BELOW[1:]))
    request = request_again(machine.graph, machine.runs, machine.runs[RunId(0)], 9.0, relinked=True, below=below)
    assert request is not None
    return request


def test_what_ended_on_what_is_made_anew_runs_again_where_all_is_one_pass(machine):
    play(machine, sourced(*BELOW), ONE_ENGINE, engine("2"), ask("more", "other"))
    play(machine, done(0), done(1), done(2), failed(3), done(4))
    assert states(machine) == {"one": "done", "fit": "done", "use": "done", "other": "done", "more": "failed"}
    assert asked_again(machine, below=False) == ev.RunRequested(9.0, ("fit", "other"), confirm=False)
    assert asked_again(machine, below=True) == ev.RunRequested(9.0, ("fit", "other", "use", "more"), confirm=False)


def test_what_is_open_goes_on_with_what_is_made_anew(machine):
    play(machine, sourced(*BELOW), ONE_ENGINE, ask("more"), done(0), done(1))
    request = asked_again(machine, below=False)
    assert request == ev.RunRequested(9.0, ("fit", "use", "more"), renewed=frozenset({"use", "more"}), confirm=False)
    play(machine, request)
    assert [run.task.name for run in machine.runs.by_id.values() if not run.settled] == ["two", "fit", "use", "more"]


def test_nothing_is_asked_where_nothing_is_to_be_made_anew(machine):
    play(machine, sourced(*BELOW), ONE_ENGINE, ask("more"), done(0), done(1))
    run = machine.runs[RunId(1)]
    assert request_again(machine.graph, machine.runs, run, 9.0, relinked=True, below=True) is None
