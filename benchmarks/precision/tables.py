"""Shows the matrix to people: a table on the terminal, and a page in Markdown. Runs nothing."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence

from rich.table import Table

from benchmarks.precision.matrix import Column
from benchmarks.precision.project import Edit
from benchmarks.precision.verdicts import Grade

COLOURS = {
    Grade.EXACT: "green",
    Grade.NEEDLESS: "yellow",
    Grade.STALE: "red",
    Grade.FAILED: "magenta",
    Grade.NONE: "dim",
}
COUNTED = (Grade.EXACT, Grade.NEEDLESS, Grade.STALE, Grade.FAILED, Grade.NONE)


def terminal(columns: Sequence[Column], edits: Sequence[Edit]) -> Table:
    """Edits down, tools across, totals below."""
    table = Table("edit", *[f"{column.tool.name}\n{column.version}" for column in columns])
    for edit in edits:
        grades = [column.verdicts[edit.name].grade for column in columns]
        table.add_row(edit.title, *[f"[{COLOURS[grade]}]{grade.value}[/]" for grade in grades])
    table.add_section()
    for grade in COUNTED:
        table.add_row(grade.value, *[str(column.count(grade)) for column in columns])
    return table


def page(columns: Sequence[Column], edits: Sequence[Edit]) -> str:
    """The whole result as a document."""
    return "\n".join([*_head(columns), *_rows(columns, edits), "", *_details(columns, edits)]) + "\n"


def _head(columns: Sequence[Column]) -> Iterator[str]:
    yield "# Precision: results"
    yield ""
    versions = ", ".join(f"{column.tool.name} {column.version}" for column in columns)
    yield "Written by `python -m benchmarks.precision --write`; what the words mean stands in [README.md](README.md)."
    yield ""
    yield f"Python {platform.python_version()}; {versions}."
    yield ""


def _rows(columns: Sequence[Column], edits: Sequence[Edit]) -> Iterator[str]:
    yield _line(["edit", *(column.tool.name for column in columns)])
    yield _line(["---"] * (len(columns) + 1))
    for edit in edits:
        yield _line([edit.title, *(_cell(column.verdicts[edit.name].grade) for column in columns)])
    for grade in COUNTED:
        yield _line([f"**{grade.value}**", *(f"**{column.count(grade)}**" for column in columns)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(grade: Grade) -> str:
    return grade.value if grade in (Grade.EXACT, Grade.NONE) else f"**{grade.value}**"


def _details(columns: Sequence[Column], edits: Sequence[Edit]) -> Iterator[str]:
    for column in columns:
        told = [(edit, column.verdicts[edit.name]) for edit in edits]
        lines = [
            f"- {edit.title}: {verdict.grade.value}: {_short(verdict.detail)}"
            for edit, verdict in told
            if verdict.detail
        ]
        yield from [f"## {column.tool.name}", "", *(lines or ["All exact."]), ""]


def _short(text: str) -> str:
    return text.splitlines()[0]
