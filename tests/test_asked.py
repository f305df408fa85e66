"""What a task's line asks for now, and did not when its results were made. These are stored by hand: nothing runs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from phelps_jupyter.acceptance import acceptance, freeze
from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.freshness import Verdict, key_of
from phelps_jupyter.core.model import Part, PartKind, Record, TaskName, Usage
from phelps_jupyter.core.modules import version_digest
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces.desk import Desk
from phelps_jupyter.parts import PYTHON, env_parts, outputs_of, task_parts

SCALE = "%%task scale\nscale = 2"
TASKS = (TaskName("scale"), TaskName("fit"))


class Project:
    """A folder with a notebook of two tasks, and their results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = DiskStore(str(folder / ".phelps"))

    def write(self, options: str, body: str = "model = 1", *, turned: bool = False) -> None:
        sources = [SCALE, f"%%task fit {options}\n{body}"]
        if turned:
            sources.reverse()
        cells = [
            {"cell_type": "code", "id": f"c{place}", "source": source, "metadata": {}, "outputs": []}
            for place, source in enumerate(sources)
        ]
        told = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.folder / "a.ipynb").write_text(json.dumps(told))

    def desk(self) -> Desk:
        return Desk(self.folder / "a.ipynb", None)

    def store_results(self, python: str = "") -> None:
        """As if all had run now, as the notebook is. ``python``: on this version."""
        desk = self.desk()
        scale = self.store.put("scale", 2)
        for name in TASKS:
            task = desk.graph.nodes[desk.graph.tasks[name]].task
            assert task is not None
            inputs = [Part(PartKind.INPUT, one, scale.digest, origin="task:scale") for one in task.options.inputs or ()]
            files = desk.judge.outside.files.declared(task.options.reads, str(self.folder))
            own = [
                _on(part, python) if part.name == PYTHON and python else part for part in task_parts(desk.graph, task)
            ]
            parts = (*own, *inputs, *files, *env_parts(dict.fromkeys(task.options.env, "on")))
            outputs = tuple(scale if one == "scale" else self.store.put(one, 1) for one in outputs_of(desk.graph, task))
            record = Record(key_of(parts), name, "a.ipynb", task.body, parts, outputs, Usage(1.0), "box:0", 0.0)
            desk.index.add(replace(record, writes=task.options.writes))
        desk.close()

    def ran(self, options: str) -> None:
        self.write(options)
        self.store_results()

    def reasons(self, options: str, body: str = "model = 1", *, turned: bool = False) -> list[str]:
        """Why ``fit`` is stale with these options; nothing: it is fresh. ``turned``: its cell comes first."""
        self.write(options, body, turned=turned)
        desk = self.desk()
        judged = desk.judge.of(TaskName("fit"))
        desk.close()
        assert (judged.verdict is Verdict.FRESH) == (not judged.reasons)
        assert judged.verdict is not Verdict.UNDECIDED
        return [reason.text for reason in judged.reasons]

    def accept(self, options: str) -> None:
        self.write(options)
        desk = self.desk()
        hold = acceptance(desk.judge, TaskName("fit"))
        assert hold is not None
        desk.index.hold("a.ipynb", TaskName("fit"), hold)
        desk.close()


def _on(part: Part, python: str) -> Part:
    return replace(part, digest=version_digest(python), detail=python) if part.name == PYTHON and python else part


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("A", "B"):
        monkeypatch.setenv(f"PHELPS_{name}", "on")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


