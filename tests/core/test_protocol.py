"""The messages that the front end's tests read are those that the kernel makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from documents import ONE_ENGINE, ask, done, failed, play, sourced, started

from phelps_jupyter.core.board import PROTO, Board, Json, needs
from phelps_jupyter.core.freshness import NEVER_RAN, Judgement, Verdict
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.core.snapshot import task_view
from phelps_jupyter.faces.followed import Followed
from phelps_jupyter.faces.looks import look_of
from phelps_jupyter.faces.picture import engines_picture, task_picture
from phelps_jupyter.runtime.orders import Frame

FIXTURE = Path(__file__).parents[2] / "labextension" / "fixtures" / "protocol.json"
CELLS = sourced("%%task load\nx = 1", "%%task fit\nmodel = x", "%%task plot\nmodel")

LAST = {"load": 1.0, "fit": 30.0}
"""Seconds of the last results."""


def changed(board: Board, machine: Machine) -> Json | None:
    links = needs(machine.graph)
    judged = Judgement(Verdict.STALE, (NEVER_RAN,))
    fresh = Judgement(Verdict.FRESH)
    pictures = {
        task: task_picture(task_view(machine, task), fresh if task == "load" else judged, links[task], LAST.get(task))
        for task in machine.graph.tasks
    }
    rest: Json = {"cells": [], "engines": engines_picture(machine), "notices": []}
    return board.change(pictures, rest, machine.graph.tasks)


def logs() -> list[Json]:
    """What is told of a task that writes: a piece, one more, and one that is written over."""
    followed = Followed(TaskName("fit"))
    written = [
        Frame("stdout", "begin\n"),
        Frame("stdout", "half\n"),
        Frame("stderr", "\r10 %"),
        Frame("stderr", "\r50 %"),
    ]
    told = [followed.news(written[:count]) for count in range(1, len(written) + 1)]
    return [message for message in told if message is not None]


@pytest.fixture
def messages() -> dict[str, object]:
    machine, board = Machine(), Board()
    play(machine, CELLS, ONE_ENGINE, ask("load", "fit", "plot"), started(0), done(0), started(1), failed(1))
    changed(board, machine)
    snapshot = board.snapshot()
    looks = {str(task["name"]): look_of(task) for task in board.tasks}
    play(machine, ask("fit"), started(3), done(3), started(4))
    return {
        "hello": {"type": "hello", "proto": PROTO, "notebook": "a.ipynb"},
        "snapshot": snapshot,
        "looks": looks,
        "delta": changed(board, machine),
        "logs": logs(),
    }


def test_the_front_end_is_tested_with_what_the_kernel_says(messages: dict[str, object]) -> None:
    told = json.loads(json.dumps(messages))
    assert told == json.loads(FIXTURE.read_text()), f"{FIXTURE.name} should be:\n{json.dumps(told, indent=2)}"
