"""How soon a tool is there, and what it holds while nothing is to be done."""

from __future__ import annotations

from benchmarks.engines.workload import Row, Trial, Workload

COLD = Row("first result, from the start of its first process")
LOADED = Row("first result, where Python already runs")
IDLE = Row("idle, memory of the engine side", "MB", 1e-6, 0)


def _cold(trial: Trial) -> None:
    for _ in trial.runs:
        cold = trial.tool.cold(trial.tool.name, trial.folder())
        trial.note(COLD, cold.whole)
        trial.note(LOADED, cold.loaded)


def _idle(trial: Trial) -> None:
    with trial.session() as session:
        idle = session.idle()
    trial.note(IDLE, idle.size)
    trial.say(IDLE, f"{idle.processes} processes")


WORKLOADS = (Workload("cold", (COLD, LOADED), _cold), Workload("idle", (IDLE,), _idle, runs_once=True))
