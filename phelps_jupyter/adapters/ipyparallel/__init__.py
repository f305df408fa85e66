"""Engines by ipyparallel: the one place that knows it; none of its types leaves."""

from phelps_jupyter.adapters.ipyparallel.engines import IpyparallelEngines

__all__ = ["IpyparallelEngines"]
