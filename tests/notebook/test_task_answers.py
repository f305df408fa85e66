"""What a kernel tells a front end of one task, and the debugger on its body."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from test_front_ends import Comm

from phelps_jupyter.core.model import TaskName
from phelps_jupyter.faces.desk import Desk

pytestmark = pytest.mark.notebook

HANG = 60.0
LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
HELPER = "def double(n):\n    return 2 * n"
FIRST = "%%task a\nx = list(range(5))"
SECOND = "%%task b\ny = double(sum(x)) / 0"


@pytest.fixture
def comm(kernel: Any) -> Comm:
    kernel.execute(LOAD)
    comm = Comm(kernel)
    comm.say(type="sources", order=["h", "a", "b"], changed={"h": HELPER, "a": FIRST, "b": SECOND})
    for cell, source in (("h", HELPER), ("a", FIRST), ("b", SECOND)):
        kernel.execute(source, cell)
    kernel.execute("%phelps wait", "w")
    return comm


def test_why_tells_the_lines_that_changed_in_the_task_and_in_a_function(kernel: Any, comm: Comm) -> None:
    comm.say(type="sources", order=["h", "a", "b"], changed={"b": "%%task b\ny = double(sum(x))"})
    kernel.execute("%%task b\ny = double(sum(x))", "b")
    kernel.execute("%phelps wait", "w")
    changed = {"a": FIRST.replace("5", "6"), "h": HELPER.replace("2", "3")}
    comm.say(type="sources", order=["h", "a", "b"], changed=changed)
    kernel.execute(changed["h"], "h")
    comm.say(type="why", task="a")
    (told,) = comm.hear("why", task="a")["told"]
    assert [line for line in told["difference"] if line[:1] in "+-"] == ["-x = list(range(5))", "+x = list(range(6))"]
    comm.say(type="why", task="b")
    lines = [line for one in comm.hear("why", task="b")["told"] for line in one["difference"]]
    assert [line.strip() for line in lines if line[:1] in "+-"] == ["-    return 2 * n", "+    return 3 * n"]


def test_values_are_looked_at_without_being_loaded_in_the_kernel(comm: Comm) -> None:
    comm.say(type="preview", task="b", name="x")
    assert comm.hear("preview", task="b", name="x")["text"] == "[0, 1, 2, 3, 4]"
    comm.say(type="preview", task="b", name="y")
    assert "no value of y is stored" in comm.hear("preview", task="b", name="y")["refused"]


def test_what_a_task_read_of_a_plain_cell_is_looked_at_as_its_last_run_had_it(kernel: Any, comm: Comm) -> None:
    look = {"type": "preview", "task": "c", "name": "n"}
    cells = {"n": "n = [1, 2]", "c": "%%task c\nm = double(sum(n))"}
    comm.say(type="sources", order=["h", *cells], changed={"h": HELPER} | cells)
    kernel.execute(cells["n"], "n")
    comm.say(**look)
    assert "no value of n is stored" in comm.hear("preview")["refused"]
    kernel.execute(cells["c"], "c")
    kernel.execute("%phelps wait", "w")
    comm.say(**look)
    assert comm.hear("preview", text="[1, 2]")
    kernel.execute("n = [3]", "n")
    comm.forget()
    comm.say(**look)
    assert comm.hear("preview")["text"] == "[1, 2]"
    comm.say(**look | {"name": "double"})
    assert "no value of double is stored" in comm.hear("preview", name="double")["refused"]


def test_what_a_run_read_that_failed_is_not_told_of_the_one_before(kernel: Any, comm: Comm) -> None:
    cells = {"n": "n = [1, 0]", "c": "%%task c\nm = 1 / n[0]"}
    comm.say(type="sources", order=list(cells), changed=cells)
    for cell, source in [*cells.items(), ("w", "%phelps wait"), ("n", "n = [0, 1]"), ("c", cells["c"])]:
        kernel.execute(source, cell)
    kernel.execute("%phelps wait", "w")
    assert "failed" in kernel.card("c")
    comm.forget()
    comm.say(type="preview", task="c", name="n")
    assert "no value of n is stored" in comm.hear("preview")["refused"]


def test_a_ready_cell_shows_the_inputs_and_it_runs(kernel: Any, comm: Comm) -> None:
    comm.say(type="cell", task="b", what="inputs")
    told = comm.hear("insert", beside="b", above=False)
    assert told["source"] == "# What the task b reads\ndisplay(x)"
    assert kernel.text(told["source"], "new") == "[0, 1, 2, 3, 4]"


def test_what_is_not_there_is_told_and_harms_nothing(comm: Comm) -> None:
    comm.say(type="why", task="nowhere")
    assert "there is no task 'nowhere'" in comm.hear("notice")["text"]
    comm.say(type="preview", task="a", name="x")
    assert comm.hear("preview")["text"] == "[0, 1, 2, 3, 4]"


def test_the_debugger_stops_where_the_body_fails(kernel: Any, comm: Comm) -> None:
    del comm
    client = kernel.client
    kernel.client.session.metadata = {"cellId": "d"}
    request = client.execute("%phelps debug b", allow_stdin=True)
    answers = iter(["p sum(x)", "q"])
    text = ""
    end = time.monotonic() + HANG
    while True:
        assert time.monotonic() < end, text
        if client.stdin_channel.msg_ready():
            client.get_stdin_msg(timeout=HANG)
            client.input(next(answers))
        if not client.iopub_channel.msg_ready():
            time.sleep(0.01)
            continue
        message = client.get_iopub_msg(timeout=HANG)
        text += str(message["content"].get("text", "")) + " ".join(message["content"].get("traceback", []))
        idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
        if idle and message["parent_header"].get("msg_id") == request:
            break
    assert "ZeroDivisionError" in text
    assert "<task b>" in text
    assert "debugging.py" not in text
    assert re.search("^10$", text, re.MULTILINE), text


def test_a_body_that_ends_well_changes_none_of_the_kernels_values(kernel: Any, comm: Comm) -> None:
    del comm
    kernel.execute("%%task c\nx.append(7)\nprint(len(x))", "c")
    kernel.execute("%phelps wait", "w")
    said = "6\nc ends well here: what it read is bound in this kernel as `x`\n"
    assert [kernel.text("%phelps debug c", "d") for _ in range(2)] == [said, said]


def test_values_over_a_bound_are_not_loaded_to_be_compared(book: Callable[..., Any]) -> None:
    cells = {"load": LOAD, "a": FIRST, "b": "%%task b\ny = sum(x)"}
    made = book(**cells)
    made.run("--inplace")
    made.edit("a", "5", "6")
    made.run("a")
    desk = Desk(made.path, None)
    try:
        (whole,) = desk.judge.explain(TaskName("b")).told
        (bounded,) = desk.judge.explain(TaskName("b"), 10).told
    finally:
        desk.close()
    assert any("5" in line for line in whole.difference)
    assert bounded.difference == ("(over 10 B, and not compared here: %phelps why does it)",)
