"""Cells in, graph out; and what runs find out about the code in them."""

from __future__ import annotations

from phelps_jupyter.core.model import (
    Cell,
    CellId,
    Digest,
    Part,
    PartKind,
    Resources,
    RunId,
    Seen,
    TaskName,
    Version,
)
from phelps_jupyter.core.notebook import Notebook, declare
from phelps_jupyter.core.runs import Run

LOAD = "%%task load\ntable = [3, 1, 2]"
SORTED = "%%task sorted --in table\ntable.sort()"
FIT = "%%task fit\nmodel = sum(table)"


def notebook(*sources: str) -> Notebook:
    found = Notebook()
    found.read([Cell(CellId(f"c{place}"), source) for place, source in enumerate(sources)], 0.0)
    return found


def run_of(found: Notebook, task: str, outputs: dict[str, str], changed: tuple[str, ...] = ()) -> Run:
    graph = found.graph()
    declared = graph.nodes[graph.tasks[TaskName(task)]].task
    assert declared is not None
    run = Run(RunId(0), declared, {}, frozenset(), Resources())
    run.outputs = tuple(Version(name, Digest(digest), 8, "") for name, digest in outputs.items())
    run.changed = changed
    return run


def provider(found: Notebook, task: str, name: str) -> str | None:
    graph = found.graph()
    return graph.inputs[graph.tasks[TaskName(task)]][name]


def test_a_cell_with_a_task_line_declares_a_task():
    _, task, bindings = declare(Cell(CellId("c"), "%%task fit --cpus 2\nmodel = sum(table)"))
    assert task is not None
    assert (task.name, task.cell, task.options.resources.cpus) == ("fit", "c", 2)
    assert (bindings.reads & {"table"}, bindings.writes) == ({"table"}, {"model"})


def test_the_body_keeps_the_cells_line_numbers():
    _, task, _ = declare(Cell(CellId("c"), FIT))
    assert task is not None
    assert task.body.splitlines()[1] == "model = sum(table)"


def test_any_other_cell_is_plain():
    cell, task, bindings = declare(Cell(CellId("c"), "x = 1"))
    assert (cell.id, task, bindings.writes) == ("c", None, {"x"})


def test_a_task_line_that_is_wrong_is_a_cell_with_an_error():
    _, task, bindings = declare(Cell(CellId("c"), "%%task fit --cups 2\nx = 1"))
    assert task is None
    assert bindings.error is not None
    assert "--cups" in bindings.error


def test_the_graph_has_the_tasks_in_document_order():
    assert list(notebook("x = 1", LOAD, FIT).graph().tasks) == ["load", "fit"]


def test_a_cell_that_is_executed_counts_at_once():
    found = notebook(LOAD)
    assert found.ran(CellId("new"), FIT, 1.0) == "new"
    assert list(found.graph().tasks) == ["load", "fit"]


def test_a_guessed_change_provides_the_name_anew():
    assert provider(notebook(LOAD, SORTED, FIT), "fit", "table") == "c1"


def test_a_guess_that_digests_overrule_is_learned():
    found = notebook(LOAD, SORTED, FIT)
    learned = found.learn(run_of(found, "sorted", {"table": "d1"}), {"table": Digest("d1")})
    assert learned is not None
    assert learned.denied == {"table"}
    assert provider(found, "fit", "table") == "c0"


def test_names_that_a_plain_cell_was_seen_to_bind_are_learned():
    found = notebook("b = 1", "from m import *\na = 2", "%%task t\nprint(b)", "b = 2")
    found.graph()
    assert provider(found, "t", "b") == "c0"
    learned = found.learn_bound(CellId("c1"), ["a", "b", "_c"])
    assert learned is not None
    assert learned.added == {"b"}
    assert provider(found, "t", "b") == "c1"
    assert found.learn_bound(CellId("c1"), ["b"]) is None
    assert found.learn_bound(CellId("c3"), ["c"]) is None


def test_a_guess_that_was_right_is_no_news():
    found = notebook(LOAD, SORTED, FIT)
    assert found.learn(run_of(found, "sorted", {"table": "d2"}, ("table",)), {"table": Digest("d1")}) is None


def test_a_change_that_nobody_foresaw_is_learned():
    found = notebook(LOAD, "%%task quiet\nprint(len(table))", FIT)
    learned = found.learn(run_of(found, "quiet", {"table": "d2"}, ("table",)), {"table": Digest("d1")})
    assert learned is not None
    assert learned.added == {"table"}
    assert provider(found, "fit", "table") == "c1"


def test_what_was_learned_once_is_no_news():
    found = notebook(LOAD, SORTED, FIT)
    run = run_of(found, "sorted", {"table": "d1"})
    found.learn(run, {"table": Digest("d1")})
    assert found.learn(run, {"table": Digest("d1")}) is None


def test_a_later_run_takes_a_denial_back():
    found = notebook(LOAD, SORTED, FIT)
    found.learn(run_of(found, "sorted", {"table": "d1"}), {"table": Digest("d1")})
    learned = found.learn(run_of(found, "sorted", {"table": "d2"}, ("table",)), {"table": Digest("d1")})
    assert learned is not None
    assert learned.denied == frozenset()


def test_what_was_learned_goes_with_the_code():
    found = notebook(LOAD, SORTED, FIT)
    found.learn(run_of(found, "sorted", {"table": "d1"}), {"table": Digest("d1")})
    found.ran(CellId("c1"), "%%task sorted --in table\ntable.sort(key=abs)", 1.0)
    assert provider(found, "fit", "table") == "c1"


def test_the_files_that_a_run_was_seen_to_use_are_learned():
    found = notebook(LOAD)
    run = run_of(found, "load", {"table": "d1"})
    table = Part(PartKind.FILE, "table.csv", Digest("f1"))
    run.seen = Seen(
        (table, Part(PartKind.FOLDER, "data", Digest("f2"))), files=(Part(PartKind.FILE, "out.csv", table.digest),)
    )
    learned = found.learn(run, {})
    assert learned is not None
    assert (learned.read, learned.wrote) == ({"table.csv", "data/"}, {"out.csv"})
