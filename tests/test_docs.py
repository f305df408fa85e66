"""The pages for users say what is there, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from phelps_jupyter.core.options import OPTIONS, parse_cell
from phelps_jupyter.faces.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS_PAGE = (ROOT / "docs" / "cli.md").read_text()
OPTIONS_PAGE = (ROOT / "docs" / "options.md").read_text()


def test_every_option_has_its_row():
    rows = [f"| `{f'{spec.flag} {spec.metavar}'.strip()}` | {spec.help} |" for spec in OPTIONS]
    assert [row for row in rows if row not in OPTIONS_PAGE] == []


def test_no_other_option_is_promised():
    assert set(re.findall(r"(?<![\w-])--[a-z]+", OPTIONS_PAGE)) == {spec.flag for spec in OPTIONS}


def test_every_command_of_the_shell_is_told():
    assert set(re.findall(r"^\| `phelps (\w+) NOTEBOOK", COMMANDS_PAGE, re.MULTILINE)) == set(main.commands)


def test_every_option_of_the_shell_is_told_and_no_other():
    told = set(re.findall(r"`(--?[a-z]+)", COMMANDS_PAGE.split("## In a notebook")[0]))
    parameters = [one for command in main.commands.values() for one in command.params if isinstance(one, click.Option)]
    assert told == {flag for parameter in parameters for flag in parameter.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_task_line_shown_is_a_right_one(page):
    shown = re.findall(r"^%%task (?!NAME).*", page.read_text(), re.MULTILINE)
    assert [line for line in shown if parse_cell(line) is None] == []
