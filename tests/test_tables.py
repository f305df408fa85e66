"""What people are told of tasks in a table, in a line and on a card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.freshness import Judgement, Reason, Verdict
from phelps_jupyter.core.model import CellId, RunState, TaskName
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.faces.cards import headline, text
from phelps_jupyter.faces.tables import status_table

NEVER = Reason("never_ran", "", "it never ran")
EDITED = Reason("code", "", "its code changed")
FIT = TaskView(TaskName("fit"), CellId("c"), 1, reasons=(NEVER,))


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
    reasons = () if verdict is Verdict.FRESH else (EDITED if view.state else NEVER,)
    assert row(view, verdict, *reasons) == told


def test_a_card_says_that_older_code_runs():
    assert headline(seen(RunState.RUNNING, is_older=True), 3.0) == "▶ fit · running (older code), stale · 3 s"
    assert text(seen(RunState.SUBMITTED)) == "▸ fit · submitted\n  it never ran"
