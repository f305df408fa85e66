"""What attempts of kernels that are gone have finished since: recorded by the next kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from phelps_jupyter.outcomes import record_of_finished
from phelps_jupyter.ports import Index
from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.orders import Frame


def take_over(store: str, index: Index, keep: Callable[[Sequence[Frame]], str]) -> None:
    """Record all of them, and clear away what they left. ``keep``: stores what one has written."""
    for finished in attempts.finished(store):
        if finished.outcome.kind == "done":
            index.add(record_of_finished(finished, keep(finished.frames), time.time()))
        attempts.remove(finished.folder)
