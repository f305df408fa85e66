"""Neighbours of the cases with proven answers, each against a fresh run: what is shown, what ran and what did not.

Every twelfth is played; ``PHELPS_NEIGHBOURS=all`` plays all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from forks import Forks
from neighbours import Case, cases
from watching import Theatre

pytestmark = pytest.mark.notebook

KNOWN = {
    "scope/star_import": "of a star import, names that are read are kept: with another reader it runs again",
    "C-count": "itertools are no longer pickled from Python 3.14 on: they have no digest",
}
"""Cases that fail today, and why."""

ALL = [*cases("neighbours"), *cases("pairs")]
CASES = ALL if os.environ.get("PHELPS_NEIGHBOURS") == "all" else ALL[::12]


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.xfail(reason=KNOWN[name], strict=True)] if name in KNOWN else []


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    started = Forks()
    yield started
    started.close()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=_marks(case.name)) for case in CASES])
def test_a_neighbour_shows_what_a_fresh_run_shows_and_runs_no_more(case: Case, forks: Forks, tmp_path: Path) -> None:
    assert Theatre(tmp_path, forks).play(case) == [], case.about


def test_what_is_known_to_fail_is_a_case() -> None:
    assert KNOWN.keys() <= {case.name for case in ALL}
