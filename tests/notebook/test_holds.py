"""Results that somebody holds in place, and results that grow old: through the public command, and in a kernel."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

pytestmark = pytest.mark.notebook

PIPELINE = {
    "set": "RATE = 2\ndef scaled(x):\n    return x * RATE",
    "load": "%%task load\nraw = [3, 1, 2]",
    "fit": "%%task fit\nmodel = scaled(sum(raw))",
    "report": "%%task report\ntext = f'{model} %'",
    "show": "print(text)",
}


@pytest.fixture
def ran_once(book):
    notebook = book(**PIPELINE)
    first = notebook.run()
    assert first.code == 0, first.stderr
    return notebook


def act(book, *words: str) -> str:
    done = book.command(words[0], book.path.name, *words[1:])
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(book, *words: str) -> str:
    done = book.command(words[0], book.path.name, *words[1:])
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def verdicts(book) -> dict[str, str]:
    return {task["name"]: task["verdict"] for task in book.plan().report["tasks"]}


def reasons(ran: Any, task: str) -> list[tuple[str, str]]:
    return [(reason["kind"], reason["text"]) for reason in ran.tasks[task]["reasons"]]


ACCEPTED = [("accepted", "accepted in spite of: its code changed")]


def test_an_accepted_result_stands_in_spite_of_its_new_code(ran_once):
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    assert act(ran_once, "accept", "fit") == "fit is accepted in spite of: its code changed\n"
    planned = ran_once.plan()
    assert verdicts(ran_once) == {"load": "fresh", "fit": "fresh", "report": "fresh"}
    assert reasons(planned, "fit") == ACCEPTED
    again = ran_once.run()
    assert (again.code, again.ran()) == (0, [])
    assert again.tasks["fit"]["state"] == "reused"
    assert reasons(again, "fit") == ACCEPTED
    assert "12" in again.summary("report", "text")


def test_an_acceptance_is_told_by_why_and_status(ran_once):
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    act(ran_once, "accept", "fit")
    assert "fit (cell 3) is fresh\n  - accepted in spite of: its code changed" in act(ran_once, "why", "fit")
    assert "accepted in spite of" in act(ran_once, "status").replace("\n", " ")


def test_an_acceptance_holds_until_anything_changes_further(ran_once):
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    act(ran_once, "accept", "fit")
    assert ran_once.run().ran() == []
    ran_once.edit("fit", "sum(raw) + 1", "sum(raw) + 2")
    assert reasons(ran_once.plan(), "fit") == [
        ("code", "its code changed"),
        ("lapsed", "its result was accepted before this change"),
    ]
    again = ran_once.run()
    assert again.ran() == ["fit", "report"]
    assert again.why("fit")[-1] == "its result was accepted before this change"
    assert reasons(ran_once.plan(), "fit") == []


def test_an_edit_that_is_undone_brings_the_acceptance_back(ran_once):
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    act(ran_once, "accept", "fit")
    ran_once.edit("fit", "sum(raw) + 1", "sum(raw) + 2")
    assert verdicts(ran_once)["fit"] == "stale"
    ran_once.edit("fit", "sum(raw) + 2", "sum(raw) + 1")
    assert ran_once.run().ran() == []


def test_an_acceptance_ends_when_the_task_runs(ran_once):
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    act(ran_once, "accept", "fit")
    assert ran_once.run("fit", "--force").ran() == ["fit"]
    assert reasons(ran_once.plan(), "fit") == []


@pytest.mark.parametrize("edit", [("RATE = 2", "RATE = 3"), ("x * RATE", "x + RATE")], ids=["a value", "a function"])
def test_what_an_edited_plain_cell_gives_can_be_accepted_unseen(ran_once, edit):
    ran_once.edit("set", *edit)
    assert verdicts(ran_once)["fit"] == "undecided"
    assert "accepted in spite of" in act(ran_once, "accept", "fit")
    assert verdicts(ran_once)["fit"] == "fresh"
    assert ran_once.run().ran() == []
    assert verdicts(ran_once) == {"load": "fresh", "fit": "fresh", "report": "fresh"}


def test_an_acceptance_of_an_edited_plain_cell_ends_with_its_next_edit(ran_once):
    ran_once.edit("set", "RATE = 2", "RATE = 3")
    act(ran_once, "accept", "fit")
    ran_once.edit("set", "RATE = 3", "RATE = 4")
    assert ran_once.run().ran() == ["fit", "report"]


def test_new_code_that_reads_more_can_be_accepted(ran_once):
    ran_once.edit("set", "RATE = 2", "RATE = 2\nMORE = [0]\nimport tools")
    (ran_once.folder / "tools.py").write_text("def same(x):\n    return x\n")
    ran_once.run()
    ran_once.edit("fit", "sum(raw)", "tools.same(sum(raw)) + MORE[0]")
    act(ran_once, "accept", "fit")
    assert ran_once.run().ran() == []
    assert verdicts(ran_once)["fit"] == "fresh"
    (ran_once.folder / "tools.py").write_text("def same(x):\n    return +x\n")
    assert verdicts(ran_once)["fit"] == "stale"
    assert ran_once.run().ran() == ["fit"]


def test_a_value_that_differs_in_each_kernel_is_not_accepted_with_something_else(book):
    notebook = book(
        pid="import os\npid = os.getpid()", t="%%task t --reads data.txt\nn = pid * 0 + len(open('data.txt').read())"
    )
    data = notebook.folder / "data.txt"
    data.write_text("12")
    notebook.run()
    data.write_text("123")
    assert act(notebook, "accept", "t") == "t is accepted in spite of: file data.txt changed\n"
    again = notebook.run()
    assert again.ran() == ["t"]


def test_a_changed_file_can_be_accepted_and_lapses_with_its_next_change(book):
    notebook = book(t="%%task t\nn = len(open('data.txt').read())")
    data = notebook.folder / "data.txt"
    data.write_text("12")
    notebook.run()
    data.write_text("123")
    act(notebook, "accept", "t")
    assert notebook.run().ran() == []
    data.write_text("1234")
    assert verdicts(notebook)["t"] == "stale"
    assert notebook.run().ran() == ["t"]


def test_a_file_that_is_new_can_be_accepted(book):
    notebook = book(t="%%task t --reads *.txt\nn = 1")
    (notebook.folder / "a.txt").write_text("1")
    notebook.run()
    (notebook.folder / "b.txt").write_text("2")
    assert act(notebook, "accept", "t") == "t is accepted in spite of: file b.txt is new to it\n"
    assert notebook.run().ran() == []
    (notebook.folder / "b.txt").write_text("3")
    assert notebook.run().ran() == ["t"]


def test_what_was_reused_for_an_equal_value_is_accepted_and_frozen_as_it_is_by_now(book):
    notebook = book(set="s = 1 + 1\nopen('e.csv', 'w').close()", t="%%task t\nn = s, open('e.csv').read()\nm = 1")
    notebook.run()
    notebook.edit("set", "1 + 1", "2")
    assert notebook.run().ran() == []
    notebook.edit("t", "m = 1", "m = 3")
    assert act(notebook, "accept", "t") == "t is accepted in spite of: its code changed\n"
    act(notebook, "freeze", "t")
    assert notebook.run().ran() == []
    act(notebook, "unfreeze", "t")
    assert reasons(notebook.plan(), "t") == ACCEPTED
    notebook.edit("t", "m = 3", "m = 1")
    assert verdicts(notebook) == {"t": "fresh"}


def test_what_hangs_on_a_stale_task_is_accepted_after_that_one(ran_once):
    ran_once.edit("load", "[3, 1, 2]", "[3, 1, 1]")
    assert "`raw` may change: task load is not fresh; run or accept that first" in refused(ran_once, "accept", "fit")
    act(ran_once, "accept", "load")
    assert act(ran_once, "accept", "fit") == "fit is fresh: there is nothing to accept\n"
    assert ran_once.run().ran() == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("%%task fit", "%%task fit --always", "it is declared --always"),
        ("model =", "more = model =", "has no `more`, which the cell binds now: run it"),
    ],
)
def test_what_no_acceptance_can_mend_is_refused(ran_once, old, new, told):
    ran_once.edit("fit", old, new)
    assert told in refused(ran_once, "accept", "fit")


@pytest.mark.parametrize("word", ["accept", "freeze"])
def test_without_a_result_there_is_nothing_to_hold(book, word):
    assert "it first" in refused(book(t="%%task t\nx = 1"), word, "t").replace("it never ran", "run it first")


def test_an_opaque_result_can_be_accepted(book):
    notebook = book(t="%%task t\nclass A:\n    def __reduce__(self):\n        return A, ()\nx = [A()]")
    notebook.run()
    before = verdicts(notebook)["t"]
    if before == "stale":
        act(notebook, "accept", "t")
    assert notebook.run().ran() == []


def test_a_frozen_result_stands_whatever_changes(ran_once):
    act(ran_once, "freeze", "fit")
    ran_once.edit("fit", "sum(raw)", "sum(raw) + 1")
    ran_once.edit("set", "RATE = 2", "RATE = 5")
    planned = ran_once.plan()
    assert [kind for kind, _ in reasons(planned, "fit")] == ["frozen"]
    again = ran_once.run()
    assert (again.code, again.ran()) == (0, [])
    assert "frozen" in again.why("fit")[0]
    assert "frozen" in act(ran_once, "status")
    act(ran_once, "unfreeze", "fit")
    assert ran_once.run().ran() == ["fit", "report"]


def test_for_a_frozen_task_nothing_above_runs(ran_once):
    act(ran_once, "freeze", "fit")
    ran_once.edit("load", "[3, 1, 2]", "[3, 1, 1]")
    ran_once.edit("fit", "%%task fit", "%%task fit --always")
    assert ran_once.run("report").ran() == []
    assert ran_once.run().ran() == ["load"]


def test_a_frozen_task_does_not_run_by_force(ran_once):
    act(ran_once, "freeze", "fit")
    assert "--force: fit is frozen: unfreeze first" in refused(ran_once, "run", "--force", "--cluster", "none")
    assert ran_once.run("load", "--force").ran() == ["load"]


def test_what_is_forgotten_is_held_no_more(ran_once):
    act(ran_once, "freeze", "fit")
    assert act(ran_once, "forget", "fit") == "the results of fit are forgotten\n"
    assert reasons(ran_once.plan(), "fit") == [("never_ran", "it never ran")]
    assert ran_once.run().ran() == ["fit"]


def test_an_act_tells_the_task_as_json(ran_once):
    done = ran_once.command("freeze", "book.ipynb", "fit", "--json")
    told = json.loads(done.stdout)
    assert (told["name"], [reason["kind"] for reason in told["reasons"]]) == ("fit", ["frozen"])


def made_longer_ago(book, seconds: float) -> None:
    with sqlite3.connect(book.folder / ".phelps" / "state.db") as connection:
        connection.execute("UPDATE records SET at = at - ?", (seconds,))
    connection.close()


def test_a_result_that_is_older_than_its_ttl_runs_again(book):
    notebook = book(a="%%task a --ttl 1d\nx = 1", b="%%task b\ny = x")
    notebook.run()
    made_longer_ago(notebook, 86000)
    assert verdicts(notebook) == {"a": "fresh", "b": "fresh"}
    made_longer_ago(notebook, 1000)
    assert reasons(notebook.plan(), "a") == [("expired", "its result is older than 1 d")]
    again = notebook.run()
    assert again.ran() == ["a"]
    assert again.why("a") == ["its result is older than 1 d"]
    assert notebook.run().ran() == []


def test_an_old_result_can_be_accepted_for_another_ttl(book):
    notebook = book(a="%%task a --ttl 1d\nx = 1")
    notebook.run()
    made_longer_ago(notebook, 90000)
    act(notebook, "accept", "a")
    assert notebook.run().ran() == []


def test_written_files_come_back_with_the_result(book):
    notebook = book(t="%%task t --writes out.txt\nn = open('out.txt', 'w').write('made')")
    notebook.run()
    (notebook.folder / "out.txt").unlink()
    assert notebook.run().ran() == []
    assert (notebook.folder / "out.txt").read_text() == "made"


def test_in_a_kernel_the_same_holds(kernel):
    kernel.execute("k = 1", "a")
    kernel.execute("%%task fit\ny = k + 1", "b")
    kernel.execute("%phelps wait", "c")
    kernel.execute("%%task fit\ny = k + 2", "b")
    kernel.execute("%phelps wait", "c")
    assert kernel.text("y", "d") == "3"
    kernel.execute("k = 5", "a")
    assert "accepted in spite of: input `k` may change" in kernel.text("%phelps accept fit", "e")
    assert "accepted in spite of" in kernel.text("%phelps why fit", "e")
    kernel.execute("%%task fit\ny = k + 2", "b")
    assert kernel.text("y", "d") == "3"
    kernel.execute("%phelps wait", "c")
    assert "accepted in spite of" in kernel.card("fit")
    kernel.execute("k = 6", "a")
    kernel.execute("%%task fit\ny = k + 2", "b")
    assert kernel.text("y", "d") == "8"


def test_in_a_kernel_a_frozen_task_needs_nothing(kernel):
    kernel.execute("k = 1", "a")
    kernel.execute("%%task fit\ny = k + 1", "b")
    assert kernel.text("y", "d") == "2"
    assert "frozen" in kernel.text("%phelps freeze fit", "e")
    kernel.execute("k = 5", "below")
    kernel.execute("%%task fit\ny = k + 100", "b")
    assert kernel.text("y", "d") == "2"
    kernel.execute("%phelps wait", "c")
    assert "it is frozen" in kernel.card("fit")
    assert "DeclarationError" in kernel.text("%phelps run fit --force", "e")
    assert "frozen no more" in kernel.text("%phelps unfreeze fit", "e")
    kernel.execute("k = 5", "a")
    kernel.execute("%%task fit\ny = k + 100", "b")
    assert kernel.text("y", "d") == "105"
