"""Failures told apart by kind, with evidence; and what they leave undone."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.notebook


def test_an_exception_names_the_cells_line_and_skips_only_what_needs_it(book):
    notebook = book(
        bad="%%task bad --cpus 1\n\nx = 1\ny = x / 0",
        needs="%%task needs\nz = y + 1",
        free="%%task free\nw = 5",
    )
    ran = notebook.run()
    assert ran.code == 1
    assert {name: task["state"] for name, task in ran.tasks.items()} == {
        "bad": "failed",
        "needs": "skipped",
        "free": "done",
    }
    error = ran.tasks["bad"]["error"]
    assert (error["kind"], error["type"], error["line"]) == ("code", "ZeroDivisionError", 4)


def test_a_traceback_shows_the_cells_own_lines_and_none_of_ours(book):
    notebook = book(bad="%%task bad\ndef inner():\n    return 1 / 0\n\ninner()")
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    error = notebook.outputs(out)["bad"][-1]
    told = "\n".join(error["traceback"])
    assert error["ename"] == "ZeroDivisionError"
    assert "inner" in told
    assert "phelps_jupyter" not in told


def test_a_plain_cell_that_reads_a_failed_task_names_the_root_cause(book):
    ran = book(
        a="%%task a\nx = 1 / 0", b="%%task b\ny = x", p="print(y)", q="print('not reached')", c="%%task c\nk = 1"
    ).run()
    cells = {cell["id"]: cell for cell in ran.report["cells"]}
    assert cells["p"]["error"].startswith("TaskFailed: task a (cell 1, line 2): ZeroDivisionError")
    assert cells["q"]["ran"] is False
    assert ran.tasks["c"]["state"] == "done"


def test_the_first_plain_cell_that_fails_stops_later_ones_and_tasks_finish(book):
    ran = book(t="%%task t\nx = 1", p="1 / 0", q="y = 2", u="%%task u\nz = y").run()
    assert ran.code == 1
    assert ran.tasks["t"]["state"] == "done"
    assert ran.tasks["u"]["state"] == "blocked"


FILL = "_blob = bytearray(500_000_000)\nfor i in range(0, len(_blob), 4096):\n    _blob[i] = 1\nn = len(_blob)"


def test_memory_is_doubled_until_it_fits_and_remembered_for_the_next_run(book):
    notebook = book(fill=f"%%task fill --mem 150MB\n{FILL}", calm="%%task calm\nx = 1")
    ran = notebook.run()
    fill = ran.tasks["fill"]
    assert [failure["kind"] for failure in fill["failures"]] == ["memory", "memory"]
    assert (fill["state"], fill["attempts"]) == ("done", 3)
    first, second = fill["failures"]
    assert first["message"] == "stopped over its memory limit of 150 MB; give it more with --mem"
    assert "of 300 MB (raised as it ran out of memory before; --mem says 150 MB)" in second["message"]
    assert "SIGKILL by Phelps (memory guard)" in second["evidence"]
    assert max(held for _, held in second["memory_curve"]) > 250_000_000
    assert ran.tasks["calm"]["state"] == "done"
    again = notebook.run("--force", "fill").tasks["fill"]
    assert (again["state"], again["attempts"]) == ("done", 1)


def test_a_body_that_the_machine_refuses_memory_runs_once_more_alone(book):
    ran = book(t="%%task t --mem 150MB\nx = bytearray(1 << 60)", calm="%%task calm\nx = 1").run()
    assert [failure["type"] for failure in ran.tasks["t"]["failures"]] == ["MemoryError"] * 2
    assert (ran.tasks["t"]["state"], ran.tasks["t"]["error"]["kind"]) == ("failed", "memory")
    assert ran.tasks["calm"]["state"] == "done"


def test_what_no_host_could_ever_fit_fails_at_once_and_says_what_there_is(book):
    ran = book(huge="%%task huge --cpus 6400\nx = 1").run()
    error = ran.tasks["huge"]["error"]
    assert (ran.ran(), error["kind"]) == ([], "impossible")
    assert "cpus" in error["message"]
    assert "GB of memory" in error["message"]


def test_over_its_time_a_task_fails(book):
    ran = book(slow="%%task slow --time 1s\nimport time\ntime.sleep(60)").run()
    assert ran.tasks["slow"]["error"]["kind"] == "timeout"


def test_a_declared_output_that_is_not_bound_fails_by_name(book):
    ran = book(t="%%task t --out score\nx = 1").run()
    assert ran.tasks["t"]["error"]["kind"] == "output"
    assert "score" in ran.tasks["t"]["error"]["message"]


def test_an_undefined_name_fails_where_it_is_reached_and_says_which_cell_defines_it(book):
    notebook = book(t="%%task t\nprint('so far')\nx = later + 1", p="later = 1")
    assert any("cell 2 below defines it" in reason["text"] for reason in notebook.plan().tasks["t"]["reasons"])
    out = notebook.folder / "out.ipynb"
    error = notebook.run("-o", str(out)).tasks["t"]["error"]
    assert (error["kind"], error["type"], error["line"]) == ("code", "NameError", 3)
    assert error["message"].splitlines() == [
        "name 'later' is not defined",
        "`later` is provided by no cell above; cell 2 below defines it: move it up",
    ]
    shown = notebook.outputs(out)["t"]
    assert shown[-2]["text"] == "so far\n"
    assert "cell 2 below defines it" in "\n".join(shown[-1]["traceback"])


def test_a_declared_input_that_no_cell_provides_is_said_before_anything_runs(book):
    ran = book(t="%%task t --in later\n\nx = later + 1", p="later = 1").run()
    error = ran.tasks["t"]["error"]
    assert (ran.ran(), error["kind"], error["line"]) == ([], "declaration", 3)
    assert "cell 2" in error["message"]


def test_a_value_that_cannot_be_stored_is_left_out_and_its_reader_is_told_why(book):
    ran = book(
        t="%%task t\nimport threading\nlock = {'inner': threading.Lock()}\nn = 1",
        r="%%task r\nm = lock",
        s="%%task s\nk = n",
    ).run()
    assert ran.tasks["t"]["left_out"].keys() == {"lock"}
    assert "inner" in ran.tasks["r"]["error"]["message"]
    assert ran.tasks["s"]["state"] == "done"


def test_retries_are_used_up_before_a_task_fails(book):
    ran = book(t="%%task t --retries 2\nx = 1 / 0").run()
    assert ran.tasks["t"]["attempts"] == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%%task t --cpu 2", "--cpus"),
        ("%%task t --mem 4GBB", "4GBB"),
        ("%%task my-task", "my_task"),
    ],
)
def test_a_wrong_option_line_is_an_error_in_its_cell(book, line, told):
    ran = book(t=f"{line}\nx = 1").run()
    assert ran.code == 1
    assert told in ran.report["cells"][0]["error"]


def test_two_cells_with_one_name_are_an_error_on_both(book):
    ran = book(a="%%task t\nx = 1", b="%%task t\ny = 1").run()
    assert [cell["error"] is not None for cell in ran.report["cells"]] == [True, True]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "missing.ipynb"), "missing.ipynb"),
        (("plan", "book.ipynb", "--frobnicate"), "frobnicate"),
        (("run", "book.ipynb", "nosuch"), "nosuch"),
        (("run", "book.ipynb", "-p", "1x=2"), "name=value"),
        (("run", "book.ipynb", "--cluster", "moon"), "moon"),
    ],
)
def test_usage_errors_exit_with_two(book, words, told):
    done = book(a="x = 1").command(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
