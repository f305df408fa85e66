"""What of a key follows from the notebook's text."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.model import Cell, CellId, Task
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.parts import seed_of, seed_text


def task(line: str, body: str = "x = 1") -> Task:
    notebook = Notebook()
    notebook.read([Cell(CellId("c"), f"%%task {line}\n{body}")], 0.0)
    found = notebook.graph().nodes[CellId("c")].task
    assert found is not None
    return found


def test_a_seed_comes_from_the_tasks_name_and_from_nothing_else():
    assert seed_of(task("fit")) == seed_of(task("fit --cpus 2 --out x", "rate = 0.1\nx = 2"))
    assert seed_of(task("fit")) != seed_of(task("other"))


def test_a_seed_is_one_that_numpy_takes():
    assert all(0 <= (seed_of(task(f"t{number}")) or 0) < 2**32 for number in range(50))


@pytest.mark.parametrize(("line", "seed", "told"), [("fit --seed 7", 7, "7"), ("fit --seed none", None, "none")])
def test_a_seed_can_be_declared_or_left_out(line: str, seed: int | None, told: str):
    assert (seed_of(task(line)), seed_text(task(line))) == (seed, told)
