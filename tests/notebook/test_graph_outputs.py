"""``%phelps graph``: what stands below its cell, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.notebook

GRAPH = "application/vnd.phelps.graph+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
HANG = 60.0


def standing(kernel: Any) -> dict[str, Any]:
    """The bundle below the newest graph's cell."""
    names = [name for name in kernel.displays if name.startswith("phelps-graph-")]
    found: dict[str, Any] = kernel.displays[names[-1]]
    return found


def states(bundle: dict[str, Any]) -> dict[str, str]:
    return {task["name"]: task["state"] for task in bundle[GRAPH]["tasks"]}


def await_states(kernel: Any, wanted: dict[str, str]) -> dict[str, Any]:
    """Until the graph stands so; also what comes when no cell runs."""
    end = time.monotonic() + HANG
    while states(standing(kernel)) != wanted:
        assert time.monotonic() < end, standing(kernel)
        kernel.see(kernel.client.get_iopub_msg(timeout=HANG))
    return standing(kernel)


def slow(folder: Path) -> str:
    return f"%%task b\nimport os, time\nwhile not os.path.exists({str(folder / 'go')!r}): time.sleep(0.02)\ny = x"


def test_a_graph_is_shown_and_brought_up_to_date_when_all_has_settled(kernel: Any, tmp_path: Path) -> None:
    assert kernel.text("%phelps graph") == "there are no tasks"
    kernel.execute("%%task a\nx = 1")
    kernel.execute(slow(tmp_path))
    (tmp_path / "go").touch()
    bundle = await_states(kernel, {"a": "done", "b": "done"})
    assert "✓ b · done · needs a" in bundle["text/plain"]
    assert WIDGET not in bundle


LATE_NEWS = """
import time
from phelps_jupyter.faces.magics import _lives
[live] = _lives.values()
lab, told = live.lab, []
see = lab.see
def late(view, frames):
    # The document is told to have changed just before the end of the run.
    if view.state == "done":
        lab._graph = None
        lab.look(anew=False)
        time.sleep(0.5)
    see(view, frames)
lab.see = late
lab.follow(lambda message: told.extend((task["state"], task["verdict"]) for task in message.get("tasks", ())))
"""


def test_what_has_ended_is_never_told_with_the_verdict_of_before(kernel: Any) -> None:
    kernel.execute(LATE_NEWS)
    kernel.execute("%%task a\nx = 1")
    kernel.execute("%phelps wait")
    assert "('done', 'fresh')" in kernel.text("lab.tell_now(); print(told)")
    assert "('done', 'stale')" not in kernel.text("print(told)")


def test_a_front_end_without_the_extension_has_a_widget_while_something_runs(kernel: Any, tmp_path: Path) -> None:
    kernel.execute("%%task a\nx = 1\n", "c1")
    kernel.execute(slow(tmp_path), "c2")
    kernel.execute("%phelps graph", "c3")
    view = standing(kernel)[WIDGET]
    heard: list[dict[str, Any]] = []
    client = kernel.client
    data = {"method": "custom", "content": {"type": "resync"}}
    content = {"comm_id": view["model_id"], "data": data}
    client.shell_channel.send(client.session.msg("comm_msg", content))
    end = time.monotonic() + HANG
    while not [one for one in heard if one["type"] == "snapshot"]:
        assert time.monotonic() < end, heard
        message = client.get_iopub_msg(timeout=HANG)
        kernel.see(message)
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == view["model_id"]:
            heard.append(message["content"]["data"].get("content", {"type": "state"}))
    (tmp_path / "go").touch()
    settled = await_states(kernel, {"a": "done", "b": "done"})
    assert WIDGET not in settled


def test_who_executes_cells_without_naming_them_gets_no_widget(kernel: Any, tmp_path: Path) -> None:
    kernel.execute("%%task a\nx = 1")
    kernel.execute(slow(tmp_path))
    kernel.execute("%phelps graph")
    assert WIDGET not in standing(kernel)
    (tmp_path / "go").touch()
    await_states(kernel, {"a": "done", "b": "done"})


def test_a_wrong_word_is_refused(kernel: Any) -> None:
    assert "%phelps graph a: takes nothing" in kernel.text("%phelps graph a")


def test_a_notebook_run_from_the_shell_keeps_how_it_ended(book: Callable[..., Any]) -> None:
    cells = {
        "load": "%load_ext phelps_jupyter",
        "graph": "%phelps graph",
        "a": "%%task a\nx = 1",
        "b": "%%task b\ny = x",
    }
    made = book(**cells)
    made.run("--inplace")
    bundle = made.outputs(made.path)["graph"][0]["data"]
    assert states(bundle) == {"a": "done", "b": "done"}
    assert bundle["text/plain"].splitlines() == ["✓ a · done", "✓ b · done · needs a"]
