"""The columns of the table, in order."""

from __future__ import annotations

from benchmarks.precision.tool import Tool
from benchmarks.precision.tools import doit, dvc, hamilton, joblib, marimo, ours, redun, snakemake

TOOLS: tuple[Tool, ...] = (
    ours.TOOL,
    marimo.TOOL,
    dvc.TOOL,
    snakemake.TOOL,
    doit.TOOL,
    redun.TOOL,
    hamilton.TOOL,
    joblib.TOOL,
)
