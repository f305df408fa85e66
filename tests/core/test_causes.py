"""From reasons to root causes, and tasks by the reasons that they have of their own."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.causes import Cause, Group, causes, groups, summary
from phelps_jupyter.core.freshness import Judgement, Reason, Verdict
from phelps_jupyter.core.model import TaskName

CODE = Reason("code", "", "its code changed")
NEVER = Reason("never_ran", "", "it never ran")
FRESH = Judgement(Verdict.FRESH)


def hangs(task: str) -> Reason:
    return Reason("upstream", task, f"task {task} is not fresh", upstream=TaskName(task))


def edited(name: str, place: str) -> Reason:
    return Reason("edited", name, f"input `{name}` may change: {place} was edited", place=place)


def judged(**reasons: Reason | tuple[Reason, ...]) -> dict[TaskName, Judgement]:
    """Judgements by task: stale, or undecided where a reason hangs on another task."""
    found = {}
    for task, told in reasons.items():
        several = told if isinstance(told, tuple) else (told,)
        verdict = Verdict.UNDECIDED if any(reason.hangs for reason in several) else Verdict.STALE
        found[TaskName(task)] = Judgement(verdict, several)
    return found


def test_a_cause_is_the_nearest_reason_of_a_tasks_own():
    assert causes(hangs("load"), judged(load=CODE)) == (Cause(TaskName("load"), CODE),)


def test_a_chain_is_followed_to_its_beginning():
    found = judged(load=CODE, clean=hangs("load"), fit=hangs("clean"))
    assert causes(hangs("fit"), found) == (Cause(TaskName("load"), CODE, (TaskName("fit"), TaskName("clean"))),)


def test_all_beginnings_are_found_each_once():
    found = judged(load=CODE, other=NEVER, clean=(hangs("load"), hangs("other")), fit=(hangs("clean"), hangs("load")))
    assert [(cause.task, cause.reason.kind) for cause in causes(hangs("fit"), found)] == [
        ("load", "code"),
        ("other", "never_ran"),
    ]


def test_a_reason_that_hangs_on_nobody_has_no_causes():
    assert causes(CODE, judged(load=CODE)) == ()


def test_a_task_that_is_gone_is_no_cause():
    assert causes(hangs("gone"), judged(load=CODE)) == ()


def test_tasks_with_one_reason_are_one_group():
    assert groups(judged(a=NEVER, b=NEVER)) == (Group("it never ran", (TaskName("a"), TaskName("b")), ()),)


def test_tasks_that_may_change_with_them_come_after():
    found = groups(judged(a=CODE, b=hangs("a"), c=hangs("b")))
    assert found == (Group("its code changed", (TaskName("a"),), (TaskName("b"), TaskName("c"))),)


def test_a_task_may_change_with_two_groups():
    found = groups(judged(a=CODE, b=NEVER, c=(hangs("a"), hangs("b"))))
    assert [(group.reason, group.then) for group in found] == [("its code changed", ("c",)), ("it never ran", ("c",))]


def test_a_task_with_a_reason_of_its_own_stands_with_that():
    found = groups(judged(a=CODE, b=(hangs("a"), edited("x", "cell 2"))))
    assert [(group.reason, group.tasks, group.then) for group in found] == [
        ("its code changed", ("a",), ()),
        ("cell 2 was edited", ("b",), ()),
    ]


def test_an_edited_cell_is_one_reason_whatever_is_read_of_it():
    found = groups(judged(a=edited("x", "cell 2"), b=edited("y", "cell 2"), c=(edited("x", "cells 2 and 3"), CODE)))
    assert [(group.reason, group.tasks) for group in found] == [
        ("cell 2 was edited", ("a", "b")),
        ("cells 2 and 3 were edited; its code changed", ("c",)),
    ]


def test_a_task_whose_upstream_is_fresh_by_now_stands_for_itself():
    found = groups({TaskName("a"): FRESH, **judged(b=hangs("a"))})
    assert [(group.reason, group.tasks) for group in found] == [("task a is not fresh", ("b",))]


def test_fresh_tasks_are_in_no_group():
    assert groups({TaskName("a"): FRESH}) == ()


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (2, "file 0 changed; file 1 changed"),
        (5, "5 files changed: 0, 1, 2, .."),
    ],
)
def test_of_many_reasons_of_a_kind_some_are_named(count, text):
    assert summary(Reason("file", str(place), f"file {place} changed") for place in range(count)) == text


def test_many_reasons_that_have_no_words_in_common_are_all_told():
    assert summary([CODE] * 4) == "; ".join(["its code changed"] * 4)
