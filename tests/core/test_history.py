"""What people are told of a run's attempts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import CHAIN, GB, ONE_ENGINE, ask, cancel, document, done, engine, failed, leaves, play, sourced, started

from phelps_jupyter.core.events import Event, InputsLost
from phelps_jupyter.core.history import Attempt, attempts
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import FailureKind, RunId, Usage


def at(event: Event, seconds: float) -> Event:
    return replace(event, at=seconds)


def told(machine: Machine, run: int) -> list[Attempt]:
    return list(attempts(machine.runs[RunId(run)]))


def peaks(machine: Machine) -> list[int | None]:
    return [one.peak_memory for one in told(machine, 0)]


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


@pytest.fixture
def retried(machine: Machine) -> Machine:
    """The second attempt of a run goes on; the first had held three gigabytes when it failed."""
    tried = sourced("%%task load --retries 2\nx = 1")
    play(machine, tried, ONE_ENGINE, ask("load"), started(0), failed(0, peak=3 * GB), started(0, 2))
    return machine


def test_each_attempt_tells_what_memory_it_held(retried: Machine) -> None:
    assert peaks(retried) == [3 * GB, None]
    play(retried, replace(done(0, 2), usage=Usage(1.0, 2 * GB)))
    assert peaks(retried) == [3 * GB, 2 * GB]


def test_what_the_last_attempt_held_is_told_also_when_it_failed(retried: Machine) -> None:
    play(retried, failed(0, 2, FailureKind.OUTPUT, peak=GB))
    assert peaks(retried) == [3 * GB, GB]


def test_an_attempt_of_which_nothing_was_told_is_not_given_the_memory_of_the_one_before(retried: Machine) -> None:
    play(retried, cancel("load"))
    assert peaks(retried) == [3 * GB, None]


def test_neither_is_one_that_was_lost(retried: Machine) -> None:
    play(retried, leaves("0"), engine("1"), started(0, 3))
    assert peaks(retried) == [3 * GB, None, None]


def test_nor_one_that_never_began(retried: Machine) -> None:
    play(retried, document(), InputsLost(6.0, RunId(0), 2, ("x",)))
    assert peaks(retried) == [3 * GB, None]
