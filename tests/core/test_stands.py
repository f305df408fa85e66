"""Whether one record stands, and whether it can be known that no other one of its code does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.freshness import awaits_input, relocated, stands
from phelps_jupyter.core.model import Digest, Key, Part, PartKind, Record, TaskName, Usage

CODE = Part(PartKind.CODE, "", Digest("code"))
INPUT = Part(PartKind.INPUT, "x", Digest("x1"), origin="task:load")
RECORD = Record(Key("k"), TaskName("fit"), "a.ipynb", "", (CODE, INPUT), (), Usage(), "", 0.0)


def now(digests: dict[str, str | None]):  # type: ignore[no-untyped-def]  # what ``stands`` takes
    return lambda part, _record: digests.get(part.name, part.digest)


# the record, digests that are others now, the seed, whether it stands
STANDS = [
    (RECORD, {}, "7", True),
    (RECORD, {"x": "x2"}, "7", False),
    (RECORD, {"x": None}, "7", False),
    (replace(RECORD, reusable=False), {}, "7", False),
    (replace(RECORD, seed="7"), {}, "7", True),
    (replace(RECORD, seed="8"), {}, "7", False),
]


@pytest.mark.parametrize(("record", "digests", "seed", "expected"), STANDS)
def test_a_record_stands_where_all_is_as_it_was(
    record: Record, digests: dict[str, str | None], seed: str, expected: bool
) -> None:
    assert stands(record, now(digests), seed) == expected


# digests that are others now, whether the same code waits for an input
AWAITS = [({}, False), ({"x": "x2"}, False), ({"x": None}, True), ({"": "edited", "x": None}, False)]


@pytest.mark.parametrize(("digests", "expected"), AWAITS)
def test_an_input_of_the_same_code_can_be_unknown(digests: dict[str, str | None], expected: bool) -> None:
    assert awaits_input(RECORD, now(digests)) == expected


def test_equal_parts_that_come_from_elsewhere_keep_what_is_told_of_them() -> None:
    made = replace(INPUT, detail="3 rows", origin="cell:old", source="text of old")
    (moved,) = relocated((made,), (CODE, replace(INPUT, origin="cell:new")))
    assert (moved.detail, moved.origin, moved.source) == ("3 rows", "cell:new", "text of old")
    (moved,) = relocated((made,), (replace(INPUT, origin="cell:new", source="text of new"),))
    assert moved.source == "text of new"
