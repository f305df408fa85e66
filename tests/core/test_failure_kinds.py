"""Each kind of failure, and whether another attempt is worth its while."""

from __future__ import annotations

import pytest
from documents import GB, task

from phelps_jupyter.core.failures import allow_another
from phelps_jupyter.core.model import Failure, FailureKind, Resources, RunId, Usage
from phelps_jupyter.core.runs import Run

LARGEST = 16 * GB


def run(memory: int | None = None, retries: int = 0) -> Run:
    return Run(RunId(0), task("fit"), {}, frozenset(), Resources(memory=memory), retries_left=retries)


def answers(one: Run, kind: FailureKind, times: int, peak: int = 0) -> list[bool]:
    return [allow_another(one, Failure(kind, "it failed"), Usage(1.0, peak), lambda _: LARGEST) for _ in range(times)]


@pytest.mark.parametrize(
    ("kind", "retries", "expected"),
    [
        (FailureKind.LOST, 0, [True, True, False]),
        (FailureKind.LOST, 5, [True, True, False]),
        (FailureKind.CODE, 0, [False]),
        (FailureKind.CODE, 2, [True, True, False]),
        (FailureKind.TIMEOUT, 0, [False]),
        (FailureKind.TIMEOUT, 1, [True, False]),
        (FailureKind.MEMORY, 0, [True, False]),
        (FailureKind.MEMORY, 5, [True, False]),
        (FailureKind.OUTPUT, 5, [False]),
        (FailureKind.DECLARATION, 5, [False]),
        (FailureKind.IMPOSSIBLE, 5, [False]),
    ],
)
def test_what_each_kind_allows(kind, retries, expected):
    assert answers(run(GB, retries), kind, len(expected)) == expected


@pytest.mark.parametrize(
    ("memory", "peak", "next_memory"),
    [(GB, 0, 2 * GB), (GB, 3 * GB, 2 * GB), (None, 3 * GB, 6 * GB), (12 * GB, 0, LARGEST)],
)
def test_twice_the_memory_is_asked_for(memory, peak, next_memory):
    one = run(memory)
    assert answers(one, FailureKind.MEMORY, 1, peak) == [True]
    assert one.resources.memory == next_memory


@pytest.mark.parametrize(("memory", "peak"), [(LARGEST, 0), (None, LARGEST), (None, 0)])
def test_where_no_host_has_more_there_is_no_other_attempt(memory, peak):
    one = run(memory)
    assert answers(one, FailureKind.MEMORY, 1, peak) == [False]
    assert one.resources.memory == memory


def test_each_kind_is_counted_by_itself():
    one = run(GB, retries=1)
    kinds = [FailureKind.LOST, FailureKind.CODE, FailureKind.MEMORY, FailureKind.LOST]
    assert [answers(one, kind, 1)[0] for kind in kinds] == [True, True, True, True]
