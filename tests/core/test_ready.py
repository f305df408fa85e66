"""The order in which ready runs are placed."""

from __future__ import annotations

import random
from collections import deque
from itertools import count

from documents import GB, engine, task

from phelps_jupyter.core.model import Resources, RunId
from phelps_jupyter.core.placement import Fleet, Slot
from phelps_jupyter.core.ready import ReadyRuns
from phelps_jupyter.core.runs import Run


def run(number: int, remaining: float = 1.0, awaited: bool = False, **needs: object) -> Run:
    found = Run(RunId(number), task(f"t{number}"), {}, frozenset(), Resources(**needs))
    found.remaining, found.awaited = remaining, awaited
    return found


def ready(*runs: Run) -> ReadyRuns:
    found = ReadyRuns()
    for one in runs:
        found.add(one)
    return found


def fleet(engines: int, **size: int) -> Fleet:
    found = Fleet()
    for number in range(engines):
        event = engine(str(number), **size)
        found.join(event.engine, event.host)
    return found


def placed(runs: ReadyRuns, on: Fleet) -> list[int]:
    return [one.id for one, _ in runs.place_on(on, 0.0)]


def test_the_longest_path_goes_first():
    assert placed(ready(run(0, 1.0), run(1, 9.0), run(2, 5.0)), fleet(3)) == [1, 2, 0]


def test_of_equal_paths_the_oldest_goes_first():
    assert placed(ready(run(1), run(0)), fleet(2)) == [0, 1]


def test_what_somebody_waits_for_goes_before_all():
    assert placed(ready(run(0, 9.0), run(1, 1.0, awaited=True)), fleet(2)) == [1, 0]


def test_no_more_are_placed_than_there_are_engines():
    found = ready(run(0), run(1))
    assert placed(found, fleet(1)) == [0]
    assert [one.id for one in found.all()] == [1]


def test_each_placing_is_a_new_attempt():
    one = run(0)
    placed(ready(one), fleet(1))
    assert one.attempt == 1


def test_a_run_that_fits_nowhere_now_stands_in_nobodys_way():
    found = ready(run(0, 9.0, cpus=8), run(1, 1.0), run(2, 5.0, memory=GB))
    assert placed(found, fleet(3)) == [2, 1]


def test_what_did_not_fit_goes_when_there_is_room():
    found = ready(run(0, 9.0, cpus=8))
    assert placed(found, fleet(1)) == []
    assert placed(found, fleet(1, cpus=8)) == [0]


def test_nothing_is_placed_when_nothing_is_ready():
    assert placed(ReadyRuns(), fleet(1)) == []


def test_a_run_that_is_renewed_goes_by_its_new_urgency():
    late = run(1, 1.0)
    found = ready(run(0, 5.0), late)
    late.remaining = 9.0
    found.renew(late)
    assert placed(found, fleet(2)) == [1, 0]


def test_renewing_without_a_change_is_nothing():
    one = run(0)
    found = ready(one)
    found.renew(one)
    assert placed(found, fleet(2)) == [0]


def test_renewing_a_run_that_is_not_ready_is_nothing():
    found = ready()
    found.renew(run(0))
    assert not found


def test_a_run_that_is_discarded_is_not_placed():
    one = run(0)
    found = ready(one, run(1))
    found.discard(one)
    assert placed(found, fleet(2)) == [1]


def test_a_run_that_comes_back_with_other_needs_goes_by_those():
    one = run(0)
    found = ready(one)
    placed(found, fleet(1))
    one.ask_for_memory(2 * GB)
    found.add(one)
    assert placed(found, fleet(1, memory=GB)) == []
    assert placed(found, fleet(1, memory=2 * GB)) == [0]


class Stream:
    """A host of two cpus and runs of one, of two seconds each and one second apart; a wide run waits among them."""

    def __init__(self) -> None:
        self.fleet = fleet(2, cpus=2)
        self.ready = ready(run(0), run(1))
        self.clock = 0.0
        self.ran: list[int] = []
        self.held: deque[Run] = deque()
        self.place()
        self.wide = run(2, 9.0, cpus=2)
        self.ready.add(self.wide)

    def place(self) -> None:
        for one, _ in self.ready.place_on(self.fleet, self.clock):
            self.ran.append(one.id)
            self.held.append(one)

    def add(self, number: int, seconds: float, **needs: object) -> Run:
        one = run(number, **needs)
        one.seconds, one.ready_at = seconds, self.clock
        self.ready.add(one)
        return one

    def until_a_host_is_kept(self) -> None:
        while len(self.held) == 2:
            self.add(100 + len(self.ran), 2.0)
            self.end_one()

    def end_one(self) -> None:
        self.clock += 1.0
        ended = self.held.popleft()
        self.fleet.release((ended.id, ended.attempt))
        self.place()


def test_a_wide_run_is_overtaken_for_a_while_and_then_a_host_is_kept_for_it():
    stream = Stream()
    stream.until_a_host_is_kept()
    assert 10 < len(stream.ran) < 20
    stream.end_one()
    assert stream.ran[-1] == stream.wide.id


def test_a_kept_host_takes_what_ends_before_it_is_needed():
    stream = Stream()
    stream.until_a_host_is_kept()
    short = stream.add(50, 0.5, memory=1)
    stream.place()
    assert stream.ran[-1] == short.id


def test_a_host_is_kept_no_longer_when_those_that_waited_are_gone():
    stream = Stream()
    stream.until_a_host_is_kept()
    before = len(stream.ran)
    stream.ready.discard(stream.wide)
    stream.place()
    assert len(stream.ran) == before + 1


def test_the_cpus_that_are_wanted_are_counted_up_to_a_number():
    runs = ready(run(1), run(2, cpus=3))
    assert [runs.wanted(most) for most in (0, 2, 9)] == [0, 2, 4]
    assert ready(run(1, cpus="all")).wanted(9) == 9


def test_what_waits_for_cpus_that_are_ours_already_wants_none_of_others():
    assert [ready(run(1), run(2, cpus=3)).wanted(4, held) for held in (0, 1, 2)] == [4, 4, 1]
    assert ready(run(1, cpus="all")).wanted(4, 1) == 0


def test_a_wide_run_begins_however_much_longer_than_foretold_short_ones_take():
    """Of 16 that run there is always one that takes longer than it should: that lets no others in for ever."""
    dice, numbers, fleet_ = random.Random(1), count(1), fleet(16, cpus=16)
    wide = run(0, 9.0, cpus=16)
    found = ready(*(run(next(numbers)) for _ in range(16)))
    ends: dict[Slot, float] = {}
    at = 0.0
    while wide.attempt == 0:
        for one, _ in found.place_on(fleet_, at):
            ends[one.id, one.attempt] = at + dice.uniform(0.5, 3.0)
            found.add(run(next(numbers)))
        if at == 0.0:
            found.add(wide)
        at += 0.1
        for slot in [slot for slot, end in ends.items() if end <= at]:
            fleet_.release(slot)
            del ends[slot]
        assert at < 60.0
