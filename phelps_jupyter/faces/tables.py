"""Status, plan and reasons as rich tables: the same in a terminal and, as HTML, in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from phelps_jupyter.core.causes import groups, summary
from phelps_jupyter.core.freshness import Judgement, Verdict
from phelps_jupyter.core.model import RunState, TaskName
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.faces.cards import GLYPHS, because, progress_words, state_words

if TYPE_CHECKING:
    # A plan tells no values: what compares them takes longer to import than all the rest.
    from phelps_jupyter.records.reasons import Evidence, Explanation

NAMED = 6
"""Of many tasks or causes, those told one by one."""

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
            Text(_why(view, verdicts.get(view.name))),
            "" if view.usage is None else f"{view.usage.seconds:.1f}",
            view.engine or "",
            Text(", ".join(f"{version.name}: {version.summary}" for version in view.outputs)),
        )
    return table


def _state(view: TaskView, judgement: Judgement | None) -> Text:
    if view.state is None:
        return Text(verdict_word(judgement.verdict) if judgement else "not run")
    told = f"{GLYPHS[view.state]} {state_words(view, view.state)}"
    if view.progress is not None:
        told += f", {progress_words(view.progress)}"
    if judgement is not None and _has_become_stale(view, judgement):
        return Text(f"{told}, {verdict_word(judgement.verdict)}", style="yellow")
    return Text(told, style=_STYLES.get(view.state, ""))


def _has_become_stale(view: TaskView, judgement: Judgement) -> bool:
    """Its last run ended well, and is not what a run would show now."""
    return view.state in (RunState.DONE, RunState.REUSED) and judgement.verdict is not Verdict.FRESH


def verdict_word(verdict: Verdict) -> str:
    """As people are told: undecided is "maybe stale"."""
    return "maybe stale" if verdict is Verdict.UNDECIDED else verdict.value


def _why(view: TaskView, judgement: Judgement | None) -> str:
    reasons = summary(judgement.reasons) if judgement else ""
    if judgement and reasons and (judgement.verdict is Verdict.FRESH or _has_become_stale(view, judgement)):
        # Somebody holds its result, or it stands no more, whatever its last run was for.
        return reasons
    return because(view) or reasons


def plan_table(judgements: Mapping[TaskName, Judgement], seconds: Mapping[TaskName, float]) -> Table:
    """What would run, by reasons, and how long it took last time."""
    table = Table("reason, task", "verdict", "last took", box=None, pad_edge=False)
    for group in groups(judgements):
        table.add_row(Text(group.reason, style="bold"))
        for task in group.tasks:
            took = f"{seconds[task]:.1f} s" if task in seconds else ""
            table.add_row(Text(f"  {task}"), verdict_word(judgements[task].verdict), took)
        if group.then:
            table.add_row(Text(f"  then maybe {_listed(group.then)}"), "", _summed(group.then, seconds))
    fresh = sum(judgement.verdict is Verdict.FRESH for judgement in judgements.values())
    table.caption = f"{len(judgements) - fresh} of {len(judgements)} tasks may run; {fresh} fresh"
    table.caption_justify = "left"
    return table


def _listed(tasks: Sequence[TaskName]) -> str:
    if len(tasks) <= NAMED:
        return ", ".join(tasks)
    return f"{len(tasks)} tasks below: {', '.join(tasks[:NAMED])}, .."


def _summed(tasks: Iterable[TaskName], seconds: Mapping[TaskName, float]) -> str:
    known = [seconds[task] for task in tasks if task in seconds]
    return f"{sum(known):.1f} s" if known else ""


def why_text(told: Explanation, view: TaskView | None, places: Mapping[TaskName, str]) -> Text:
    """Each reason for a task's state, with what changed and where it comes from. ``places``: the tasks' cells."""
    text = Text(f"{_placed(told.task, places)} is {verdict_word(told.verdict)}", style="bold")
    if view is not None and view.state is not None and view.state not in (RunState.DONE, RunState.REUSED):
        what = f" ({because(view)})" if because(view) else ""
        text.append(f"; its last run: {view.state.value}{what}", style="not bold")
    if told.note:
        text.append(f"; {told.note}", style="not bold")
    if told.ran:
        text.append("; it last ran because", style="not bold")
    for evidence in (*told.told, *told.ran):
        _add_evidence(text, evidence, places)
    return text


def _add_evidence(text: Text, evidence: Evidence, places: Mapping[TaskName, str]) -> None:
    reason = evidence.reason
    place = f" ({reason.place})" if reason.place and reason.place not in reason.text else ""
    text.append(f"\n  - {reason.text}{place}", style="not bold")
    for line in evidence.difference:
        text.append(f"\n      {line}", style=_LINE_STYLES.get(line[:1], "not bold"))
    for cause in evidence.because[:NAMED]:
        way = f", by way of {', '.join(cause.through[::-1])}" if cause.through else ""
        whose = f"of {_placed(cause.task, places)}: " if cause.task is not None else ""
        text.append(f"\n      because {whose}{cause.reason.text}{way}", style="not bold")
    if len(evidence.because) > NAMED:
        text.append(f"\n      and {len(evidence.because) - NAMED} reasons more", style="not bold")


_LINE_STYLES = {"-": "not bold red", "+": "not bold green"}


def _placed(task: TaskName, places: Mapping[TaskName, str]) -> str:
    return f"{task} ({places[task]})" if task in places else task
