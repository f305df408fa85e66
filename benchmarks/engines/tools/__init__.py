"""The columns of the table, in order; ratios are to the first."""

from __future__ import annotations

from importlib import import_module

from benchmarks.engines.session import Tool

PLACES = {
    "ours-none": ("ours", "NONE"),
    "ours-local": ("ours", "LOCAL"),
    "dask": ("dask", "TOOL"),
    "ray": ("ray", "TOOL"),
    "parsl": ("parsl", "TOOL"),
    "ipyparallel": ("ipyparallel", "TOOL"),
    "loky": ("pools", "LOKY"),
    "pool": ("pools", "POOL"),
}
"""Module and name of each."""


def tool(name: str) -> Tool:
    """The one of this name. No other is imported: that would count for the time and the memory of this one."""
    module, place = PLACES[name]
    found: Tool = getattr(import_module(f"{__name__}.{module}"), place)
    return found
