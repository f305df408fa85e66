"""What goes wrong: an engine is killed, a task takes too much memory, a task is cancelled."""

from __future__ import annotations

from pathlib import Path

from benchmarks.engines import bodies, graph
from benchmarks.engines.graph import Node
from benchmarks.engines.session import SLOTS
from benchmarks.engines.workload import Row, Trial, Workload

KILL = Row("an engine is killed: seconds more than undisturbed")
OVER = Row("a task over its 600 MiB: held when it was stopped", "MiB", 1.0, 0)
OVER_SECONDS = Row("a task over its 600 MiB: seconds until that was told")
CANCEL = {
    "python": Row("cancel (Python loop): slots free after"),
    "sleep": Row("cancel (sleep): slots free after"),
    "c": Row("cancel (inside C): slots free after"),
}
LIMIT, TAKES, STEP = 600, 1600, 25
"""MiB."""
BYSTANDERS = 6
SPIN = 8.0


def _kill(trial: Trial) -> None:
    nodes = graph.independent(trial.sized(60, 12), 0.05)
    after = graph.ideal(nodes, SLOTS) / 3
    for _ in trial.runs:
        with trial.session() as session:
            undisturbed = session.graph(nodes).seconds
            survived = session.survive(nodes, after)
        told = f" ({'; '.join(survived.said)})" if survived.said else ""
        trial.say(KILL, f"{survived.done} of {len(nodes)} done{told}")
        if survived.done == len(nodes):
            trial.note(KILL, survived.seconds - undisturbed)


def _memory(trial: Trial) -> None:
    log = trial.folder() / "log"
    log.touch()
    with trial.session(memory=LIMIT * bodies.MIB) as session:
        limited = session.limit(Node(0, bodies.hog, (TAKES, STEP, str(log))), graph.independent(BYSTANDERS, 0.3))
    held = _held(log)
    # It may have been tried again, even with a higher limit.
    trial.note(OVER, held[0] if held else 0)
    trial.note(OVER_SECONDS, limited.seconds)
    how_often = "once" if len(held) == 1 else f"{len(held)} times"
    told = f"ran {how_often}; {limited.bystanders} of {BYSTANDERS} bystanders done; says: {limited.said or 'nothing'}"
    trial.say(OVER, told)


def _held(log: Path) -> list[int]:
    """Of each try, in order, the most that it wrote it holds."""
    held: dict[str, int] = {}
    for line in log.read_text().splitlines():
        process, mebibytes = line.split()
        held[process] = int(mebibytes)
    return list(held.values())


def _cancel(trial: Trial) -> None:
    for kind, row in CANCEL.items():
        for _ in trial.runs:
            with trial.session() as session:
                seconds = session.cancel(kind, SPIN)
            trial.note(row, seconds)
            if seconds > SPIN - 2:
                trial.say(row, "not before it ended by itself")


WORKLOADS = (
    Workload("kill", (KILL,), _kill, runs_once=True),
    Workload("memory", (OVER, OVER_SECONDS), _memory, runs_once=True),
    Workload("cancel", tuple(CANCEL.values()), _cancel, runs_once=True),
)
