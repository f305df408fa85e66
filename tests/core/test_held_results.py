"""Acceptances, freezes and age, from records and parts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import graph, task

from phelps_jupyter.core.freshness import key_of
from phelps_jupyter.core.holds import (
    Hold,
    HoldKind,
    accepted,
    covers,
    duration_text,
    expired,
    held_still,
    of_kind,
    pinned,
    unknown,
)
from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record, Seen, TaskName, Usage
from phelps_jupyter.core.plan import needed, providers

CODE = Part(PartKind.CODE, "", Digest("c1"))
RAW = Part(PartKind.INPUT, "raw", Digest("r1"), origin="task:load")
RATE = Part(PartKind.INPUT, "rate", Digest("s1"), origin="cell:L1")
DEEP = Part(PartKind.INPUT, "deep", Digest("d1"))
FILE = Part(PartKind.FILE, "a.csv", Digest("f1"))
TOOLS = Part(PartKind.MODULE, "tools", Digest("m1"))
RECORD = Record(
    Key("k"),
    TaskName("fit"),
    "",
    "",
    (CODE, RAW, RATE, DEEP, FILE),
    (),
    Usage(),
    "",
    10.0,
    seen=Seen((FILE,)),
    number=7,
)
HOLD = Hold(HoldKind.ACCEPT, 7, 50.0, because=("its code changed", "file a.csv changed"), parts=(FILE,))


def with_digest(part: Part, digest: str, origin: str | None = None) -> Part:
    return replace(part, digest=Digest(digest), origin=part.origin if origin is None else origin)


def is_covered(now: list[Part], told: tuple[Part, ...] = (FILE,)) -> bool:
    return covers(replace(HOLD, parts=told), RECORD, now)


def test_a_hold_says_why_the_result_stands():
    assert HOLD.reason.text == "accepted in spite of: its code changed; file a.csv changed"
    assert (HOLD.reason.kind, Hold(HoldKind.FREEZE, 7, 0.0).reason.kind) == ("accepted", "frozen")


def test_holds_are_found_by_their_kind():
    assert of_kind([HOLD], HoldKind.ACCEPT) is HOLD
    assert of_kind([HOLD], HoldKind.FREEZE) is None


def test_an_accepted_record_is_as_if_made_then_from_what_was_there():
    now = with_digest(FILE, "f2")
    found = accepted(replace(RECORD, reusable=False), replace(HOLD, conditions=(now,)))
    assert (found.at, found.reusable, found.seen.conditions) == (50.0, True, (now,))


@pytest.mark.parametrize(
    ("now", "covered"),
    [
        ([CODE, RAW, RATE, DEEP, FILE], True),
        ([with_digest(CODE, "c2"), RAW, RATE, DEEP, FILE], True),
        ([CODE, with_digest(RAW, "r2"), RATE, DEEP, FILE], True),
        ([CODE, RAW, with_digest(RATE, "s2", "cell:L2"), DEEP, FILE], True),
        ([CODE, RAW, with_digest(RATE, "s2"), DEEP, FILE], False),
        ([with_digest(CODE, "c2"), RAW, with_digest(RATE, "s2"), DEEP, FILE], False),
        ([CODE, RAW, RATE, with_digest(DEEP, "d2"), FILE], False),
        ([with_digest(CODE, "c2"), RAW, RATE, with_digest(DEEP, "d2"), FILE], True),
        ([CODE, RAW, RATE, DEEP, with_digest(FILE, "f2")], False),
        ([CODE, RAW, RATE, DEEP], False),
        ([with_digest(CODE, "c2"), RAW, RATE, DEEP], True),
        ([CODE, RAW, RATE, FILE], False),
        ([CODE, RAW, RATE, DEEP, FILE, TOOLS], False),
        ([with_digest(CODE, "c2"), RAW, RATE, DEEP, FILE, TOOLS], True),
    ],
)
def test_an_acceptance_covers_what_hangs_on_changed_code_and_nothing_else(now, covered):
    assert is_covered(now) is covered


def test_a_file_that_was_gone_when_it_was_accepted_may_be_gone():
    assert is_covered([CODE, RAW, RATE, DEEP], (with_digest(FILE, ""),))


def test_a_file_that_was_declared_no_more_when_it_was_accepted_may_be_missing():
    assert is_covered([CODE, RAW, RATE, DEEP], ())
    assert not is_covered([CODE, RAW, RATE, FILE], (FILE,))


def test_a_pinned_acceptance_goes_with_its_key_alone():
    now = [with_digest(CODE, "c2"), RAW, RATE, DEEP, FILE, TOOLS]
    hold = pinned(HOLD, key_of(now), now)
    assert hold.parts == (FILE, TOOLS)
    assert covers(hold, RECORD, now)
    assert not covers(hold, RECORD, now[:-1])


def test_what_uptodate_gives_is_known_once_the_kernel_has_found_it():
    asked = Part(PartKind.UPTODATE, "count()", Digest("u1"))
    record, hold = replace(RECORD, parts=(*RECORD.parts, asked)), replace(HOLD, parts=(FILE, asked))
    assert covers(hold, record, [*RECORD.parts, asked])
    assert not covers(hold, record, [*RECORD.parts, with_digest(asked, "u2")])
    told = "`--uptodate count()` may change: the kernel finds its value when the task runs"
    assert [(reason.kind, reason.text) for reason in unknown([(asked, None)])] == [("uptodate", told)]


def test_what_can_not_be_known_is_told_by_the_task_or_the_cells_that_it_comes_from():
    found = unknown([(CODE, CODE.digest), (RAW, None), (RATE, None)])
    assert [(reason.kind, reason.text, reason.upstream) for reason in found] == [
        ("upstream", "input `raw` may change: task load is not fresh", "load"),
        ("not_loaded", "input `rate` may change: a task that it comes from is not fresh", None),
    ]


@pytest.mark.parametrize(("ttl", "at", "told"), [(None, 1e9, None), (90, 100.0, None), (90, 101.0, "1 min 30 s")])
def test_a_result_expires_when_it_is_older_than_its_ttl(ttl, at, told):
    reason = expired(RECORD, ttl, at)
    assert (reason and (reason.kind, reason.text)) == (told and ("expired", f"its result is older than {told}"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(86400, "1 d"), (5400, "1 h 30 min"), (90061, "1 d 1 h 1 min 1 s"), (0.5, "0.5 s"), (0, "0 s")],
)
def test_a_duration_is_told_as_it_would_be_written(seconds, text):
    assert duration_text(seconds) == text


def test_a_task_that_is_held_still_needs_nothing_and_is_never_run_for_its_own_sake():
    before = graph(task("load"), task("fit", "load", always=True))
    after = held_still(before, [TaskName("fit"), TaskName("gone")])
    fit = after.nodes[after.tasks[TaskName("fit")]].task
    assert (fit.still, fit.options.always) == (True, False)
    assert (needed(after, fit.name), providers(after, fit.name)) == ((), {})
    assert (needed(before, fit.name), providers(before, fit.name)) == (("load",), {"load": "load"})


def test_where_nothing_is_frozen_the_graph_is_the_same():
    before = graph(task("load"))
    assert held_still(before, [TaskName("gone")]) is before
