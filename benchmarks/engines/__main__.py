"""`python -m benchmarks.engines`: runs the workloads with each tool and prints the table."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from benchmarks.engines import tables
from benchmarks.engines.pair import Amount, measured
from benchmarks.engines.session import Tool
from benchmarks.engines.tools import PLACES, tool
from benchmarks.engines.workload import Found, Workload
from benchmarks.engines.workloads import WORKLOADS

RESULTS = Path(__file__).with_name("RESULTS.md")
T = TypeVar("T")


@click.command()
@click.option("--tools", "wanted", default="", help="Only these, by name, with commas between.")
@click.option("--workloads", "chosen", default="", help="Only these, by name, with commas between.")
@click.option("--runs", default=3, show_default=True, help="Runs of each workload; the median is shown.")
@click.option("--scale", default=1.0, show_default=True, help="Sizes: 0.1 is a tenth of the tasks and bytes.")
@click.option("--limit", default=900.0, show_default=True, help="Seconds that one tool may take for one workload.")
@click.option("--write", is_flag=True, help=f"Write {RESULTS.name} beside this file.")
def main(wanted: str, chosen: str, runs: int, scale: float, limit: float, write: bool) -> None:
    """Run each workload with each tool. Exit code 1 when ours failed at one, or all was interrupted."""
    # Whoever ends us ends what we have started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tools = _installed(_picked(wanted, {name: tool(name) for name in PLACES}))
    workloads = _picked(chosen, {workload.name: workload for workload in WORKLOADS})
    results: dict[tuple[str, str], Found] = {}
    whole = _measure(tools, workloads, Amount(scale, runs, limit), results)
    through = [workload for workload in workloads if (tools[-1].name, workload.name) in results]
    page = tables.page(tools, through, results, shlex.join(word for word in sys.argv[1:] if word != "--write"))
    click.echo(page)
    if write:
        RESULTS.write_text(page)
    ours = [found for (name, _), found in results.items() if name.startswith("ours")]
    sys.exit(not whole or any(found.why for found in ours))


def _measure(
    tools: Sequence[Tool], workloads: Sequence[Workload], amount: Amount, results: dict[tuple[str, str], Found]
) -> bool:
    """Fill ``results``, by the names of tool and workload; False: interrupted."""
    try:
        for workload in workloads:
            for one in tools:
                results[one.name, workload.name] = found = measured(one, workload, amount)
                click.echo(f"{workload.name:<7} {one.name:<12} {_told(found)}", err=True)
    except KeyboardInterrupt:
        return False
    return True


def _picked(names: str, known: Mapping[str, T]) -> list[T]:
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise click.UsageError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def _installed(tools: Sequence[Tool]) -> list[Tool]:
    for one in tools:
        if one.version() is None:
            click.echo(f"{one.name}: left out, since {one.distribution} is not installed", err=True)
    found = [one for one in tools if one.version() is not None]
    if not found:
        raise click.UsageError("none of these tools is installed")
    return found


def _told(found: Found) -> str:
    figures = [f"{', '.join(f'{figure:.3g}' for figure in figures)}" for figures in found.figures.values()]
    return "; ".join([*figures, *found.said.values(), found.why]).strip("; ")


if __name__ == "__main__":
    main()
