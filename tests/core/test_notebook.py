"""Cells in, graph out; and what runs find out about the code in them."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.model import (
    Cell,
    CellId,
    Digest,
    Part,
    PartKind,
    Resources,
    RunId,
    RunState,
    Seen,
    TaskName,
    Version,
)
from phelps_jupyter.core.nodes import Learned
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


def learn(found: Notebook, task: str, after: str, *, changed: bool, before: str = "d1") -> dict[str, Learned]:
    """What a run of this task tells of `table`, by the task whose code it is; that it ran is left out."""
    run = run_of(found, task, {"table": after}, ("table",) if changed else ())
    graph = found.graph()
    names = {graph.nodes[cell].bindings.code: name for name, cell in graph.tasks.items()}
    told = found.learn(run, {"table": Digest(before)})
    return {names[code]: learned for code, learned in told.items() if code in names}


def test_a_guess_that_digests_overrule_is_learned():
    found = notebook(LOAD, SORTED, FIT)
    assert learn(found, "sorted", "d1", changed=False) == {"sorted": Learned(denied=frozenset({"table"}))}
    assert provider(found, "fit", "table") == "c0"


def test_names_that_a_plain_cell_was_seen_to_bind_are_learned():
    found = notebook("b = 1", "from m import *\na = 2", "%%task t\nprint(b)", "b = 2")
    found.graph()
    assert provider(found, "t", "b") == "c0"
    learned = found.learn_plain(CellId("c1"), ["a", "b", "_c"], ())
    assert learned is not None
    assert learned.added == {"b"}
    assert provider(found, "t", "b") == "c1"
    assert found.learn_plain(CellId("c1"), ["b"], ()) is None
    assert found.learn_plain(CellId("c3"), ["b", "_c"], ()) is None


def test_names_that_a_plain_cell_was_seen_to_bind_unforeseen_are_its():
    found = notebook("a = 1", "inject()", "%%task t\nprint(a)")
    found.graph()
    assert provider(found, "t", "a") == "c0"
    assert found.learn_plain(CellId("c1"), ["a", "b"], ()) == Learned(added=frozenset({"a", "b"}))
    assert provider(found, "t", "a") == "c1"
    assert found.learn_plain(CellId("c1"), ["a"], ()) is None


def test_a_plain_cell_that_reads_the_name_it_was_seen_to_bind_changes_it():
    found = notebook("a = [g]", "inject(a)", "%%task t\nprint(a)")
    found.graph()
    found.learn_plain(CellId("c1"), ["a"], ())
    assert (provider(found, "t", "a"), found.graph().inputs[CellId("c1")]["a"]) == ("c1", "c0")


def test_names_that_functions_are_known_to_bind_are_no_news():
    found = notebook("def put():\n    global x\n    x = 1", "put()")
    found.graph()
    assert found.learn_plain(CellId("c1"), ["x"], ()) is None


def test_of_a_run_that_failed_what_it_looked_for_is_learned_and_nothing_else():
    found = notebook(LOAD, "%%task write\nmake()", "%%task read\nlook()")
    run = run_of(found, "read", {"table": "d2"}, ("table",))
    run.state = RunState.FAILED
    run.seen = Seen(conditions=(Part(PartKind.PATH, "out.csv", Digest("")),))
    code = run.task.bindings.code
    assert found.learn(run, {}) == {code: Learned(read=frozenset({"out.csv"}))}
    assert found.learn(run, {}) == {}
    assert list(found.learned) == [code]


def test_a_guess_that_was_right_links_nothing_anew():
    found = notebook(LOAD, SORTED, FIT)
    assert learn(found, "sorted", "d2", changed=True) == {"sorted": Learned(added=frozenset({"table"}))}
    assert provider(found, "fit", "table") == "c1"


def test_a_change_that_nobody_foresaw_is_learned():
    found = notebook(LOAD, "%%task quiet\nprint(len(table))", FIT)
    assert learn(found, "quiet", "d2", changed=True)["quiet"].added == {"table"}
    assert provider(found, "fit", "table") == "c1"


INJECT, TAKE = "%%task inject\ninject()", "%%task take\nprint(z)"


def learn_bound(found: Notebook, task: str) -> None:
    found.learn(run_of(found, task, {"z": "d1"}, ("z",)), {})


def test_a_name_that_a_task_was_seen_to_bind_is_its():
    found = notebook(INJECT, TAKE)
    assert provider(found, "take", "z") is None
    learn_bound(found, "inject")
    assert (provider(found, "take", "z"), found.graph().inputs[CellId("c0")]) == ("c0", {"inject": None})


def test_a_name_that_a_task_may_bind_unforeseen_is_passed_on_where_it_does_not():
    found = notebook("z = 1", INJECT, TAKE)
    learn_bound(found, "inject")
    assert (provider(found, "take", "z"), provider(found, "inject", "z")) == ("c1", "c0")
    assert found.graph().handed_on(CellId("c1")) == frozenset()


@pytest.mark.parametrize("head", ["%%task inject --out n", "%%task inject\nexec(code)"], ids=["declared", "any"])
def test_what_a_task_binds_is_not_learned_where_its_outputs_are_declared_or_may_be_any(head: str):
    found = notebook("code = ''", f"{head}\nn = 1", "z = 1", TAKE)
    learn_bound(found, "inject")
    assert (provider(found, "take", "z"), found.graph().unforeseen) == ("c2", {})


def test_a_name_that_a_task_is_seen_to_bind_and_that_it_is_given_is_changed():
    found = notebook("z = [1]", "%%task inject\ninject(z)", TAKE)
    learn_bound(found, "inject")
    assert (provider(found, "take", "z"), found.graph().unforeseen) == ("c1", {})


def test_what_was_learned_once_is_no_news():
    found = notebook(LOAD, SORTED, FIT)
    learn(found, "sorted", "d1", changed=False)
    assert learn(found, "sorted", "d1", changed=False) == {}


def test_that_nothing_is_to_be_learned_is_learned_once():
    found = notebook(LOAD, FIT)
    before, run = found.graph(), run_of(found, "fit", {"table": "d1"})
    told = [found.learn(run, {"table": Digest("d1")}) for _ in range(2)]
    assert [list(one.values()) for one in told] == [[Learned()], []]
    assert found.graph() is before


def test_a_later_run_takes_a_denial_back():
    found = notebook(LOAD, SORTED, FIT)
    learn(found, "sorted", "d1", changed=False)
    assert learn(found, "sorted", "d2", changed=True)["sorted"].denied == frozenset()


def test_a_change_that_was_seen_once_is_not_denied_by_an_equal_cell_that_changes_nothing():
    found = notebook(LOAD, SORTED, "%%task again --in table\ntable.sort()", FIT)
    learn(found, "sorted", "d2", changed=True)
    assert learn(found, "again", "d2", changed=False, before="d2") == {}
    assert provider(found, "again", "table") == "c1"


def test_a_run_whose_cell_is_gone_teaches_by_its_own_code():
    found = notebook(LOAD, SORTED, FIT)
    run = run_of(found, "sorted", {"table": "d2"}, ("table",))
    found.read([Cell(CellId("c0"), LOAD)], 1.0)
    assert set(found.learn(run, {"table": Digest("d1")})) == {run.task.bindings.code}


def test_the_files_that_a_plain_cell_was_seen_to_use_are_learned():
    found = notebook("name = 'a'", "print(open(f'{name}.txt').read())")
    found.graph()
    read = Part(PartKind.FILE, "a.txt", Digest("f1"))
    assert found.learn_plain(CellId("c1"), (), [read]) == Learned(read=frozenset({"a.txt"}))
    assert found.learn_plain(CellId("c1"), (), [read]) is None


def test_what_an_unforeseen_change_may_have_left_as_it_was_is_handed_on():
    found = notebook(
        LOAD, "%%task quiet\nprint(len(table))", "%%task out --out n\nn = len(table)\nprint(len(table))", FIT
    )
    assert found.graph().handed_on(CellId("c1")) == frozenset()
    learn(found, "quiet", "d2", changed=True)
    handed_on = found.graph().handed_on
    assert (handed_on(CellId("c1")), handed_on(CellId("c2")), handed_on(CellId("c3"))) == ({"table"}, set(), set())


def test_an_edit_of_code_whose_guess_was_right_keeps_the_links():
    found = notebook(LOAD, SORTED, FIT)
    learn(found, "sorted", "d2", changed=True)
    before = found.graph().following
    found.ran(CellId("c1"), "%%task sorted --in table\ntable.sort(reverse=True)", 1.0)
    assert found.graph().following is before


def test_what_was_learned_goes_with_the_code():
    found = notebook(LOAD, SORTED, FIT)
    learn(found, "sorted", "d1", changed=False)
    found.ran(CellId("c1"), "%%task sorted --in table\ntable.sort(key=abs)", 1.0)
    assert provider(found, "fit", "table") == "c1"


def test_the_files_that_a_run_was_seen_to_use_are_learned():
    found = notebook(LOAD)
    run = run_of(found, "load", {"table": "d1"})
    table = Part(PartKind.FILE, "table.csv", Digest("f1"))
    run.seen = Seen(
        (table, Part(PartKind.FOLDER, "data", Digest("f2"))), files=(Part(PartKind.FILE, "out.csv", table.digest),)
    )
    learned = found.learn(run, {})[run.task.bindings.code]
    assert (learned.read, learned.wrote) == ({"table.csv", "data/"}, {"out.csv"})


def test_what_may_be_deleted_is_not_missed():
    found = notebook("x = 1\nflag = 0", "%%task t\nif flag:\n    del x", "print(x)")
    assert found.graph().handed_on(CellId("c1")) == frozenset()
