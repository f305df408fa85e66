"""``--uptodate``: what a task reads that nobody can see counts by the value of an expression."""

from __future__ import annotations

import sqlite3

import pytest

pytestmark = pytest.mark.notebook

COUNTING = {
    "open": "import sqlite3\ndb = sqlite3.connect('people.db', check_same_thread=False)\n"
    "def count():\n    return db.execute('select count(*) from people').fetchone()[0]",
    "total": "%%task total --uptodate count()\nimport sqlite3\n"
    "n = sqlite3.connect('people.db').execute('select sum(age) from people').fetchone()[0]",
    "show": "print(n)",
}


@pytest.fixture
def people(tmp_path):
    """A database that is no file of the project: nobody sees what is read of it."""
    with sqlite3.connect(tmp_path / "people.db") as made:
        made.execute("create table people (age)")
        made.execute("insert into people values (30)")
    yield made
    made.close()


def add(people, age: int) -> None:
    with people:
        people.execute("insert into people values (?)", (age,))


def test_a_task_runs_again_when_the_value_has_changed_and_only_then(book, people):
    notebook = book(**COUNTING)
    first = notebook.run()
    assert (first.code, first.ran(), first.summary("total", "n")) == (0, ["total"], "30"), first.stderr
    again = notebook.run()
    assert (again.code, again.ran()) == (0, [])
    add(people, 12)
    third = notebook.run()
    assert (third.ran(), third.summary("total", "n")) == (["total"], "42")
    assert "the value of `--uptodate count()` changed (1 -> 2)" in third.why("total")


@pytest.mark.usefixtures("people")
def test_a_plan_does_not_guess_the_value(book):
    notebook = book(**COUNTING)
    notebook.run()
    (task,) = notebook.plan().report["tasks"]
    told = "`--uptodate count()` may change: the kernel finds its value when the task runs"
    assert (task["verdict"], [reason["text"] for reason in task["reasons"]]) == ("undecided", [told])
    notebook.edit("total", "count()", "'count() // 10'")
    (task,) = notebook.plan().report["tasks"]
    assert (task["verdict"], [reason["text"] for reason in task["reasons"]]) == (
        "stale",
        ["`--uptodate count() // 10` is new to it", "`--uptodate count()` is no longer used"],
    )


@pytest.mark.usefixtures("people")
def test_an_option_that_is_new_is_a_reason(book):
    cells = {**COUNTING, "total": COUNTING["total"].replace(" --uptodate count()", "")}
    notebook = book(**cells)
    notebook.run()
    notebook.edit("total", "%%task total", "%%task total --uptodate count()")
    (task,) = notebook.plan().report["tasks"]
    assert (task["verdict"], [reason["text"] for reason in task["reasons"]]) == (
        "stale",
        ["`--uptodate count()` is new to it"],
    )
    assert notebook.run().ran() == ["total"]


def test_the_value_is_found_when_the_tasks_turn_has_come(book):
    """Not before the task above has left what the expression looks at."""
    notebook = book(
        look="from pathlib import Path\ndef size():\n    return len(Path('/proc/self/cwd/out.bin').read_bytes())",
        make="%%task make\nfrom pathlib import Path\nmade = Path('out.bin').write_bytes(b'x' * 3)",
        use="%%task use --after make --uptodate size()\nused = 'used'",
    )
    assert notebook.run().code == 0
    notebook.edit("make", "* 3", "* 4")
    again = notebook.run()
    assert again.ran() == ["make", "use"]
    assert "the value of `--uptodate size()` changed (3 -> 4)" in again.why("use")


def test_an_expression_that_fails_stops_its_task_and_is_told(book):
    notebook = book(
        one="%%task one --uptodate 1/0\na = 1",
        two="%%task two\nb = a",
        other="%%task other\nc = 2",
    )
    ran = notebook.run()
    assert (ran.code, ran.ran()) == (1, ["other"])
    error = ran.tasks["one"]["error"]
    told = "--uptodate 1 / 0: ZeroDivisionError: division by zero"
    assert (error["kind"], error["message"], error["line"]) == ("declaration", told, 1)
    assert ran.tasks["two"]["state"] == "skipped"


def test_in_a_kernel_the_value_is_found_at_each_run(kernel, tmp_path):
    (tmp_path / "drop").mkdir()
    kernel.execute("import os", "a")
    kernel.execute("%%task t --uptodate \"len(os.listdir('drop'))\"\nx = 5", "b")
    assert kernel.text("print(x)", "c") == "5\n"
    (tmp_path / "drop" / "new").touch()
    assert "1 fresh" in kernel.text("%phelps plan")
    kernel.execute("%phelps run\n%phelps wait", "d")
    why = kernel.text("%phelps why t")
    assert "the value of `--uptodate len(os.listdir('drop'))` changed (0 -> 1)" in why


def test_an_expression_reads_names_as_the_cells_above_left_them(kernel):
    kernel.execute("rows = [1]", "a")
    kernel.execute("%%task t --uptodate len(rows)\nx = 5", "b")
    kernel.execute("rows = [1, 2]", "c")
    assert "run cell 2 first" in kernel.text("%phelps run t --force\n%phelps wait t", "d")


def test_a_busy_kernel_answers_when_it_is_free(kernel, tmp_path):
    kernel.execute("import time\nfrom pathlib import Path\nmark = [0]", "a")
    kernel.execute("%%task t --uptodate mark[0]\nfrom pathlib import Path\nPath('ran').touch()", "b")
    busy = "while not Path('ran').exists():\n    time.sleep(0.02)"
    kernel.execute(busy, "c")
    assert (tmp_path / "ran").exists()
