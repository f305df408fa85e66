"""What follows from each kind of failure (SEMANTICS 6): another attempt, with more, or the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from phelps_jupyter.core.model import Failure, FailureKind, Resources, RunState
from phelps_jupyter.core.runs import Run

LOSSES_ALLOWED = 3
Largest = Callable[[Resources], int]
"""Tells bytes of the largest host that offers all else of what is asked for; 0 when none does."""


def allow_another(run: Run, failure: Failure, largest: Largest) -> bool:
    """Count the failure against what the run is allowed of its kind; whether it may go again.

    Where memory was short it then asks for more, up to what ``largest`` tells.
    """
    match failure.kind:
        case FailureKind.LOST:
            run.losses += 1
            return run.losses < LOSSES_ALLOWED
        case FailureKind.MEMORY:
            return _allow_more_memory(run, failure, largest)
        case FailureKind.CODE | FailureKind.TIMEOUT:
            run.retries_left -= 1
            return run.retries_left >= 0
        case FailureKind.IMPOSSIBLE | FailureKind.OUTPUT | FailureKind.DECLARATION:
            return False
        case _:
            assert_never(failure.kind)


def _allow_more_memory(run: Run, failure: Failure, largest: Largest) -> bool:
    """Twice its limit, when it was stopped there; the largest host to itself, when that had no more to give."""
    run.memory_failures += 1
    had = run.resources.memory
    if had is not None and not failure.type:
        more = min(2 * had, largest(run.resources))
        if more > had:
            run.ask_for_memory(more)
        return more > had
    most = 0 if run.resources.alone else largest(run.resources)
    if most:
        run.resources = replace(run.resources, memory=most, alone=True)
    return bool(most)


def memory_found(run: Run) -> int | None:
    """Bytes that a run which has settled was found to need, having run out of memory; None: nothing is known."""
    if not run.memory_failures:
        return None
    if not run.resources.alone:
        return run.resources.memory
    # It had a host to itself: what it held there, and some more, as no two runs hold the same.
    return run.usage.peak_memory * 5 // 4 if run.state is RunState.DONE else None


def lower_memory(run: Run, largest: Largest) -> bool:
    """Where no host is as large as what earlier attempts were found to need, it is content with the largest."""
    asked, wants = run.task.options.resources.memory, run.resources.memory
    if wants is None or wants == asked or not 0 < (most := largest(run.resources)) < wants:
        return False
    run.ask_for_memory(max(asked or 0, most))
    return True
