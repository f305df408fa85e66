"""Each kind of failure, and whether another attempt is worth its while."""

from __future__ import annotations

import pytest
from documents import GB, task

from phelps_jupyter.core.failures import allow_another, lower_memory, memory_found
from phelps_jupyter.core.model import Failure, FailureKind, Resources, RunId, RunState, Usage
from phelps_jupyter.core.runs import Run

LARGEST = 16 * GB


def run(memory: int | None = None, retries: int = 0) -> Run:
    return Run(RunId(0), task("fit"), {}, frozenset(), Resources(memory=memory), retries_left=retries)


def answers(one: Run, kind: FailureKind, times: int, raised: str = "", largest: int = LARGEST) -> list[bool]:
    return [allow_another(one, Failure(kind, "it failed", raised), lambda _: largest) for _ in range(times)]


@pytest.mark.parametrize(
    ("kind", "retries", "expected"),
    [
        (FailureKind.LOST, 0, [True, True, False]),
        (FailureKind.LOST, 5, [True, True, False]),
        (FailureKind.CODE, 0, [False]),
        (FailureKind.CODE, 2, [True, True, False]),
        (FailureKind.TIMEOUT, 0, [False]),
        (FailureKind.TIMEOUT, 1, [True, False]),
        (FailureKind.MEMORY, 0, [True, True, True, True, False]),
        (FailureKind.MEMORY, 5, [True, True, True, True, False]),
        (FailureKind.OUTPUT, 5, [False]),
        (FailureKind.DECLARATION, 5, [False]),
        (FailureKind.IMPOSSIBLE, 5, [False]),
    ],
)
def test_what_each_kind_allows(kind, retries, expected):
    assert answers(run(GB, retries), kind, len(expected)) == expected


@pytest.mark.parametrize(("memory", "next_memory"), [(GB, 2 * GB), (12 * GB, LARGEST)])
def test_who_was_stopped_at_its_limit_gets_twice_as_much(memory, next_memory):
    one = run(memory)
    assert answers(one, FailureKind.MEMORY, 1) == [True]
    assert one.resources == Resources(memory=next_memory)


@pytest.mark.parametrize(("memory", "raised"), [(None, ""), (None, "MemoryError"), (GB, "MemoryError")])
def test_who_found_the_machine_full_gets_the_largest_one_to_itself_once(memory, raised):
    one = run(memory)
    assert answers(one, FailureKind.MEMORY, 2, raised) == [True, False]
    assert one.resources == Resources(memory=LARGEST, alone=True)


@pytest.mark.parametrize(("memory", "largest"), [(LARGEST, LARGEST), (GB, 0), (None, 0)])
def test_where_no_host_has_more_there_is_no_other_attempt(memory, largest):
    one = run(memory)
    assert answers(one, FailureKind.MEMORY, 1, largest=largest) == [False]
    assert one.resources.memory == memory


def test_a_run_that_never_ran_out_of_memory_shows_no_need():
    assert memory_found(run(GB)) is None


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED])
def test_the_raised_limit_is_what_was_needed(state):
    one = run(GB)
    answers(one, FailureKind.MEMORY, 2)
    one.state = state
    assert memory_found(one) == 4 * GB


@pytest.mark.parametrize(("state", "need"), [(RunState.DONE, 5 * GB), (RunState.FAILED, None)])
def test_what_it_held_alone_and_a_quarter_more_is_what_was_needed(state, need):
    one = run()
    answers(one, FailureKind.MEMORY, 1)
    one.state, one.usage = state, Usage(1.0, 4 * GB)
    assert memory_found(one) == need


@pytest.mark.parametrize(
    ("asked", "wants", "largest", "gets"),
    [
        (None, None, LARGEST, None),
        (GB, GB, GB // 2, GB),
        (GB, 4 * GB, LARGEST, 4 * GB),
        (GB, 4 * GB, 2 * GB, 2 * GB),
        (GB, 4 * GB, GB // 2, GB),
        (None, 4 * GB, 2 * GB, 2 * GB),
        (None, 4 * GB, 0, 4 * GB),
    ],
)
def test_what_was_needed_elsewhere_makes_nothing_impossible_here(asked, wants, largest, gets):
    one = Run(RunId(0), task("fit", memory=asked), {}, frozenset(), Resources(memory=wants))
    assert lower_memory(one, lambda _: largest) is (gets != wants)
    assert one.resources.memory == gets


def test_each_kind_is_counted_by_itself():
    one = run(GB, retries=1)
    kinds = [FailureKind.LOST, FailureKind.CODE, FailureKind.MEMORY, FailureKind.LOST]
    assert [answers(one, kind, 1)[0] for kind in kinds] == [True, True, True, True]
