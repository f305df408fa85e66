"""What people are told of tasks in a table, in a line and on a card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.freshness import (
    ALWAYS,
    FORCED,
    NEVER_RAN,
    RESEEDED,
    Judgement,
    Reason,
    Verdict,
    compare,
    opaque_reason,
)
from phelps_jupyter.core.holds import expired
from phelps_jupyter.core.model import (
    CellId,
    Digest,
    Key,
    Part,
    PartKind,
    Record,
    RunState,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.faces.cards import headline, text
from phelps_jupyter.faces.tables import status_table, why_text
from phelps_jupyter.records.reasons import Evidence, Explanation

EDITED = Reason("code", "", "its code changed")
FIT = TaskView(TaskName("fit"), CellId("c"), 1, reasons=(NEVER_RAN,))


def row(view: TaskView, verdict: Verdict, *reasons: Reason) -> tuple[str, str]:
    """State and reason of a task in the table of all tasks."""
    table = status_table([view], {view.name: Judgement(verdict, reasons)})
    state, why = (str(next(iter(column.cells))) for column in table.columns[1:3])
    return state, why


def seen(state: RunState | None, *, is_older: bool = False) -> TaskView:
    return replace(FIT, state=state, is_older=is_older)


@pytest.mark.parametrize(
    ("view", "verdict", "told"),
    [
        (seen(None), Verdict.STALE, ("stale", "it never ran")),
        (seen(RunState.RUNNING), Verdict.STALE, ("▶ running", "it never ran")),
        (seen(RunState.RUNNING, is_older=True), Verdict.STALE, ("▶ running (older code), stale", "it never ran")),
        (seen(RunState.DONE), Verdict.FRESH, ("✓ done", "it never ran")),
        (seen(RunState.DONE), Verdict.STALE, ("✓ done, stale", "its code changed")),
        (seen(RunState.REUSED), Verdict.UNDECIDED, ("↺ reused, maybe stale", "its code changed")),
        (seen(RunState.FAILED), Verdict.STALE, ("✗ failed", "it never ran")),
    ],
)
def test_state_and_verdict_are_two_things(view: TaskView, verdict: Verdict, told: tuple[str, str]):
    reasons = () if verdict is Verdict.FRESH else (EDITED if view.state else NEVER_RAN,)
    assert row(view, verdict, *reasons) == told


VERSIONS = (Version("l", Digest("opaque-1"), 8, "list", opaque="[0]: itertools.count"),)
RECORD = Record(Key("k"), FIT.name, "", "", (), VERSIONS, Usage(), "", 0.0)
CODE, X = Part(PartKind.CODE, "", Digest("1")), Part(PartKind.INPUT, "x", Digest("1"), "3 rows", "task:load")
REASONS = {
    "it never ran": NEVER_RAN,
    "it was forced": FORCED,
    "it is declared --always": ALWAYS,
    "its seed changed, and it draws random numbers": RESEEDED,
    "its result is older than 1 h": expired(RECORD, 3600, 4000.0),
    "output `l` has no digest ([0]: itertools.count): used, not reused": opaque_reason(RECORD),
    "its code changed": compare([CODE], [replace(CODE, digest=Digest("2"))])[0],
    "input `x` changed (3 rows -> 4 rows)": compare([X], [replace(X, digest=Digest("2"), detail="4 rows")])[0],
    "its stored output `l` is missing": Reason("output_missing", "l", "its stored output `l` is missing"),
    **{
        text: compare([Part(kind, "n", Digest("1"))], [Part(kind, "n", Digest("2"))])[0]
        for kind, text in (
            (PartKind.FUNCTION, "`n`, which it uses, changed"),
            (PartKind.FILE, "file n changed"),
            (PartKind.MODULE, "module `n` changed"),
            (PartKind.VERSION, "n has another version"),
            (PartKind.ENV, "environment variable n changed"),
        )
    },
}


@pytest.mark.parametrize(("words", "reason"), REASONS.items())
def test_every_reason_is_told_by_why(words: str, reason: Reason | None):
    assert reason is not None
    told = why_text(Explanation(FIT.name, Verdict.STALE, (Evidence(reason),)), None, {FIT.name: "cell 1"})
    assert told.plain == f"fit (cell 1) is stale\n  - {words}"


def test_a_card_tells_what_could_not_be_seen():
    note = "reads by the network (10.0.0.1:80) are not seen; declare files with --reads"
    assert text(replace(seen(RunState.DONE), notes=(note,))) == f"✓ fit · done\n  {note}"


def test_a_card_says_that_older_code_runs():
    assert headline(seen(RunState.RUNNING, is_older=True), 3.0) == "▶ fit · running (older code), stale · 3 s"
    assert text(seen(RunState.SUBMITTED)) == "▸ fit · submitted\n  it never ran"
