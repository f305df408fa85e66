"""Engines by ipyparallel: the one place that knows it; none of its types leaves."""

from phelps_jupyter.adapters.ipyparallel.engines import IpyparallelEngines
from phelps_jupyter.adapters.ipyparallel.found import connection_of

__all__ = ["IpyparallelEngines", "connection_of"]
