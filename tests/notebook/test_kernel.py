"""By hand in a kernel: cells return at once, readers wait, the event loop stays free, and the magics tell the truth."""

from __future__ import annotations

import time

import pytest
from conftest import shown

from phelps_jupyter.adapters.index import SqliteIndex

pytestmark = pytest.mark.notebook

SLOW = """%%task slow
import time
from pathlib import Path
Path('started').touch()
while not Path('go').exists():
    time.sleep(0.02)
score = 41 + 1
print('from the body')"""


def test_a_task_cell_returns_while_its_body_runs(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    assert kernel.text("print('the prompt is free')") == "the prompt is free\n"
    assert not (tmp_path / "go").exists()
    (tmp_path / "go").touch()
    assert kernel.text("score", "b") == "42"


def test_before_it_is_done_an_output_is_a_placeholder_that_tells_the_state(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    told = kernel.text("repr(__import__('__main__').score)", "b")
    (tmp_path / "go").touch()
    assert "of task slow" in told


def test_interrupting_a_reader_stops_the_wait_and_not_the_task(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    request = kernel.send("print(score)", "b")
    while "waiting for" not in str(kernel.client.get_iopub_msg(timeout=60)["content"]):
        pass
    kernel.manager.interrupt_kernel()
    messages = kernel.collect(request)
    assert any(message["content"].get("ename") == "KeyboardInterrupt" for message in messages)
    (tmp_path / "go").touch()
    assert kernel.text("print(score)", "c") == "42\n"


def test_a_waiting_reader_leaves_no_trace_of_its_waiting(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    request = kernel.send("print(score)", "b")
    seen = []
    while "waiting for" not in str(seen[-1:]):
        seen.append(kernel.client.get_iopub_msg(timeout=60)["content"])
    (tmp_path / "go").touch()
    messages = kernel.collect(request)
    assert "clear_output" in [message["msg_type"] for message in messages]
    assert shown(messages) == "42\n"


def test_a_card_is_updated_in_place_until_the_task_is_done(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    (tmp_path / "go").touch()
    kernel.execute("%phelps wait")
    card = kernel.card("slow")
    assert card.splitlines()[0] == "✓ slow · done"
    assert "score: 42" in card
    assert "| from the body" in card


def test_status_plan_why_and_logs_tell_of_a_task(kernel):
    kernel.execute("%%task t\nx = [1, 2]\nprint('written')", "a")
    kernel.execute("%phelps wait")
    assert "done" in kernel.text("%phelps status")
    assert "0 of 1 tasks may run" in kernel.text("%phelps plan")
    assert "t (cell 2) is fresh" in kernel.text("%phelps why t")
    assert kernel.text("%phelps logs t") == "written\n"


def test_cancel_ends_a_running_task(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    end = time.monotonic() + 60
    while not (tmp_path / "started").exists() and time.monotonic() < end:
        time.sleep(0.02)
    kernel.execute("%phelps cancel slow")
    assert "cancelled" in kernel.text("%phelps status")
    assert "TaskFailed" in kernel.text("score", "b")


def test_running_an_edited_cell_replaces_the_older_run(kernel):
    kernel.execute(SLOW, "a")
    kernel.execute("%%task slow\nscore = 7", "a")
    assert kernel.text("score", "b") == "7"


def test_a_rerun_after_its_plain_input_was_hidden_by_its_own_output(kernel):
    kernel.execute("rows = [1, 2, 3]", "a")
    kernel.execute("%%task cut\nrows = rows[:2]", "b")
    assert kernel.text("rows", "c") == "[1, 2]"
    kernel.execute("%%task cut\nrows = rows[:1]", "b")
    assert kernel.text("rows", "c") == "[1]"


def test_a_value_is_captured_as_it_was_when_the_task_was_submitted(kernel, tmp_path):
    kernel.execute("n = [1]", "a")
    kernel.execute(SLOW.replace("41 + 1", "n[0]"), "b")
    kernel.execute("n.append(5); n[0] = 9", "c")
    (tmp_path / "go").touch()
    assert kernel.text("score", "d") == "1"


GATED = """import time
from pathlib import Path
class Gated:
    def __reduce__(self):
        while not Path('go').exists():
            time.sleep(0.01)
        return Gated, ()
rows = [1, Gated()]"""


def test_a_plain_cell_waits_while_values_are_captured(kernel, tmp_path):
    kernel.execute(GATED, "a")
    kernel.execute("%%task t\nn = len(rows)", "b")
    request = kernel.send("rows.append(2)", "c")
    while "waiting for values to be handed over" not in str(kernel.client.get_iopub_msg(timeout=60)["content"]):
        pass
    (tmp_path / "go").touch()
    kernel.collect(request)
    assert kernel.text("n", "d") == "2"


@pytest.mark.parametrize("ended", [True, False], ids=["after it ended", "while it runs"])
def test_a_task_whose_input_was_bound_by_a_cell_below_is_blocked_and_names_the_cell_to_run(kernel, tmp_path, ended):
    kernel.execute("n = 1", "a")
    kernel.execute(SLOW.replace("41 + 1", "n"), "b")
    if ended:
        (tmp_path / "go").touch()
        kernel.execute("%phelps wait")
    kernel.execute("n = 2", "x")
    kernel.execute(SLOW.replace("41 + 1", "n"), "b")
    assert "run cell 2 first" in kernel.text("score", "c")


def test_submitting_again_with_another_value_replaces_the_run_that_held_the_older_one(kernel, tmp_path):
    kernel.execute("n = 1", "a")
    kernel.execute(SLOW.replace("41 + 1", "n"), "b")
    kernel.execute("n = 7", "a")
    kernel.execute(SLOW.replace("41 + 1", "n"), "b")
    (tmp_path / "go").touch()
    assert kernel.text("score", "c") == "7"


def test_submitting_again_with_nothing_changed_leaves_the_run_alone(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    kernel.execute(SLOW, "a")
    (tmp_path / "go").touch()
    assert kernel.text("score", "c") == "42"
    kernel.execute("%phelps wait")
    assert kernel.card("slow").startswith("✓ slow · done")


def test_a_running_task_goes_on_when_a_cell_below_binds_its_input_anew(kernel, tmp_path):
    kernel.execute("n = 1", "a")
    kernel.execute(SLOW.replace("41 + 1", "n"), "b")
    kernel.execute("n = 2", "c")
    kernel.execute("%%task reader\ndouble = score * 2", "d")
    (tmp_path / "go").touch()
    assert kernel.text("double", "e") == "2"


def test_reading_what_could_not_be_stored_says_why(kernel):
    kernel.execute("%%task t\nlines = (i for i in range(3))", "a")
    assert "generator" in kernel.text("print(lines)", "b")


def test_names_bound_under_capture_are_its_cells(kernel):
    kernel.execute("x = 1", "a")
    kernel.execute("%%capture\nx = 2", "b")
    kernel.execute("%%task t\ny = x", "c")
    assert kernel.text("y", "d") == "2"


def test_a_name_that_a_cell_binds_unforeseen_is_its(kernel, tmp_path):
    kernel.execute("x = 1", "a")
    kernel.execute("vars(__import__('__main__')).update(x=2)", "b")
    kernel.execute("%%task t\ny = x", "c")
    assert kernel.text("y", "d") == "2"
    assert {"x"} in [found.added for found in SqliteIndex(str(tmp_path / ".phelps" / "state.db")).learned().values()]


def test_a_change_through_a_function_that_is_made_twice_is_not_handed_over(kernel):
    for cell, source in {"f": "def grow(xs):\n    xs.append(2)", "a": "rows = [1]", "g": "grow(rows)"}.items():
        kernel.execute(source, cell)
    kernel.execute("%%task t\nn = len(rows)", "t")
    assert kernel.text("n", "p") == "2"
    kernel.execute("grow(rows)", "g")
    kernel.execute("%%task t\nn = len(rows)", "t")
    assert "run cells 3, 4 first" in kernel.text("n", "p")
    kernel.execute("rows = [1]", "a")
    kernel.execute("grow(rows)", "g")
    kernel.execute("%%task t\nn = len(rows)", "t")
    assert kernel.text("n", "p") == "2"


def test_after_a_restart_a_fresh_result_is_there_without_running_its_cell(kernel, tmp_path):
    (tmp_path / "book.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": null,'
        ' "source": "%%task t\\nx = 41 + 1"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    begin = "import os; os.environ['JPY_SESSION_NAME'] = 'book.ipynb'"
    kernel.execute(f"%unload_ext phelps_jupyter\n{begin}\n%load_ext phelps_jupyter")
    kernel.execute("%%task t\nx = 41 + 1", "a")
    assert kernel.text("x", "b") == "42"
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    kernel.execute(f"{begin}\n%load_ext phelps_jupyter")
    assert kernel.text("x", "b") == "42"


def test_a_waiting_cell_with_await_can_be_interrupted(kernel, tmp_path):
    kernel.execute(SLOW, "a")
    request = kernel.send("import asyncio\nawait asyncio.sleep(0)\nprint(score)", "b")
    while "waiting for" not in str(kernel.client.get_iopub_msg(timeout=60)["content"]):
        pass
    kernel.manager.interrupt_kernel()
    messages = kernel.collect(request)
    (tmp_path / "go").touch()
    assert any(message["content"].get("ename") == "KeyboardInterrupt" for message in messages)


def test_unknown_commands_and_tasks_are_said(kernel):
    assert "there are status, plan" in kernel.text("%phelps stauts")
    assert "no task 'nope'" in kernel.text("%phelps why nope")


def test_options_complete_with_tab(kernel):
    reply = kernel.client.complete("%%task fit --c", 14, reply=True, timeout=60)
    assert "--cpus" in reply["content"]["matches"]


def test_the_magic_has_its_options_for_help(kernel):
    reply = kernel.client.inspect("%%task", 6, reply=True, timeout=60)
    assert "--cpus" in reply["content"]["data"]["text/plain"]


def test_settings_are_traitlets(kernel):
    kernel.execute("%config Phelps.engines = 3")
    assert kernel.text("%config Phelps.engines") == "3"


def test_the_extension_can_be_unloaded(kernel):
    kernel.execute("%%task t\nx = 1", "a")
    kernel.execute("%phelps wait")
    assert "Error" in kernel.text("%unload_ext phelps_jupyter\n%phelps status")


LOOP = """
import asyncio, time
gaps = []
async def watch():
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        gaps.append(now - last - 0.001)
        last = now
watching = asyncio.get_event_loop().create_task(watch())
"""


def test_the_kernels_event_loop_is_not_blocked_by_tasks(kernel):
    kernel.execute(LOOP)
    tasks = [f"t{number}" for number in range(6)]
    for task in tasks:
        kernel.execute(f"%%task {task}\nimport time\ntime.sleep(0.3)\n{task}_x = list(range(1000))", f"cell-{task}")
    while not all("done" in kernel.card(task) for task in tasks):
        kernel.see(kernel.client.get_iopub_msg(timeout=60))
    # The machine may be busy with others: one late tick in fifty does not tell of us.
    told = kernel.text("watching.cancel(); gaps.sort(); print(len(gaps), gaps[int(len(gaps) * 0.98)])")
    count, high = (float(word) for word in told.split())
    assert count > 100
    assert high < 0.02
