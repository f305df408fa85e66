"""Loops that are counted: which one is told of, how often, and that they are loops like any other."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import phelps_jupyter as phelps
from phelps_jupyter.runtime import progress as module
from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.progress import Meter

Told = list[tuple[float, float | None]]


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    meter = Meter()
    monkeypatch.setattr(module, "METER", meter)
    return meter


@pytest.fixture
def told(meter: Meter) -> Told:
    found: Told = []
    meter.connect(lambda done, total: found.append((done, total)))
    return found


def test_where_nobody_listens_the_items_just_come(meter: Meter) -> None:
    assert list(phelps.progress(iter("abc"), total=3)) == ["a", "b", "c"]
    assert not meter.listens


def test_each_item_that_is_done_counts(told: Told) -> None:
    assert list(phelps.progress(["a", "b"])) == ["a", "b"]
    assert told == [(0, 2), (1, 2), (2, 2), (2, 2)]


def test_how_many_there_are_may_be_said_or_stay_unknown(told: Told) -> None:
    assert sum(phelps.progress((at for at in range(2)), total=7)) == 1
    assert sum(phelps.progress(at for at in range(2))) == 1
    assert {total for _, total in told} == {7, None}


def test_of_loops_within_loops_the_outermost_counts_and_afterwards_the_next_one(told: Told) -> None:
    for _ in phelps.progress(range(2)):
        assert sum(phelps.progress(range(100))) == 4950
    assert {total for _, total in told} == {2}
    list(phelps.progress("abc"))
    assert told[-1] == (3, 3)


def test_a_loop_that_is_left_early_makes_room(told: Told) -> None:
    for item in phelps.progress(range(10)):
        if item == 4:
            break
    assert told[-1] == (4, 10)
    list(phelps.progress("abc"))
    assert told[-1] == (3, 3)


def test_an_error_passes_through(told: Told) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        list(phelps.progress(failing()))
    assert told[-1] == (1, None)


def test_a_dial_tells_the_other_process_the_latest_once() -> None:
    dial = Dial()
    assert dial.read() is None
    pid = os.fork()
    if pid == 0:
        dial.set(1, 3)
        dial.set(2, None)
        os._exit(0)
    os.waitpid(pid, 0)
    assert (dial.read(), dial.read()) == ((2.0, None), None)
    dial.close()
