"""Notebooks and edits by chance: running what is stale shows what a fresh run shows, and runs nothing for nothing.

``PHELPS_EXAMPLES=500`` plays that many longer stories, from ``PHELPS_SEED`` on; ``PHELPS_GAPS=1`` uses what we know
to show wrongly too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import command
import pytest
from forks import Forks
from playing import Stage, told
from stories import story

pytestmark = pytest.mark.notebook

FIRST = int(os.environ.get("PHELPS_SEED", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("PHELPS_EXAMPLES", "25")))
EDITS = 4 if "PHELPS_EXAMPLES" in os.environ else 2


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    started = Forks()
    yield started
    started.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_running_what_is_stale_shows_what_a_fresh_run_shows(seed: int, forks: Forks, tmp_path: Path) -> None:
    steps = story(seed, EDITS)
    stage = Stage(tmp_path, forks, lambda folder, cells: forks.ask("ours", folder=folder, cells=cells))
    wrong = stage.play(steps)
    assert wrong is None, told(steps, wrong)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [8, 18])
def test_the_command_does_what_these_tests_do_without_it(seed: int, forks: Forks, tmp_path: Path) -> None:
    steps = story(seed, 0)
    wrong = Stage(tmp_path, forks, command.run).play(steps)
    assert wrong is None, told(steps, wrong)
