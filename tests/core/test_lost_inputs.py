"""Values that are nowhere any more: whoever made them is proved again, and who reads them waits for that."""

from __future__ import annotations

from documents import CHAIN, LOAD, ONE_ENGINE, ask, document, done, play, states, submitted

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.model import FailureKind, RunId, RunState, TaskName


def lost(run: int, attempt: int = 1) -> ev.InputsLost:
    return ev.InputsLost(1.0, RunId(run), attempt, ("x", "y"))


def test_what_made_them_is_proved_again_and_then_runs_before_their_reader(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0))
    again = play(machine, lost(1))
    assert submitted(machine, again) == ["load"]
    assert not [action for action in again if isinstance(action, ev.Kill)]
    assert states(machine)["clean"] == "waiting"
    assert submitted(machine, play(machine, done(2))) == ["clean"]


def test_a_reader_whose_inputs_are_lost_time_and_again_fails(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), lost(1), done(2), lost(3), done(4))
    play(machine, lost(5))
    run = machine.runs.of(TaskName("clean"))
    assert (run.state, run.failure.kind) == (RunState.FAILED, FailureKind.LOST)
    assert "could not be had again: `x`, `y`" in run.failure.message


def test_a_reader_that_is_in_the_document_no_more_fails(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), document(), lost(0))
    assert machine.runs[RunId(0)].state is RunState.FAILED


def test_the_word_of_an_attempt_that_does_not_count_frees_its_engine_alone(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), lost(1))
    assert play(machine, lost(1)) == []
