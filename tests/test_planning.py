"""What a plan keeps for the next one is dropped with the first thing that is not as it was.

The results are put into the store by hand: nothing runs here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.files import Files
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.freshness import Judgement, key_of
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Record, Seen, Task, TaskName, Usage
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.faces.desk import Desk
from phelps_jupyter.judge import Judge
from phelps_jupyter.parts import env_parts, outputs_of, task_parts
from phelps_jupyter.runtime.objects import object_path

CELLS = (
    "%%task load --env PHELPS_TEST\ntable = [3, 1, 2]",
    "%%task fit\nmodel = sum(table)",
    "%%task score\nimport math\nscore = math.sqrt(model)",
    "%%task other\nother = 1",
)


def write_notebook(folder: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "id": f"c{place}", "source": source, "metadata": {}, "outputs": []}
        for place, source in enumerate(sources)
    ]
    path = folder / "a.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def store_results(folder: Path) -> None:
    """A record for each task, as if it had run; ``load`` was seen to read data.csv."""
    desk = Desk(folder / "a.ipynb", None)
    store = DiskStore(str(folder / ".phelps"))
    made: dict[str, Digest] = {}
    for task, cell in desk.graph.tasks.items():
        declared = desk.graph.nodes[cell].task
        assert declared is not None
        outputs = tuple(store.put(name, f"{task} {name}") for name in outputs_of(desk.graph, declared))
        inputs = (
            Part(PartKind.INPUT, name, made[name], origin=f"task:{desk.graph.nodes[provider].task.name}")
            for name, provider in desk.graph.inputs[cell].items()
            if provider is not None and name in made
        )
        variables = env_parts(dict.fromkeys(declared.options.env, "on"))
        parts = (*task_parts(desk.graph, declared), *inputs, *variables)
        made.update((version.name, version.digest) for version in outputs)
        record = Record(key_of(parts), task, "a.ipynb", declared.body, parts, outputs, Usage(1.0), "box:0", 0.0)
        desk.index.add(replace(record, seen=Seen(data(folder, desk))) if task == "load" else record)
    desk.close()


def data(folder: Path, desk: Desk) -> tuple[Part, ...]:
    return Files(str(folder), desk.index).declared(["data.csv"], str(folder))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHELPS_TEST", "on")
    (tmp_path / "data.csv").write_text("1,2")
    write_notebook(tmp_path, *CELLS)
    store_results(tmp_path)
    return tmp_path


def fresh(folder: Path) -> int | None:
    desk = Desk(folder / "a.ipynb", None)
    try:
        return desk.fresh()
    finally:
        desk.close()


def stale(folder: Path) -> list[str]:
    """By judging each task, without what was kept."""
    desk = Desk(folder / "a.ipynb", None)
    try:
        return [str(task) for task, judged in desk.judge.all().items() if judged.verdict.value != "fresh"]
    finally:
        desk.close()


def test_a_plan_finds_nothing_to_run_and_so_does_the_next_one(project: Path):
    assert [fresh(project), fresh(project)] == [4, 4]
    assert stale(project) == []


def test_the_next_plan_judges_no_task(project: Path):
    fresh(project)
    desk = Desk(project / "a.ipynb", None)
    assert desk.fresh() == 4
    assert "judge" not in vars(desk)
    desk.close()


def edit(folder: Path) -> None:
    write_notebook(folder, CELLS[0], "%%task fit\nmodel = sum(table) + 1", *CELLS[2:])


def change_file(folder: Path) -> None:
    (folder / "data.csv").write_text("2,1")


def lose_output(folder: Path) -> None:
    desk = Desk(folder / "a.ipynb", None)
    record = desk.index.last("a.ipynb", TaskName("fit"))
    assert record is not None
    Path(object_path(record.outputs[0].digest, str(folder / ".phelps"))).unlink()
    desk.close()


def forget(folder: Path) -> None:
    desk = Desk(folder / "a.ipynb", None)
    desk.index.forget("a.ipynb", TaskName("other"))
    desk.close()


def run_with_another_result(folder: Path) -> None:
    desk = Desk(folder / "a.ipynb", None)
    record = desk.index.last("a.ipynb", TaskName("load"))
    assert record is not None
    version = replace(record.outputs[0], digest=DiskStore(str(folder / ".phelps")).put("table", "new").digest)
    desk.index.add(replace(record, outputs=(version,)))
    desk.close()


# what happens after a plan that found nothing to run, and the tasks that are not fresh then
EVENTS = [
    (edit, ["fit", "score"]),
    (change_file, ["load", "fit", "score"]),
    (lose_output, ["fit", "score"]),
    (forget, ["other"]),
    (run_with_another_result, ["fit", "score"]),
]


@pytest.mark.parametrize(("event", "expected"), EVENTS)
def test_a_plan_sees_what_happened_since_the_last_one(
    project: Path, event: Callable[[Path], None], expected: list[str]
):
    fresh(project)
    event(project)
    assert fresh(project) is None
    assert stale(project) == expected


def test_a_plan_sees_another_environment(project: Path, monkeypatch: pytest.MonkeyPatch):
    fresh(project)
    monkeypatch.setenv("PHELPS_TEST", "off")
    assert fresh(project) is None
    assert stale(project) == ["load", "fit", "score"]


def test_a_cell_more_is_one_to_run(project: Path):
    fresh(project)
    write_notebook(project, *CELLS, "%%task last\nlast = other")
    assert (fresh(project), stale(project)) == (None, ["last"])


RENAMED = (CELLS[0].replace("task load", "task read"), CELLS[1].replace("task fit", "task train"), *CELLS[2:])


def test_a_task_that_was_renamed_has_its_result(project: Path):
    write_notebook(project, *RENAMED)
    assert stale(project) == []
    # Its record is another name's until it was used: nothing is kept of such a plan.
    assert fresh(project) is None


def test_what_a_renamed_task_rests_on_counts_as_before(project: Path):
    write_notebook(project, *RENAMED)
    (project / "data.csv").write_text("2,1")
    desk = Desk(project / "a.ipynb", None)
    judged = {
        task: (one.verdict.value, [reason.kind for reason in one.reasons]) for task, one in told(desk.judge).items()
    }
    assert judged["read"] == ("stale", ["never_ran"])
    assert judged["train"] == ("undecided", ["upstream"])
    desk.close()


def test_what_was_forgotten_under_a_former_name_is_not_found(project: Path):
    desk = Desk(project / "a.ipynb", None)
    desk.index.forget("a.ipynb", TaskName("load"))
    desk.close()
    write_notebook(project, *RENAMED)
    assert stale(project) == ["read", "train", "score"]


class Questions(SqliteIndex):
    """Counts how often it is asked for results of equal code."""

    asked = 0

    def alike(self, codes: Iterable[Digest], most: int) -> Mapping[Digest, Sequence[Record]]:
        self.asked += 1
        return super().alike(codes, most)


@pytest.mark.parametrize(("cells", "questions"), [(CELLS, 0), (RENAMED, 1)])
def test_for_all_tasks_that_have_no_result_there_is_one_question(project: Path, cells: list[str], questions: int):
    write_notebook(project, *cells)
    desk = Desk(project / "a.ipynb", None)
    index = Questions(desk.index.path)
    replace(desk.judge, index=index).all()
    assert index.asked == questions
    index.close()
    desk.close()


def test_a_cell_less_leaves_the_others_fresh(project: Path):
    fresh(project)
    write_notebook(project, *CELLS[:-1])
    assert fresh(project) == 3
    assert fresh(project) == 3


EDITS = [
    *CELLS,
    "%%task load\ntable = [1]",
    "%%task fit\nmodel = max(table)",
    "%%task fit\nmodel = 1",
    "%%task score\nscore = model, other",
    "table = [1]",
    "import os\nos.environ['A'] = '1'",
    "math = 3",
    "print(math)",
    "%%task load\ntable = [1]\ndef total():\n    'Of a table.'\n    return 1",
    "%%task fit\nmodel = total.__doc__",
    "%%task fit\nmodel = total()",
    "import xml",
    "import xml.dom",
    "import xml.dom as dom",
    "%%task score\nscore = xml.dom",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(EDITS)), max_size=4))
def test_a_judge_that_follows_edits_says_what_a_new_one_says(project: Path, edits: list[tuple[int, str]]):
    desk = Desk(project / "a.ipynb", None)
    book = Notebook()
    book.read(desk.cells, 0.0)
    judge = desk.judge_of(book.graph())
    judge.all()
    for place, source in edits:
        book.ran(CellId(f"c{place}"), source, 1.0)
        judge = judge.moved_to(book.graph())
        assert told(judge) == told(desk.judge_of(book.graph()))
    desk.close()


def told(judge: Judge) -> dict[TaskName, Judgement]:
    return judge.all()


F = "%%task load\ndef table():\n    'Of what?'"
# cells that are all fresh, then another source of the second one, and the tasks that are not fresh with it
FURTHER = [
    ([F, "%%task fit\nmodel = table()"], "%%task fit\nmodel = table.__doc__", ["load", "fit"]),
    ([F, "%%task fit\nmodel = table.__doc__"], "%%task fit\nmodel = table()", ["load", "fit"]),
    (["import xml", "a = 1", "%%task fit\nmodel = xml.dom"], "import xml.dom as a", ["fit"]),
    (["import xml", "import xml.dom as a", "%%task fit\nmodel = xml.dom"], "a = 1", ["fit"]),
]


@pytest.mark.parametrize(("cells", "source", "stale"), FURTHER)
def test_an_edit_may_count_for_tasks_that_do_not_rest_on_it(
    project: Path, cells: list[str], source: str, stale: list[str]
):
    (project / ".phelps" / "state.db").unlink()
    write_notebook(project, *cells)
    store_results(project)
    desk = Desk(project / "a.ipynb", None)
    book = Notebook()
    book.read(desk.cells, 0.0)
    judge = desk.judge_of(book.graph())
    assert {judged.verdict.value for judged in judge.all().values()} == {"fresh"}
    book.ran(CellId("c1"), source, 1.0)
    after = judge.moved_to(book.graph())
    assert [task for task, judged in after.all().items() if judged.verdict.value != "fresh"] == stale
    assert told(after) == told(desk.judge_of(book.graph()))
    desk.close()


def test_an_edit_leaves_the_verdicts_above_it_alone(project: Path):
    desk = Desk(project / "a.ipynb", None)
    book = Notebook()
    book.read(desk.cells, 0.0)
    before = desk.judge_of(book.graph())
    verdicts = before.all()
    book.ran(CellId("c1"), "%%task fit\nmodel = sum(table) + 2", 1.0)
    after = before.moved_to(book.graph()).all()
    assert [task for task in after if after[task] is not verdicts[task]] == ["fit", "score"]
    desk.close()


def test_a_task_line_is_all_that_a_task_takes(project: Path):
    desk = Desk(project / "a.ipynb", None)
    assert desk.body(TaskName("other")) == "# %%task other\nother = 1"
    assert isinstance(desk.graph.nodes[CellId("c3")].task, Task)
    desk.close()
