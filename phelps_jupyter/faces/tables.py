"""Status, plan and reasons as rich tables: the same in a terminal and, as HTML, in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.table import Table
from rich.text import Text

from phelps_jupyter.core.freshness import Judgement, Verdict, code_diff
from phelps_jupyter.core.model import RunState, TaskName
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.faces.cards import GLYPHS, because

_STYLES = {
    RunState.DONE: "green",
    RunState.REUSED: "green",
    RunState.FAILED: "bold red",
    RunState.RUNNING: "blue",
    RunState.SKIPPED: "yellow",
    RunState.BLOCKED: "yellow",
}


def status_table(views: Iterable[TaskView], verdicts: Mapping[TaskName, Judgement]) -> Table:
    """Tasks with state, reason, time, engine and outputs."""
    table = Table("task", "state", "why", "seconds", "engine", "outputs", box=None, pad_edge=False)
    for view in views:
        table.add_row(
            view.name,
            _state(view, verdicts.get(view.name)),
            Text(because(view) or _reasons(verdicts.get(view.name))),
            "" if view.seconds is None else f"{view.seconds:.1f}",
            view.engine or "",
            Text(", ".join(f"{version.name}: {version.summary}" for version in view.outputs)),
        )
    return table


def _state(view: TaskView, judgement: Judgement | None) -> Text:
    if view.state is not None:
        return Text(f"{GLYPHS[view.state]} {view.state.value}", style=_STYLES.get(view.state, ""))
    return Text(verdict_word(judgement.verdict) if judgement else "not run")


def verdict_word(verdict: Verdict) -> str:
    """As people are told: undecided is "maybe stale"."""
    return "maybe stale" if verdict is Verdict.UNDECIDED else verdict.value


def _reasons(judgement: Judgement | None) -> str:
    return "; ".join(reason.text for reason in judgement.reasons) if judgement else ""


def plan_table(judgements: Mapping[TaskName, Judgement], seconds: Mapping[TaskName, float]) -> Table:
    """What would run, why, and how long it took last time."""
    table = Table("task", "verdict", "why", "last took", box=None, pad_edge=False)
    for task, judgement in judgements.items():
        if judgement.verdict is not Verdict.FRESH:
            took = f"{seconds[task]:.1f} s" if task in seconds else ""
            table.add_row(task, verdict_word(judgement.verdict), Text(_reasons(judgement)), took)
    fresh = sum(judgement.verdict is Verdict.FRESH for judgement in judgements.values())
    table.caption = f"{len(judgements) - fresh} of {len(judgements)} tasks may run; {fresh} fresh"
    table.caption_justify = "left"
    return table


def why_text(task: TaskName, body: str, judgement: Judgement, view: TaskView | None) -> Text:
    """Each reason for a task's state, with what changed of its code."""
    told = Text(f"{task} is {verdict_word(judgement.verdict)}", style="bold")
    if view is not None and view.state is not None:
        told.append(f"; its last run here: {view.state.value}", style="not bold")
        if because(view):
            told.append(f" ({because(view)})", style="not bold")
    for reason in judgement.reasons:
        told.append(f"\n  - {reason.text}", style="not bold")
    if judgement.record is not None and any(reason.kind == "code" for reason in judgement.reasons):
        told.append("\n" + code_diff(judgement.record.source, body), style="not bold")
    return told
