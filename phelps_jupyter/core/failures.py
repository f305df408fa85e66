"""What follows from each kind of failure (SEMANTICS 6): another attempt, with more, or the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from phelps_jupyter.core.model import Failure, FailureKind, Resources, Usage
from phelps_jupyter.core.runs import Run

LOSSES_ALLOWED = 3
MEMORY_RETRIES = 1


def allow_another(run: Run, failure: Failure, usage: Usage, largest: Callable[[Resources], int]) -> bool:
    """Count the failure against what the run is allowed of its kind; whether it may go again.

    Where memory was short it then asks for twice as much, up to what ``largest`` tells: bytes of the largest host that
    it may run on.
    """
    match failure.kind:
        case FailureKind.LOST:
            run.losses += 1
            return run.losses < LOSSES_ALLOWED
        case FailureKind.MEMORY:
            return _allow_more_memory(run, usage, largest)
        case FailureKind.CODE | FailureKind.TIMEOUT:
            run.retries_left -= 1
            return run.retries_left >= 0
        case FailureKind.IMPOSSIBLE | FailureKind.OUTPUT | FailureKind.DECLARATION:
            return False
        case _:
            assert_never(failure.kind)


def _allow_more_memory(run: Run, usage: Usage, largest: Callable[[Resources], int]) -> bool:
    had = run.resources.memory or usage.peak_memory
    more = min(2 * had, largest(run.resources))
    run.memory_failures += 1
    if run.memory_failures > MEMORY_RETRIES or more <= had:
        return False
    run.ask_for_memory(more)
    return True
