"""Projects of any size, as each tool wants them: one graph, in which a task adds up what up to three tasks above made.

Knows how each tool writes such a project down; runs and measures nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NOTEBOOK = "made.ipynb"


@dataclass(frozen=True, slots=True)
class Step:
    """One task of the project. ``above``: the numbers of the tasks whose results it adds up."""

    number: int
    above: tuple[int, ...]

    @property
    def expression(self) -> str:
        """Its value, as Python that reads the values above by their names."""
        return " + ".join([f"x{one}" for one in self.above] + [str(self.number)])


def steps(count: int) -> Iterator[Step]:
    """The graph: a binary tree, a neighbour and something from far away."""
    for number in range(count):
        places = (number // 2, number - 1, (number * 7919) % number if number else 0)
        yield Step(number, tuple(sorted({place for place in places if 0 <= place < number})))


def values(count: int) -> list[int]:
    """What each task makes."""
    made: list[int] = []
    for step in steps(count):
        made.append((sum(made[one] for one in step.above) + step.number) % 1_000_003)
    return made


def task_source(step: Step) -> str:
    """A task's cell, three lines long."""
    return f"%%task t{step.number}\ntotal = {step.expression}\nx{step.number} = total % 1_000_003"


def plain_source(step: Step) -> str:
    """The same as a plain cell of three lines."""
    return f"# step {step.number}\n_total = {step.expression}\nx{step.number} = _total % 1_000_003"


def write_notebook(folder: Path, count: int) -> Path:
    """A notebook of this many tasks."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{step.number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": task_source(step).splitlines(keepends=True),
        }
        for step in steps(count)
    ]
    path = folder / NOTEBOOK
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def write_doit(folder: Path, count: int) -> list[str]:
    """doit: a Python action for each task, files between them. Returns the command that brings all up to date."""
    lines = ["DOIT_CONFIG = {'verbosity': 0}", "def write(targets):", "    open(targets[0], 'w').close()", ""]
    lines += ["def task_t():"]
    for step in steps(count):
        above = [f"x{one}" for one in step.above]
        target = f"'file_dep': {above!r}, 'targets': ['x{step.number}']"
        lines.append(f"    yield {{'name': '{step.number}', 'actions': [write], {target}}}")
    (folder / "dodo.py").write_text("\n".join(lines) + "\n")
    return ["doit"]


def write_ninja(folder: Path, count: int) -> list[str]:
    """ninja: a rule that makes empty files."""
    lines = ["rule make", "  command = : > $out"]
    for step in steps(count):
        lines.append(f"build x{step.number}: make {' '.join(f'x{one}' for one in step.above)}")
    (folder / "build.ninja").write_text("\n".join(lines) + "\n")
    return ["ninja"]


def write_snakemake(folder: Path, count: int) -> list[str]:
    """snakemake: a rule for each task, its files made already."""
    lines = [f"rule all:\n    input: {', '.join(repr(f'x{number}') for number in range(count))}"]
    for step in steps(count):
        above = ", ".join(repr(f"x{one}") for one in step.above)
        lines.append(
            f"rule t{step.number}:\n    input: [{above}]\n    output: 'x{step.number}'\n    shell: ': > {{output}}'"
        )
        path = folder / f"x{step.number}"
        path.touch()
        os.utime(path, (1_000_000_000 + step.number, 1_000_000_000 + step.number))
    (folder / "Snakefile").write_text("\n".join(lines) + "\n")
    return ["snakemake", "--quiet", "--cores", "1", "--rerun-triggers", "mtime"]


def write_joblib(folder: Path, count: int) -> list[str]:
    """joblib: one cached function, called for each task with the values of those above."""
    above = [step.above for step in steps(count)]
    (folder / "cached.py").write_text(
        "from joblib import Memory\n"
        "memory = Memory('cache', verbose=0)\n"
        "@memory.cache\n"
        "def task(number, *above):\n"
        "    return (sum(above) + number) % 1_000_003\n"
        "made = []\n"
        f"for number, above in enumerate({above!r}):\n"
        "    made.append(task(number, *(made[one] for one in above)))\n"
    )
    return ["python", "cached.py"]
