"""What people are told of a run's attempts."""

from __future__ import annotations

from dataclasses import replace

from documents import CHAIN, ONE_ENGINE, ask, cancel, done, engine, failed, leaves, play, started

from phelps_jupyter.core.events import Event
from phelps_jupyter.core.history import Attempt, attempts
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import RunId


def at(event: Event, seconds: float) -> Event:
    return replace(event, at=seconds)


def told(machine: Machine, run: int) -> list[Attempt]:
    return list(attempts(machine.runs[RunId(run)]))


def test_an_attempt_waits_is_handed_over_runs_and_ends(machine: Machine) -> None:
    play(machine, CHAIN, at(ask("load"), 10.0), at(ONE_ENGINE, 12.0), at(started(0), 13.0))
    assert told(machine, 0) == [Attempt("box:0", machine.runs[RunId(0)].ready_at, 12.0, 13.0)]
    play(machine, at(done(0), 20.0))
    assert told(machine, 0)[0].ended_at == 20.0
    assert told(machine, 0)[0].end == "done"


def test_a_lost_attempt_is_told_beside_the_next(machine: Machine) -> None:
    play(machine, CHAIN, ONE_ENGINE, ask("load"), started(0), engine("1"))
    play(machine, at(leaves("0"), 30.0), at(started(0, 2), 31.0))
    assert [(one.engine, one.end) for one in told(machine, 0)] == [("box:0", "lost"), ("box:1", "")]
    assert told(machine, 0)[0].ended_at == 30.0
    play(machine, at(failed(0, 2), 32.0))
    assert [one.end for one in told(machine, 0)] == ["lost", "failed"]


def test_a_run_that_is_cancelled_before_its_second_attempt_had_one(machine: Machine) -> None:
    play(machine, CHAIN, ONE_ENGINE, ask("load"), started(0), leaves("0"), cancel("load"))
    assert [one.end for one in told(machine, 0)] == ["lost"]


def test_what_never_was_on_an_engine_had_no_attempt(machine: Machine) -> None:
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), started(0), failed(0))
    assert machine.runs[RunId(1)].state.value == "skipped"
    assert told(machine, 1) == []
