"""Keys, verdicts and reasons, from parts and records alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phelps_jupyter.core.freshness import (
    NEVER_RAN,
    RESEEDED,
    Verdict,
    awaits_input,
    code_diff,
    compare,
    compare_records,
    judge,
    key_of,
    once,
)
from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record, Seen, TaskName, Usage, Version

CODE = Part(PartKind.CODE, "", Digest("c1"))
TABLE = Part(PartKind.INPUT, "table", Digest("t1"), "DataFrame 3 x 2", "task:load")
H = Part(PartKind.FUNCTION, "h", Digest("h1"), "cell 4")
ALIAS = Part(PartKind.INPUT, "a and b, one object", Digest("1"))
SCALE = Part(PartKind.INPUT, "scale", Digest("s1"), "2", "cell:lineage")
COUNT = Part(PartKind.UPTODATE, "count()", Digest("n1"), detail="5")

PARTS = st.builds(Part, st.sampled_from(PartKind), st.text(max_size=3), st.text(max_size=3))


def changed(part: Part, digest: str, detail: str = "") -> Part:
    return Part(part.kind, part.name, Digest(digest), detail, part.origin)


def record(*parts: Part, outputs: tuple[Version, ...] = (), reusable: bool = True) -> Record:
    name = TaskName("fit")
    return Record(Key("k"), name, "", "", parts, outputs, Usage(), "", 0.0, reusable=reusable)


def judged(records: list[Record], now: Mapping[Part, str | None] | None = None):
    """Judge by what has changed since: parts that are not told are as they were."""
    told = {(part.kind, part.name): digest for part, digest in (now or {}).items()}
    return judge(records, lambda part, _record: told.get((part.kind, part.name), part.digest))


@given(st.lists(PARTS))
def test_a_key_has_no_order(parts):
    assert key_of(parts) == key_of(reversed(parts))


@given(st.lists(PARTS, unique=True), st.lists(PARTS, unique=True))
def test_different_parts_make_different_keys(some, others):
    assert (key_of(some) == key_of(others)) == (set(some) == set(others))


def test_a_key_takes_any_text():
    assert key_of([Part(PartKind.FILE, "\udc80", Digest("d"))]) != key_of([])


@pytest.mark.parametrize(
    "other",
    [
        Part(PartKind.INPUT, "table", Digest("t1"), "another summary", "task:load"),
        Part(PartKind.INPUT, "table", Digest("t1"), "DataFrame 3 x 2", "cell:elsewhere"),
    ],
)
def test_what_is_for_people_is_not_in_the_key(other):
    assert key_of([TABLE]) == key_of([other])


def test_equal_makings_give_no_reason():
    assert compare([CODE, TABLE], [TABLE, CODE]) == ()


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (CODE, changed(CODE, "c2"), "its code changed"),
        (TABLE, changed(TABLE, "t2", "DataFrame 4 x 2"), "input `table` changed (DataFrame 3 x 2 -> DataFrame 4 x 2)"),
        (TABLE, changed(TABLE, "t2", "DataFrame 3 x 2"), "input `table` changed"),
        (TABLE, changed(TABLE, "t2"), "input `table` changed"),
        (None, TABLE, "input `table` is new to it"),
        (TABLE, None, "input `table` is no longer used"),
        (None, CODE, "code is new to it"),
        (None, Part(PartKind.CODE, "docstrings", Digest("d1")), "its docstrings are others"),
        (
            Part(PartKind.VERSION, "numpy", Digest("1"), "1.26"),
            Part(PartKind.VERSION, "numpy", Digest("2"), "2.0"),
            "numpy has another version (1.26 -> 2.0)",
        ),
    ],
)
def test_a_change_is_told(before, after, text):
    assert [reason.text for reason in compare([before] if before else [], [after] if after else [])] == [text]


@pytest.mark.parametrize("kind", list(PartKind))
def test_every_kind_of_change_can_be_told(kind):
    reasons = compare([Part(kind, "x", Digest("1"))], [Part(kind, "x", Digest("2"))])
    assert [reason.kind for reason in reasons] == [kind.value]


def test_the_code_comes_first():
    kinds = [reason.kind for reason in compare([SCALE, TABLE], [CODE])]
    assert kinds == ["code", "input", "input"]


def test_without_a_record_it_never_ran():
    verdict = judged([])
    assert (verdict.verdict, verdict.reasons, verdict.record) == (Verdict.STALE, (NEVER_RAN,), None)


def test_a_record_whose_parts_are_as_they_were_stands():
    stored = record(CODE, TABLE)
    verdict = judged([stored])
    assert (verdict.verdict, verdict.record) == (Verdict.FRESH, stored)


def test_an_undone_edit_brings_its_result_back():
    older, newer = record(CODE), record(changed(CODE, "c2"))
    assert judged([newer, older], {CODE: "c1"}).record is older


def test_of_two_that_stand_the_newest_does():
    newer, older = record(CODE, TABLE), record(CODE)
    assert judged([newer, older]).record is newer


def test_what_changed_since_the_last_record_is_the_reason():
    verdict = judged([record(CODE, TABLE)], {TABLE: "t2"})
    assert verdict.verdict is Verdict.STALE
    assert [reason.text for reason in verdict.reasons] == ["input `table` changed"]


def test_what_can_not_be_known_leaves_it_undecided():
    verdict = judged([record(CODE, TABLE, SCALE)], {TABLE: None, SCALE: None})
    assert verdict.verdict is Verdict.UNDECIDED
    assert [(reason.kind, reason.text) for reason in verdict.reasons] == [
        ("upstream", "input `table` may change: task load is not fresh"),
        ("not_loaded", "input `scale` may change: the cells above have changed or did not run"),
    ]


def test_what_uptodate_gives_is_known_to_the_kernel_alone():
    verdict = judged([record(CODE, COUNT)], {COUNT: None})
    told = "`--uptodate count()` may change: the kernel finds its value when the task runs"
    assert (verdict.verdict, [(reason.kind, reason.text) for reason in verdict.reasons]) == (
        Verdict.UNDECIDED,
        [("uptodate", told)],
    )


def test_another_expression_is_told_as_one_that_is_gone_and_one_that_is_new():
    verdict = judged([record(CODE, COUNT)], {COUNT: ""})
    assert [reason.text for reason in verdict.reasons] == ["`--uptodate count()` is gone"]
    assert [reason.text for reason in compare([CODE], [CODE, COUNT])] == ["`--uptodate count()` is new to it"]


def test_another_value_is_told_with_both():
    reasons = compare([COUNT], [replace(COUNT, digest=Digest("n2"), detail="6")])
    assert [reason.text for reason in reasons] == ["the value of `--uptodate count()` changed (5 -> 6)"]


def test_a_change_that_is_known_outweighs_what_is_not():
    verdict = judged([record(CODE, TABLE)], {CODE: "c2", TABLE: None})
    assert (verdict.verdict, [reason.kind for reason in verdict.reasons]) == (Verdict.STALE, ["code"])


@pytest.mark.parametrize(("hangs_on", "seed", "stands"), [("", "7", True), ("7", "7", True), ("7", "8", False)])
def test_a_result_that_hangs_on_a_seed_stands_with_that_seed_only(hangs_on, seed, stands):
    verdict = judge([replace(record(CODE), seed=hangs_on)], lambda part, _record: part.digest, seed)
    assert (verdict.verdict is Verdict.FRESH) is stands


def test_another_seed_is_the_reason_when_nothing_else_changed():
    verdict = judge([replace(record(CODE), seed="7")], lambda part, _record: part.digest, "8")
    assert (verdict.verdict, verdict.reasons) == (Verdict.STALE, (RESEEDED,))


@pytest.mark.parametrize("records", [[record(TABLE)], [record(TABLE), record(TABLE)]])
def test_a_part_is_looked_at_once(records: list[Record]):
    looked: list[str] = []

    def now(part: Part, _record: Record) -> Digest:
        looked.append(part.name)
        return Digest("other")

    judge(records, now)
    assert looked == ["table"]


def test_of_one_record_each_part_is_looked_at_once():
    one, another = record(TABLE, CODE), record(TABLE)
    looked: list[tuple[str, bool]] = []

    def current(part: Part, of: Record) -> Digest:
        looked.append((part.name, of is one))
        return part.digest

    now = once(one, current)
    assert [now(part, of) for of in (one, one, another, another) for part in of.parts] == ["t1", "c1"] * 2 + ["t1"] * 2
    assert looked == [("table", True), ("", True), ("table", False), ("table", False)]


def test_one_name_from_two_origins_is_looked_at_twice():
    elsewhere = Part(PartKind.INPUT, "table", Digest("t1"), origin="cell:lineage")
    looked: list[str] = []

    def now(part: Part, _record: Record) -> Digest | None:
        looked.append(part.origin)
        return part.digest if part.origin.startswith("task:") else None

    assert judge([record(elsewhere), record(TABLE)], now).verdict is Verdict.FRESH
    assert looked == ["cell:lineage", "task:load"]


def test_an_opaque_result_does_not_stand():
    lock = Version("lock", Digest("opaque-1"), 0, "lock", opaque=".lock: _thread.lock")
    verdict = judged([record(CODE, outputs=(lock,), reusable=False)])
    assert [reason.text for reason in verdict.reasons] == [
        "output `lock` has no digest (.lock: _thread.lock): used, not reused"
    ]


def test_a_result_that_is_not_kept_does_not_stand():
    verdict = judged([record(CODE, reusable=False)])
    assert [reason.text for reason in verdict.reasons] == ["its last result is not kept for reuse"]


def test_a_diff_shows_what_changed_without_file_names():
    assert code_diff("a = 1\nb = 2", "a = 1\nb = 3") == "@@ -1,2 +1,2 @@\n a = 1\n-b = 2\n+b = 3"


def test_equal_cells_have_no_diff():
    assert code_diff("a = 1", "a = 1") == ""


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (
            Part(PartKind.CODE, "outputs", Digest("1")),
            Part(PartKind.CODE, "outputs", Digest("2")),
            "its outputs are others",
        ),
        (H, changed(H, "h2", "cell 3"), "`h` in cell 3 changed"),
        (H, changed(H, "h2"), "`h` in cell 4 changed"),
        (changed(H, "h1"), changed(H, "h2"), "`h`, which it uses, changed"),
        (None, ALIAS, "`a` and `b` are one object now"),
        (ALIAS, None, "`a` and `b` are no longer one object"),
    ],
)
def test_a_change_is_told_in_its_own_words(before, after, text):
    assert [reason.text for reason in compare([before] if before else [], [after] if after else [])] == [text]


def test_a_reason_has_both_parts_as_evidence():
    after = changed(TABLE, "t2")
    reason = compare([TABLE], [after])[0]
    assert (reason.old, reason.new, reason.upstream) == (TABLE, after, "load")


def test_a_function_is_told_with_its_place():
    assert compare([H], [changed(H, "h2", "cell 3")])[0].place == "cell 3"


def test_what_is_gone_is_told():
    file = Part(PartKind.FILE, "a.csv", Digest("f1"))
    assert [reason.text for reason in judged([record(file)], {file: ""}).reasons] == ["file a.csv is gone"]


def test_what_follows_from_the_text_is_never_gone():
    part = Part(PartKind.CODE, "docstrings", Digest("d1"))
    assert [reason.text for reason in judged([record(part)], {part: ""}).reasons] == ["its docstrings are others"]


def test_only_what_hangs_on_another_task_is_no_reason_of_its_own():
    verdict = judged([record(TABLE, SCALE)], {TABLE: None, SCALE: None})
    assert [(reason.hangs, reason.upstream) for reason in verdict.reasons] == [(True, "load"), (False, None)]


def test_files_that_both_results_were_seen_to_use_are_compared():
    old, new = Part(PartKind.FILE, "a.csv", Digest("1")), Part(PartKind.FILE, "a.csv", Digest("2"))
    more = Part(PartKind.FILE, "b.csv", Digest("1"))
    before, after = (replace(record(CODE), seen=Seen(conditions)) for conditions in ((old, more), (new,)))
    assert [reason.text for reason in compare_records(before, after)] == ["file a.csv changed"]


def test_a_declared_file_that_was_seen_as_well_is_told_once():
    old, new = Part(PartKind.FILE, "a.csv", Digest("1")), Part(PartKind.FILE, "a.csv", Digest("2"))
    before, after = (replace(record(part), seen=Seen((part,))) for part in (old, new))
    assert len(compare_records(before, after)) == 1


def test_a_result_whose_file_changed_under_it_is_not_kept():
    torn = replace(record(CODE, reusable=False), seen=Seen(torn=("a.csv",)))
    assert [reason.text for reason in judged([torn]).reasons] == ["file a.csv changed while it ran"]


def test_nothing_of_a_code_stands_while_an_input_from_a_task_can_not_be_known():
    assert awaits_input(record(CODE, TABLE), lambda part, _record: part.digest if part == CODE else None)


@pytest.mark.parametrize("known", [SCALE, CODE])
def test_an_older_result_may_stand_when_plain_cells_are_others_or_the_code_is(known):
    stored = record(CODE, TABLE if known == SCALE else SCALE)
    assert not awaits_input(stored, lambda part, _record: part.digest if part == known else None)
