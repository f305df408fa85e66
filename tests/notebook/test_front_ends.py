"""Front ends as the kernel meets them: what they call cells, and what they say on a comm."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.notebook

LOAD = "%load_ext phelps_jupyter\n%config Phelps.cluster = 'none'"
BEGIN = "import os; os.environ['JPY_SESSION_NAME'] = 'book.ipynb'\n%reload_ext phelps_jupyter"
TASK = "%%task a\nx = 1"
HANG = 60.0


def save(folder: Path, *sources: str) -> None:
    cells = [{"cell_type": "code", "id": f"n{n}", "metadata": {}, "source": text} for n, text in enumerate(sources)]
    (folder / "book.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_a_cell_with_the_name_of_an_editor_is_the_one_of_the_file(kernel: Any, tmp_path: Path) -> None:
    save(tmp_path, LOAD, TASK)
    kernel.execute(BEGIN)
    assert "Error" not in kernel.text(TASK, "vscode-notebook-cell:/book.ipynb#W1")
    assert kernel.text("%phelps wait\nx") == "1"


class Comm:
    """A front end's end of a link."""

    def __init__(self, kernel: Any, name: str = "front") -> None:
        self._kernel = kernel
        self._name = name
        self._send("comm_open", target_name="phelps")

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [one["data"] for one in self._kernel.told if one["comm_id"] == self._name]

    def forget(self) -> None:
        """What was heard so far."""
        self._kernel.told.clear()

    def say(self, **data: object) -> None:
        self._send("comm_msg", data=data)

    def close(self) -> None:
        self._send("comm_close")

    def _send(self, kind: str, **content: Any) -> None:
        client = self._kernel.client
        told = {"comm_id": self._name, "data": {}} | content
        client.shell_channel.send(client.session.msg(kind, told))

    def hear(self, kind: str, **fields: object) -> dict[str, Any]:
        """Wait for a message of this kind, and with these fields."""
        return self._await(lambda: [one for one in self.heard if one["type"] == kind and fields.items() <= one.items()])

    def hear_of(self, task: str) -> dict[str, Any]:
        """Wait until the task is told; how it was told last."""
        return self._await(lambda: [one for each in self.heard for one in each.get("tasks", ()) if one["name"] == task])

    def _await(self, found: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
        end = time.monotonic() + HANG
        while not found():
            assert time.monotonic() < end, self.heard
            self._kernel.see(self._kernel.client.get_iopub_msg(timeout=HANG))
        return found()[-1]


@pytest.fixture
def comm(kernel: Any) -> Comm:
    kernel.execute(LOAD)
    return Comm(kernel)


def test_a_front_end_is_told_of_its_own_document(comm: Comm) -> None:
    comm.say(type="sources", order=["one"], changed={"one": TASK})
    assert comm.hear("hello")["proto"] == 1
    told = comm.hear_of("a")
    assert (told["cell_id"], told["verdict"]) == ("one", "stale")


def test_a_task_is_run_and_its_card_sent(comm: Comm) -> None:
    comm.say(type="sources", order=["one"], changed={"one": TASK})
    comm.say(type="run", scope="stale", tasks=[])
    card = comm.hear("card", task="a")
    assert card["cell_id"] == "one"
    assert "✓ a · done" in card["bundle"]["text/plain"]


def test_each_run_has_its_card_however_short_it_was(comm: Comm) -> None:
    comm.say(type="sources", order=["one"], changed={"one": TASK})
    for _ in range(3):
        comm.forget()
        comm.say(type="run", scope="force", tasks=["a"])
        comm.hear("card", task="a")


def test_cells_whose_text_has_not_arrived_are_asked_for(comm: Comm) -> None:
    comm.say(type="sources", order=["one", "two"], changed={"one": TASK})
    comm.hear("tell")
    comm.say(type="sources", order=["one", "two"], changed={"one": TASK, "two": "%%task b\ny = x"})
    assert comm.hear_of("b")["needs"] == [{"task": "a", "names": ["x"], "via": False}]


def test_what_rests_on_a_plain_cell_that_is_to_run_again_is_left_to_the_front_end(comm: Comm) -> None:
    cells = {"plain": "n = 3", "one": "%%task a\nx = n", "two": "%%task b\ny = 1"}
    comm.say(type="sources", order=list(cells), changed=cells)
    comm.say(type="run", scope="stale", tasks=[])
    assert comm.hear("execute")["cells"] == ["plain", "one"]
    assert comm.hear("card", task="b")["cell_id"] == "two"


def test_an_unknown_wish_is_told_and_harms_nothing(comm: Comm) -> None:
    comm.say(type="sources", order=["one"], changed={"one": TASK})
    comm.say(type="run", scope="sideways", tasks=[])
    assert "there are stale, needed, downstream, force, retry" in comm.hear("notice")["text"]
    comm.say(type="run", scope="needed", tasks=["a"])
    comm.hear("card", task="a")


def test_an_unloaded_extension_says_good_bye(kernel: Any, comm: Comm) -> None:
    comm.say(type="sources", order=["one"], changed={"one": TASK})
    comm.hear_of("a")
    messages = kernel.execute("%unload_ext phelps_jupyter")
    assert [message["content"]["comm_id"] for message in messages if message["msg_type"] == "comm_close"] == ["front"]


@pytest.fixture
def watched(kernel: Any) -> Comm:
    """A front end of a kernel whose graph another one without the extension has asked for, before: with a widget."""
    kernel.execute("%phelps graph", "graph")
    front = Comm(kernel)
    front.say(type="sources", order=["one"], changed={"one": TASK})
    front.hear_of("a")
    return front


def widget_heard(kernel: Any) -> list[dict[str, Any]]:
    """What it was told as a link."""
    told = [one["data"] for one in kernel.told]
    return [data["content"] for data in told if data.get("method") == "custom"]


def await_done(kernel: Any) -> None:
    """Until the widget has heard that the task is done: whose document it is has heard more, and before."""
    end = time.monotonic() + HANG
    while "done" not in [task["state"] for one in widget_heard(kernel) for task in one.get("tasks", ())]:
        assert time.monotonic() < end, widget_heard(kernel)
        kernel.see(kernel.client.get_iopub_msg(timeout=HANG))


def test_a_widget_has_no_document_when_the_front_end_has_gone(kernel: Any, watched: Comm) -> None:
    watched.close()
    kernel.execute("%phelps run a")
    await_done(kernel)
    # What is told to nobody's document is an update of what stands below the cell.
    [name] = [name for name in kernel.displays if name.startswith("phelps-graph-")]
    end = time.monotonic() + HANG
    while kernel.displays[name]["text/plain"] != "✓ a · done":
        assert not {"card", "graph"} & {one["type"] for one in widget_heard(kernel)}
        assert time.monotonic() < end, kernel.displays[name]
        kernel.see(kernel.client.get_iopub_msg(timeout=HANG))


def test_the_front_end_that_is_left_has_the_document_and_no_widget(kernel: Any, watched: Comm) -> None:
    other = Comm(kernel, "other")
    other.say(type="sources", order=["two"], changed={"two": TASK})
    watched.say(type="sources", order=["one"], changed={"one": "%%task a\nx = 2"})
    watched.close()
    kernel.execute("%phelps run a")
    await_done(kernel)
    assert other.hear("card")["task"] == "a"
    assert "card" not in {one["type"] for one in widget_heard(kernel)}


def saved_later(folder: Path, seconds: float, *sources: str) -> None:
    save(folder, *sources)
    then = time.time() + seconds
    os.utime(folder / "book.ipynb", (then, then))


def linked(kernel: Any, folder: Path) -> Comm:
    """A front end whose notebook has a file, which knows one task."""
    save(folder, LOAD, TASK)
    kernel.execute(BEGIN)
    front = Comm(kernel)
    front.say(type="sources", order=["n0", "n1"], changed={"n0": LOAD, "n1": TASK})
    front.hear_of("a")
    return front


def test_a_front_end_that_died_does_not_stand_before_the_file(kernel: Any, tmp_path: Path) -> None:
    front = linked(kernel, tmp_path)
    saved_later(tmp_path, 60, LOAD, TASK, "%%task b\ny = x + 1")
    front.forget()
    assert "it never ran" in kernel.text("%phelps why b")
    front.hear("tell")


def test_a_front_end_that_lives_knows_better_than_the_file(kernel: Any, tmp_path: Path) -> None:
    front = linked(kernel, tmp_path)
    saved_later(tmp_path, 60, LOAD, "%%task other\nx = 1")
    kernel.execute("1")
    front.hear("tell")
    front.forget()
    front.say(type="sources", order=["n0", "n1"], changed={"n0": LOAD, "n1": TASK})
    front.say(type="resync")
    assert [task["name"] for task in front.hear("snapshot")["tasks"]] == ["a"]
    assert "it never ran" in kernel.text("%phelps why a")


def test_a_file_without_ids_is_as_it_was_told(kernel: Any, tmp_path: Path) -> None:
    front = linked(kernel, tmp_path)
    cells = [{"cell_type": "code", "metadata": {}, "source": text} for text in (LOAD, TASK)]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    os.utime(path, (time.time() + 60,) * 2)
    front.forget()
    kernel.execute("1")
    front.say(type="resync")
    assert [task["cell_id"] for task in front.hear("snapshot")["tasks"]] == ["n1"]
    assert not [one for one in front.heard if one["type"] == "tell"]


@pytest.mark.parametrize("sources", [(LOAD, TASK), (LOAD, "%%task other\nx = 1")])
def test_a_file_that_is_as_it_was_told_or_not_newer_is_nothing_new(
    kernel: Any, tmp_path: Path, sources: tuple[str, ...]
) -> None:
    front = linked(kernel, tmp_path)
    saved_later(tmp_path, 60 if sources[1] == TASK else 0, *sources)
    front.forget()
    assert "it never ran" in kernel.text("%phelps why a")
    front.say(type="resync")
    front.hear("snapshot")
    assert not [one for one in front.heard if one["type"] == "tell"]
