"""Shows what was found as Markdown: medians with ratios to ours, and the words below. Runs nothing."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchmarks.engines.session import Tool
from benchmarks.engines.workload import Found, Row, Workload

Results = Mapping[tuple[str, str], Found]
"""By the names of tool and workload."""


def page(tools: Sequence[Tool], workloads: Sequence[Workload], results: Results, words: str) -> str:
    """The whole result as a document. ``words``: the options of the command."""
    head = [
        "# Engines: results",
        "",
        f"Written by `python -m benchmarks.engines {words}`; what the rows mean stands in [README.md](README.md).",
        "",
        machine(results),
        "",
        versions(tools),
        "",
    ]
    return "\n".join([*head, *table(tools, workloads, results), "", *details(tools, workloads, results)]) + "\n"


def machine(results: Results) -> str:
    """Where it was measured, and how busy that was."""
    loads = [found.load for found in results.values() if found.load]
    busy = f", load {min(loads):.1f} to {max(loads):.1f}" if loads else ""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} CPUs, {gigabytes:.0f} GB{busy}."


def versions(tools: Sequence[Tool]) -> str:
    """One line."""
    return ", ".join(f"{tool.name} {tool.version()}".rstrip() for tool in tools) + "."


def table(tools: Sequence[Tool], workloads: Sequence[Workload], results: Results) -> Iterator[str]:
    """Rows down, tools across. The ratio is to the first tool, if that has the figure."""
    yield _line(["", *(tool.name for tool in tools)])
    yield _line(["---"] + ["---:"] * len(tools))
    for workload in workloads:
        found = [results[tool.name, workload.name] for tool in tools]
        for row in workload.rows:
            yield _line([f"{row.name} ({row.unit})" if row.unit else row.name, *_cells(row, found)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row, found: Sequence[Found]) -> Iterator[str]:
    middles = [median(one.figures[row.name]) if row.name in one.figures else None for one in found]
    first = middles[0]
    for place, (one, middle) in enumerate(zip(found, middles, strict=True)):
        ratio = f" ({middle / first:.2g}x)" if place and middle and first and min(first, middle) > 0 else ""
        figure = "" if middle is None else f"{middle:.{row.digits}f}{ratio}"
        words = re.split(r" \(|;", one.said.get(row.name, one.why if middle is None else ""))[0]
        yield "; ".join(filter(None, (figure, words.split(":")[0]))) or "-"


def details(tools: Sequence[Tool], workloads: Sequence[Workload], results: Results) -> Iterator[str]:
    """What is said beside the figures, and why figures are missing."""
    for tool in tools:
        lines = list(_said(tool, workloads, results))
        if lines:
            yield from [f"## {tool.name}", "", *lines, ""]


def _said(tool: Tool, workloads: Sequence[Workload], results: Results) -> Iterator[str]:
    for workload in workloads:
        found = results[tool.name, workload.name]
        if found.why:
            yield f"- {workload.name}: {found.why}"
        for row, words in found.said.items():
            yield f"- {row}: {words}"
