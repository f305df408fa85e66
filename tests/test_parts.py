"""What of a key follows from the notebook's text."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.model import Cell, CellId, Task
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.parts import outputs_of, seed_of, seed_text


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


# the last cells below a task whose code may bind any name, and what it stores
BELOW = [
    (["%%task u\nb = 1"], ("c",)),
    (["%%task u\nb = a"], ("a", "c")),
    (["%%task u\nif c:\n    a = 2", "%%task v\nb = a"], ("a", "c")),
]


@pytest.mark.parametrize(("below", "stored"), BELOW)
def test_what_runs_have_shown_of_a_task_is_no_part_of_its_key(below: list[str], stored: tuple[str, ...]):
    notebook = Notebook()
    sources = ["a = 1", "%%task t\nexec('a = ' + str(6))\nc = 1", *below]
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)

    def outputs() -> tuple[str, ...]:
        graph = notebook.graph()
        task = graph.nodes[CellId("1")].task
        assert task is not None
        return outputs_of(graph, task)

    assert outputs() == stored
    code = notebook.graph().nodes[CellId("1")].bindings.code
    notebook.learned[code] = Learned(added=frozenset("a"))
    assert outputs() == stored