# the options as it ran, the options now, and why it is stale
LINES = [
    ("", "--env PHELPS_A", ["environment variable PHELPS_A is new to it"]),
    ("--env PHELPS_A", "", ["environment variable PHELPS_A is no longer used"]),
    ("--env PHELPS_A", "--env PHELPS_B PHELPS_A", ["environment variable PHELPS_B is new to it"]),
    ("--env PHELPS_A PHELPS_B", "--env PHELPS_B PHELPS_A", []),
    ("", "--reads a.csv", ["file a.csv is new to it"]),
    ("--reads a.csv", "", ["file a.csv is no longer used"]),
    ("--reads *.csv", "--reads a.csv", ["file b.csv is no longer used"]),
    ("--reads a.csv b.csv", "--reads *.csv", []),
    ("", "--in scale", ["input `scale` is new to it"]),
    ("--in scale", "", ["input `scale` is no longer used"]),
    ("", "--writes o.txt", ["its result has no file that `--writes o.txt` names"]),
    ("--writes o.txt", "--writes o.txt", []),
    ("--writes o.txt", "", []),
    ("", "--out model", []),
    ("", "--cpus 2 --mem 1GB --time 10min --on gpu --retries 2 --after scale", []),
    ("--cpus all --mem 1GB --time 10min --on gpu --retries 2 --after scale", "", []),
    ("", "--seed 7", []),
    ("", "--always", ["it is declared --always"]),
    ("", "--ttl 1h", ["its result is older than 1 h"]),
]


@pytest.mark.parametrize(("before", "now", "reasons"), LINES)
def test_of_a_changed_task_line_only_what_it_asks_to_count_makes_it_stale(
    project: Project, before: str, now: str, reasons: list[str]
):
    project.ran(before)
    assert project.reasons(now) == reasons


@pytest.mark.parametrize("options", ["--env PHELPS_A", "--reads a.csv", "--in scale"])
def test_an_edit_of_the_task_line_that_is_undone_brings_its_result_back(project: Project, options: str):
    project.ran("")
    project.ran(options)
    assert project.reasons("") == []
    project.ran("--env PHELPS_B")
    assert project.reasons(options) == []


def test_what_else_has_changed_is_told_as_well(project: Project):
    project.ran("")
    assert project.reasons("--env PHELPS_A", "model = 2") == [
        "its code changed",
        "environment variable PHELPS_A is new to it",
    ]


def test_the_order_of_cells_does_not_count(project: Project):
    project.ran("")
    assert project.reasons("", turned=True) == []


def test_a_declared_file_that_is_gone_is_told_once(project: Project):
    project.ran("--reads *.csv")
    (project.folder / "a.csv").unlink()
    assert project.reasons("--reads *.csv") == ["file a.csv is gone"]


@pytest.mark.parametrize(
    ("before", "now"),
    [("", "--env PHELPS_A"), ("--env PHELPS_A", ""), ("", "--reads a.csv"), ("--reads a.csv", "")],
)
def test_what_the_task_line_asks_for_anew_can_be_accepted_and_no_more(project: Project, before: str, now: str):
    project.ran(before)
    project.accept(now)
    desk = project.desk()
    assert desk.judge.of(TaskName("fit")).verdict is Verdict.FRESH
    desk.close()
    assert project.reasons(f"{now} --env PHELPS_B" if "env" not in now else "--env PHELPS_A PHELPS_B")[-1] == (
        "its result was accepted before this change"
    )


@pytest.mark.parametrize(("before", "now"), [("", "--in scale"), ("--in scale", "")])
def test_a_result_of_other_inputs_is_not_accepted(project: Project, before: str, now: str):
    project.ran(before)
    with pytest.raises(DeclarationError, match="made from other inputs"):
        project.accept(now)


def test_a_result_without_a_file_that_is_declared_is_not_accepted_and_can_be_frozen(project: Project):
    project.ran("")
    with pytest.raises(DeclarationError, match="its result has no file"):
        project.accept("--writes o.txt")
    desk = project.desk()
    desk.index.hold("a.ipynb", TaskName("fit"), freeze(desk.judge, TaskName("fit")))
    desk.close()
    desk = project.desk()
    assert desk.judge.of(TaskName("fit")).verdict is Verdict.FRESH
    desk.close()


def test_an_accepted_result_stands_no_more_when_another_file_is_declared(project: Project):
    project.ran("")
    project.accept("--env PHELPS_A")
    assert project.reasons("--env PHELPS_A --writes o.txt") == ["its result has no file that `--writes o.txt` names"]


def test_another_minor_version_of_python_makes_stale(project: Project):
    now = f"{sys.version_info.major}.{sys.version_info.minor}"
    project.write("")
    project.store_results(python="3.9")
    assert project.reasons("") == [f"Python has another version (3.9 -> {now})"]
    project.store_results(python=now)
    assert project.reasons("") == []
