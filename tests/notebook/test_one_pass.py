"""A headless run is one pass: plain cells wait for what tasks above may do that nobody knows yet."""

from __future__ import annotations

import nbformat
import pytest

pytestmark = pytest.mark.notebook

FILL = "def fill(items):\n    items[0] = 9\nfill(rows)"
COPIES = {
    "load": "%%task load\nrows = [3, 1]",
    "one": f"%%task one\n{FILL}",
    "between": "print(rows)",
    "two": f"%%task two\n{FILL}",
    "below": "print(rows)",
    "last": "%%task last\ntotal = sum(rows)",
    "show": "print(total)",
}


def texts(book) -> list[str]:
    """What the plain cells print in a run."""
    out = book.folder / "out.ipynb"
    book.run("-o", str(out))
    return [cell.outputs[0].text.strip() for cell in nbformat.read(out, 4).cells if "print" in cell.source]


def test_a_plain_cell_shows_an_unforeseen_change_the_first_time(book):
    assert texts(book(given="rows = [3, 1]", fill=f"%%task fill\n{FILL}", show="print(rows)")) == ["[9, 1]"]


def test_equal_cells_of_which_the_second_changes_nothing_do_not_deny_the_change(book):
    notebook = book(**COPIES)
    assert texts(notebook) == ["[9, 1]", "[9, 1]", "10"]
    assert notebook.run().ran() == []


def test_a_change_that_an_edit_above_has_made_needless_is_handed_on(book):
    notebook = book(**COPIES)
    texts(notebook)
    notebook.edit("load", "[3, 1]", "[9, 1]")
    assert texts(notebook) == ["[9, 1]", "[9, 1]", "10"]
    assert notebook.run().ran() == []


def test_a_helper_that_changes_its_argument_from_now_on_is_waited_for(book):
    cells = {"given": "rows = [3, 1]\ndef first(x):\n    return x[0]", "use": "%%task use\nn = first(rows)"}
    notebook = book(**cells, show="print(rows)")
    assert texts(notebook) == ["[3, 1]"]
    notebook.edit("given", "return x[0]", "return x.pop(0)")
    assert texts(notebook) == ["[1]"]


def test_a_file_of_a_computed_name_is_read_after_its_writer(book):
    notebook = book(
        given="k = 2",
        write="%%task write\nwith open(f'out_{k}.txt', 'w') as out:\n    out.write(str(k))",
        read="print(open(f'out_{k}.txt').read())",
    )
    assert texts(notebook) == ["2"]
    notebook.edit("given", "2", "3")
    assert texts(notebook) == ["3"]


def test_what_is_seen_while_the_cell_waits_for_another_task_counts(book):
    notebook = book(
        given="rows = [3, 1]",
        fill=f"%%task fill\n{FILL}",
        after="%%task after --after fill\nn = 1",
        show="print(n, rows)",
    )
    assert texts(notebook) == ["1 [9, 1]"]


@pytest.mark.parametrize("head", ["%%task load\n", ""], ids=["of a task", "of a plain cell"])
def test_what_a_plain_cell_changes_through_a_function_reaches_the_tasks_below(book, head):
    notebook = book(load=f"{head}rows = [1]", tools="def grow(xs):\n    xs.append(2)", grow="grow(rows)")
    notebook.cells |= {"use": "%%task use\nn = len(rows)", "show": "print(n, rows)"}
    assert texts(notebook) == ["2 [1, 2]"]
    assert notebook.plan().tasks["use"]["verdict"] == "fresh"
    notebook.edit("grow", "grow(rows)", "grow(rows)\ngrow(rows)")
    assert notebook.plan().tasks["use"]["verdict"] != "fresh"
    assert texts(notebook) == ["3 [1, 2, 2]"]


def test_a_task_that_comes_after_one_below_waits_for_the_cells_above_that_one(book):
    notebook = book(
        first="%%task first --after second\nx = 1",
        reader="%%task reader\ntwice = x * 2",
        between="width = 3",
        second="%%task second\ny = width",
        show="print(twice, y)",
    )
    assert texts(notebook) == ["2 3"]


def test_who_reads_of_such_a_task_has_it_run_at_once(book):
    notebook = book(
        first="%%task first --after second\nx = 1", show="print(x)", second="%%task second\ny = 2", last="print(y)"
    )
    assert texts(notebook) == ["1", "2"]


GIVEN = "import threading\nlock = threading.Lock()\nn = 4\ntext = 'n + 1'"


def test_a_task_that_may_read_everything_goes_without_what_cant_be_handed_to_it(book):
    ran = book(given=GIVEN, use="%%task use\nm = eval(text)", show="print(m)").run()
    assert (ran.code, ran.summary("use", "m")) == (0, "5")
    assert ran.tasks["use"]["left_out"] == {"lock": "it was not handed to the task: _thread.lock can't be stored"}


