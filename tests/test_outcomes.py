"""What an engine tells of an attempt as the record of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.events import AttemptFailed
from phelps_jupyter.core.model import Digest, Failure, FailureKind, Part, PartKind, Record, Usage
from phelps_jupyter.outcomes import attempt_event, record_of_finished, unless_lost
from phelps_jupyter.runtime.attempts import Finished
from phelps_jupyter.runtime.orders import Outcome, Sightings, Stored

NUMBER = Stored("n", "d1", 8, "7")
LOCK = Stored("lock", "opaque-1", 8, "lock", opaque="[0]: _thread.lock")
WHOLE, ITEM = (Part(PartKind.INPUT, name, Digest("i1")) for name in ("table", "table['a']"))


def record(outcome: Outcome, *parts: Part) -> Record:
    told = [[part.kind.value, part.name, part.digest, part.detail, part.origin, part.source] for part in parts]
    note = {"key": "k", "task": "fit", "notebook": "a.ipynb", "source": "", "parts": told, "engine": "0", "seed": "7"}
    note["writes"] = ["out.csv"]
    return record_of_finished(Finished("", outcome, (), note), "", 0.0)


def done(*outputs: Stored, changed: tuple[str, ...] = (), drew: bool = False, torn: tuple[str, ...] = ()) -> Outcome:
    return Outcome(1, 1, "done", outputs, changed=changed, drew=drew, sightings=Sightings(torn=torn))


@pytest.mark.parametrize(
    ("outcome", "reusable"),
    [
        (done(NUMBER), True),
        (done(NUMBER, LOCK), False),
        (done(NUMBER, torn=("a.csv",)), False),
        (done(NUMBER, changed=("table",)), True),
    ],
)
def test_a_result_is_used_again_unless_it_can_not_be_told_what_it_came_from(outcome: Outcome, reusable: bool):
    assert record(outcome, WHOLE).reusable is reusable


def test_what_was_changed_though_only_an_item_of_it_counts_is_not_used_again():
    assert record(done(NUMBER, changed=("table",)), ITEM).reusable is False


@pytest.mark.parametrize("moved", [(None, None), (5, 7)])
def test_what_was_used_is_recorded(moved: tuple[int | None, int | None]):
    outcome = Outcome(1, 1, "done", (), seconds=2.0, peak_memory=3, cpu_seconds=4.0)
    assert record(replace(outcome, read_bytes=moved[0], written_bytes=moved[1])).usage == Usage(2.0, 3, 4.0, *moved)


def test_the_memory_of_the_last_seconds_goes_with_a_failure():
    event = attempt_event(Outcome(1, 1, "lost", message="gone", memory_curve=((0.5, 7),)), 0.0)
    assert isinstance(event, AttemptFailed)
    assert event.failure == Failure(FailureKind.LOST, "gone", memory_curve=((0.5, 7),))


def test_what_was_declared_to_be_written_is_recorded():
    assert record(done(NUMBER)).writes == ("out.csv",)


@pytest.mark.parametrize(("drew", "seed"), [(True, "7"), (False, "")])
def test_a_record_hangs_on_its_seed_where_the_body_drew(drew: bool, seed: str):
    assert record(done(NUMBER, drew=drew)).seed == seed


def test_an_attempt_whose_value_was_removed_while_it_ran_is_lost() -> None:
    outcome = done(NUMBER, LOCK)
    assert unless_lost(outcome, lambda _: False) is outcome
    lost = attempt_event(unless_lost(outcome, "opaque-1".__eq__), 2.0)
    assert isinstance(lost, AttemptFailed)
    assert lost.failure.kind is FailureKind.LOST
    assert lost.failure.message.startswith("`lock` was removed from the store")
