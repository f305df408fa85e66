"""A task as front ends are told: its snapshot, its verdict, and the words for people. docs/protocol.md says how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.causes import summary
from phelps_jupyter.core.freshness import Judgement
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import SETTLED, RunState
from phelps_jupyter.core.snapshot import TaskView, progress_json, reason_json, task_json
from phelps_jupyter.faces.cards import because
from phelps_jupyter.faces.tables import verdict_word


def task_picture(
    view: TaskView, judgement: Judgement | None, needs: Sequence[Json], expected: float | None = None
) -> Json:
    """One task. ``judgement``: of now, where the snapshot's is that of before the last run; None: not known yet.

    ``expected``: seconds that its last result took; None: it has none.
    """
    reasons = () if judgement is None else judgement.reasons
    return task_json(view) | {
        "cell_id": view.cell,
        "needs": list(needs),
        "verdict": None if judgement is None else judgement.verdict.value,
        "verdict_words": "" if judgement is None else verdict_word(judgement.verdict),
        "reasons": [reason_json(reason) for reason in reasons],
        "why": summary(reasons),
        "because": because(view),
        "open": view.state is not None and view.state not in SETTLED,
        "is_older": view.is_older,
        "waits_for": view.waits_for,
        "skipped_for": view.skipped_for,
        "started_at": view.started_at,
        "ended_at": view.ended_at,
        "progress": progress_json(view.progress) if view.progress else None,
        "items": None,
        "expected": expected,
        "history": [asdict(attempt) for attempt in view.history],
    }


def engines_picture(machine: Machine) -> list[Json]:
    """The engines that are there, each with its host and what it runs. Called in the session's thread."""
    running = {
        run.engine: run.task.name
        for run in (machine.runs.by_id.get(number) for number, _ in machine.fleet.held)
        if run is not None and run.state in (RunState.SUBMITTED, RunState.RUNNING)
    }
    hosts = machine.fleet.hosts
    return [
        {
            "engine": engine,
            "host": hosts[slot.host].name,
            "cpus": hosts[slot.host].cpus,
            "memory": hosts[slot.host].memory,
            "labels": sorted(slot.labels),
            "task": running.get(engine),
        }
        for engine, slot in machine.fleet.engines.items()
    ]
