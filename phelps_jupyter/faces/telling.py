"""What a desk shows, as the JSON contract's objects: tasks, cells, and what a run would take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from phelps_jupyter.core.causes import groups
from phelps_jupyter.core.forecast import forecast
from phelps_jupyter.core.freshness import Verdict
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.core.snapshot import TaskView, reason_json, sources, task_json
from phelps_jupyter.faces.desk import Desk

if TYPE_CHECKING:
    from phelps_jupyter.records.reasons import Evidence


def views(desk: Desk) -> list[TaskView]:
    """Every task, as its last run in any kernel left it."""
    return [_view(desk, task) for task in desk.graph.tasks]


def _view(desk: Desk, task: TaskName) -> TaskView:
    cell = desk.graph.tasks[task]
    judged = desk.judge.of(task)
    view = TaskView(
        task,
        cell,
        desk.graph.nodes[cell].index + 1,
        judged.verdict,
        judged.reasons,
        reads=sources(desk.graph, cell),
    )
    told = desk.index.ended(desk.name, task)
    if told is not None:
        view = replace(view, state=told.state, failure=told.failure, attempts=told.attempts, engine=told.engine)
    record = judged.record or desk.index.last(desk.name, task)
    if record is None:
        return view
    return replace(view, usage=record.usage, outputs=record.outputs)


def desk_json(desk: Desk, notebook: str) -> dict[str, Any]:
    """The JSON contract's object."""
    found = views(desk)
    judged = desk.judge.all()
    cells = [
        {
            "index": desk.places[cell],
            "id": cell,
            "task": node.task.name if node.task else None,
            "ran": False,
            "verdict": judged[node.task.name].verdict.value if node.task else None,
            "error": None,
        }
        for cell, node in desk.graph.nodes.items()
    ]
    return {
        "notebook": notebook,
        "ok": not any(view.state == "failed" for view in found),
        "tasks": [task_json(view) | {"cell": desk.places[view.cell]} for view in found],
        "cells": cells,
        "groups": [
            {"reason": group.reason, "tasks": list(group.tasks), "then": list(group.then)} for group in groups(judged)
        ],
        "forecast": forecast_json(desk),
    }


def why_json(desk: Desk, task: TaskName) -> dict[str, object]:
    """One task of the JSON contract, its reasons with their evidence."""
    told = desk.judge.explain(task)
    reasons = {"reasons": [_evidence_json(one) for one in told.told], "ran_because": [*map(_evidence_json, told.ran)]}
    return task_json(_view(desk, task)) | {"cell": desk.places[desk.graph.tasks[task]], "note": told.note} | reasons


def _evidence_json(evidence: Evidence) -> dict[str, object]:
    causes = [
        {"task": cause.task, "through": list(cause.through), "reason": reason_json(cause.reason)}
        for cause in evidence.because
    ]
    return reason_json(evidence.reason) | {"difference": list(evidence.difference), "because": causes}


def forecast_json(desk: Desk) -> dict[str, object]:
    """What running all that is not fresh would take, by its last runs: seconds at least and at most, bytes."""
    judged = desk.judge.all()
    stale = [task for task in desk.graph.tasks if judged[task].verdict is not Verdict.FRESH]
    told = forecast(desk.graph, stale, desk.seconds)
    records = (desk.index.last(desk.name, task) for task in stale)
    peaks = [record.usage.peak_memory for record in records if record is not None]
    return {
        "seconds": [round(told.least, 3), round(told.most, 3)],
        "peak_memory": max(peaks, default=None),
        "critical_path": list(told.critical_path),
        "unknown": list(told.unknown),
    }
