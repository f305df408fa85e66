"""Values that go when the last reader of a plan is done, and come back for who reads them later."""

from __future__ import annotations

import documents
from documents import ONE_ENGINE, ask, cancel, document, engine, failed, play, states, submitted, task

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.model import RunId

READERS = document(task("big", temp=True), task("one", "big"), task("two", "big"))


def done(run: int, value: str, size: int = 100_000) -> ev.AttemptDone:
    """With a value that is worth removing."""
    return documents.done(run, value=value, size=size)


def discarded(actions: list[ev.Action]) -> list[str]:
    return [digest for action in actions if isinstance(action, ev.Discard) for digest in action.digests]


def lost(run: int) -> ev.InputsLost:
    return ev.InputsLost(1.0, RunId(run), 1, ("big", "other"))


def test_they_go_when_the_last_reader_has_ended(machine):
    play(machine, READERS, ONE_ENGINE, ask("one", "two"), done(0, value="b"))
    assert discarded(play(machine, done(1, value="1"))) == []
    assert discarded(play(machine, done(2, value="2"))) == ["b"]


def test_they_stay_while_nobody_has_read_them_to_the_end(machine):
    play(machine, READERS, ONE_ENGINE, ask("one", "two"), done(0, value="b"), done(1, value="1"))
    assert discarded(play(machine, failed(2))) == []
    assert discarded(play(machine, cancel())) == []


def test_they_stay_for_who_reads_them_anew_meanwhile(machine):
    cells = document(task("big", temp=True), task("one", "big"), task("two", "big"))
    play(machine, cells, ONE_ENGINE, ask("one"), done(0, value="b"))
    play(machine, ask("two", confirm=False))
    assert discarded(play(machine, done(1, value="1"))) == []


def test_small_ones_stay(machine):
    play(machine, READERS, ONE_ENGINE, ask("one"), done(0, value="b", size=1_000))
    assert discarded(play(machine, done(1, value="1"))) == []


def test_what_another_task_has_made_as_well_stays(machine):
    play(machine, READERS, ONE_ENGINE, ask("one"), done(0, value="b"))
    assert discarded(play(machine, done(1, value="b"))) == []


def test_values_of_other_tasks_stay(machine):
    play(machine, document(task("big"), task("one", "big")), ONE_ENGINE, ask("one"), done(0, value="b"))
    assert discarded(play(machine, done(1, value="1"))) == []


def test_they_are_made_again_for_a_later_reader(machine):
    play(machine, READERS, ONE_ENGINE, engine("1"), ask("one"), done(0, value="b"), done(1, value="1"))
    play(machine, ask("two", confirm=False))
    assert submitted(machine, play(machine, lost(2))) == ["big"]
    assert states(machine)["two"] == "waiting"
    again = [run for run in machine.runs.by_id.values() if run.task.name == "big" and not run.settled]
    assert submitted(machine, play(machine, done(again[0].id, value="b"))) == ["two"]
