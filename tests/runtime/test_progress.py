"""Loops that are counted: which one is told of, how often, and that they are loops like any other."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tqdm import std

import phelps_jupyter as phelps
from phelps_jupyter.runtime import bars
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


def test_a_loop_from_before_that_never_ended_stands_in_nobody_s_way(meter: Meter) -> None:
    meter.show(1, 0, 10)
    found: Told = []
    meter.connect(lambda done, total: found.append((done, total)))
    meter.show(2, 3, 4)
    assert found == [(3.0, 4.0)]


def test_bars_count_for_the_kernel_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("refresh", "close"):
        monkeypatch.setattr(std.tqdm, name, getattr(std.tqdm, name))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    found: list[int] = []
    for number in range(2):
        ours = _another(bars)
        ours.METER.connect(lambda *_, number=number: found.append(number))
        ours.count_tqdm()
    list(std.tqdm("abc", file=io.StringIO()))
    assert set(found) == {1}


def _another(module: ModuleType) -> Any:
    """The module as another kernel has it in the same process."""
    spec = module.__spec__
    assert spec is not None
    assert spec.loader is not None
    made: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    made.METER = Meter()
    return made


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
