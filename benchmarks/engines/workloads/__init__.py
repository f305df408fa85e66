"""The rows of the table, in order."""

from __future__ import annotations

from benchmarks.engines.workload import Workload
from benchmarks.engines.workloads import dispatch, standing, trouble, values

WORKLOADS: tuple[Workload, ...] = (
    *dispatch.WORKLOADS,
    *values.WORKLOADS,
    *trouble.WORKLOADS,
    *standing.WORKLOADS,
)


def workload(name: str) -> Workload:
    """The one of this name."""
    return next(workload for workload in WORKLOADS if workload.name == name)