def test_a_text_carries_the_names_that_it_asks_for(book):
    given = "import threading\nimport pandas as pd\nlow = 2\nlock = threading.Lock()\nq, who = 'x > @low', 'ask @lock'"
    use = "%%task use\nn = len(pd.DataFrame({'x': [1, 2, 3, 4]}).query(q)) + len(who)"
    notebook = book(given=given, use=use)
    assert notebook.run().summary("use", "n") == "11"
    notebook.edit("given", "low = 2", "low = 3")
    assert notebook.run().summary("use", "n") == "10"


def test_who_reads_it_all_the_same_is_told_why_it_is_not_there(book):
    ran = book(given=GIVEN, use="%%task use\nheld = eval('lo' + 'ck')", named="%%task named\nlock.locked()").run()
    error = ran.tasks["use"]["error"]
    assert (error["type"], "`lock` can't be handed to a task" in error["message"]) == ("NameError", True)
    assert "input `lock` can't be handed to a task" in ran.tasks["named"]["error"]["message"]


def test_a_task_that_failed_for_want_of_a_file_runs_when_it_is_there(book):
    notebook = book(read="%%task read\ntext = open('in.txt').read()")
    assert notebook.run().tasks["read"]["state"] == "failed"
    assert notebook.plan().tasks["read"]["verdict"] == "stale"
    (notebook.folder / "in.txt").write_text("there")
    again = notebook.run()
    assert (again.ran(), again.tasks["read"]["state"]) == (["read"], "done")


# The writer begins when the reader has looked for the file in vain: outside of the project nothing is seen.
RACE = {
    "given": "import time\nfrom pathlib import Path\nk = 2",
    "write": "%%task write\nwhile not Path('{gate}').exists():\n    time.sleep(0.02)\n"
    "time.sleep(0.3)\nPath(f'out_{{k}}.txt').write_text('there')",
    "read": "%%task read\nPath('{gate}').touch()\ntext = {reading}",
    "use": "%%task use\nshout = text.upper()",
    "show": "print(shout)",
}
LOOKING = "Path(f'out_{k}.txt').read_text() if Path(f'out_{k}.txt').exists() else 'not there'"


@pytest.mark.parametrize("reading", ["Path(f'out_{k}.txt').read_text()", LOOKING], ids=["fails", "goes on"])
def test_a_task_that_ran_ahead_of_a_writer_that_nobody_knew_runs_again_with_all_below(book, tmp_path_factory, reading):
    gate = tmp_path_factory.mktemp("outside") / "gate"
    cells = {name: source.replace("{reading}", reading).replace("{gate}", str(gate)) for name, source in RACE.items()}
    notebook = book(**{name: source.replace("{{k}}", "{k}") for name, source in cells.items()})
    first = notebook.run()
    assert (first.code, first.summary("use", "shout")) == (0, "'THERE'"), first.stderr
    assert notebook.run().ran() == []


def test_a_file_that_a_task_removes_stays_removed_and_nothing_runs_for_it(book):
    notebook = book(
        write="%%task write\nopen('tmp.txt', 'w').write('x')",
        take="%%task take\nimport os\ntext = open('tmp.txt').read()\nos.remove('tmp.txt')",
        look="import os\nprint(os.path.exists('tmp.txt'))",
    )
    assert notebook.run().ran() == ["write", "take"]
    assert texts(notebook) == ["False"]
    (notebook.folder / "tmp.txt").write_text("put there by hand")
    again = notebook.run()
    assert (again.ran(), (notebook.folder / "tmp.txt").exists()) == ([], False)
    assert [task["verdict"] for task in notebook.plan().report["tasks"]] == ["fresh", "fresh"]


def test_in_the_live_kernel_nobody_waits_and_the_reader_is_stale_afterwards(kernel, tmp_path):
    kernel.execute("rows = [3, 1]", "given")
    kernel.execute(f"%%task fill\nimport os\nwhile not os.path.exists('go'):\n    pass\n{FILL}", "fill")
    assert kernel.text("print(rows)", "show") == "[3, 1]\n"
    (tmp_path / "go").touch()
    kernel.execute("%phelps wait")
    assert "is stale: what it reads has changed" in kernel.text("%phelps plan")
    assert "[9, 1]" in kernel.text("%phelps run\n%phelps wait")


def test_a_name_that_only_a_run_shows_reaches_all_readers_below(book):
    # The reader begins while the maker runs, as nobody knows of the two.
    notebook = book(
        make="%%task make\nimport sys, time\ntime.sleep(1)\nsetattr(sys.modules['__main__'], 'z', 5)",
        read="%%task read\ny = z + 1",
        use="print(y)",
        show="print(z)",
    )
    assert texts(notebook) == ["6", "5"]
    assert notebook.run().ran() == []
    notebook.edit("make", "5", "7")
    assert texts(notebook) == ["8", "7"]
