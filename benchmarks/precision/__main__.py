"""`python -m benchmarks.precision`: runs the edit matrix and prints the table."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from benchmarks.precision import tables
from benchmarks.precision.answers import Answers
from benchmarks.precision.edits import all_edits
from benchmarks.precision.matrix import run
from benchmarks.precision.project import Edit
from benchmarks.precision.tool import Tool
from benchmarks.precision.tools import TOOLS
from benchmarks.precision.verdicts import Grade, Verdict

RESULTS = Path(__file__).with_name("RESULTS.md")

# Nobody's terminal is as narrow as what is assumed where there is none.
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


@click.command()
@click.option("--tools", "wanted", default="", help="Only these, by name, with commas between.")
@click.option("--edits", "chosen", default="", help="Only these, by name, with commas between.")
@click.option("--write", is_flag=True, help=f"Write {RESULTS.name} beside this file.")
@click.option("--answers", "only_answers", is_flag=True, help="Run no tool: print what each edit demands.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave the folders there, to look into.")
def main(wanted: str, chosen: str, write: bool, only_answers: bool, keep: Path | None) -> None:
    """Make each edit in each tool, and see what runs again. Exit code 1 when one of ours is not exact."""
    edits = _chosen(all_edits(), chosen)
    with tempfile.TemporaryDirectory(prefix="precision-") as temporary:
        root = keep.resolve() if keep else Path(temporary)
        if only_answers:
            _print_answers(Answers(root), edits)
            return
        columns = run(_installed(_picked(wanted)), edits, root, _tell)
    _console.print(tables.terminal(columns, edits))
    if write:
        RESULTS.write_text(tables.page(columns, edits))
    ours = [column for column in columns if column.tool is TOOLS[0]]
    sys.exit(any(column.count(Grade.EXACT) < len(edits) for column in ours))


def _chosen(edits: Sequence[Edit], names: str) -> list[Edit]:
    known = {edit.name: edit for edit in edits}
    return [known[name] for name in _names(names, known)]


def _picked(names: str) -> list[Tool]:
    known = {tool.name.lower(): tool for tool in TOOLS}
    return [known[name] for name in _names(names.lower(), known)]


def _names(names: str, known: dict[str, Tool] | dict[str, Edit]) -> list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise click.UsageError(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return wanted


def _installed(tools: Sequence[Tool]) -> list[Tool]:
    for tool in tools:
        if tool.version() is None:
            click.echo(f"{tool.name}: left out, since {tool.distributions[0]} is not installed")
    return [tool for tool in tools if tool.version() is not None]


def _tell(tool: str, edit: str, verdict: Verdict) -> None:
    ran = "" if verdict.grade is Grade.NONE else f"ran {', '.join(verdict.ran) or 'nothing'}; "
    click.echo(f"{tool:<10} {edit:<16} {verdict.grade.value:<9} {ran}{verdict.detail}")


def _print_answers(answers: Answers, edits: Sequence[Edit]) -> None:
    for edit in edits:
        answer = answers.of(edit)
        must, may = ", ".join(sorted(answer.must)) or "-", ", ".join(sorted(answer.may)) or "-"
        click.echo(f"{edit.name:<16} must run: {must}; may run: {may}")


if __name__ == "__main__":
    main()
