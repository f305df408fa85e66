"""The attempts of a run: when each waited for an engine, was handed over, ran, and how it ended. Derived from the steps
that the run has taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from phelps_jupyter.core.model import SETTLED, RunState
from phelps_jupyter.core.runs import Run


@dataclass(frozen=True, slots=True)
class Attempt:
    """Times are seconds since the epoch; None: not yet, or never."""

    engine: str
    """``host:engine``."""
    ready_at: float
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    end: str = ""
    """How it ended: the state of its run, or the kind of failure after which there was another; nothing: it has not."""
    peak_memory: int | None = None
    """Bytes that it held at most; None: it has not ended, or nothing is known."""


def attempts(run: Run) -> Sequence[Attempt]:
    """Those that engines were given, the oldest first."""
    found: list[Attempt] = []
    ready_at, kinds = 0.0, iter(run.failures)
    for move in run.moves:
        if move.state is RunState.SUBMITTED:
            found.append(Attempt(move.place, ready_at, move.at))
        elif move.state is RunState.RUNNING:
            found[-1] = replace(found[-1], started_at=move.at)
        elif move.state is RunState.READY:
            ready_at = move.at
            if found:
                found[-1] = replace(
                    found[-1], ended_at=move.at, end=next(kinds).kind.value, peak_memory=move.peak_memory
                )
        elif move.state in SETTLED and found and found[-1].ended_at is None:
            found[-1] = replace(found[-1], ended_at=move.at, end=move.state.value, peak_memory=move.peak_memory)
    return found
