"""What a zygote was told: orders in turn, and cancels of those that it has."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from phelps_jupyter.runtime.inbox import Inbox
from phelps_jupyter.runtime.line import Line, Message
from phelps_jupyter.runtime.signs import Signs


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Line, Inbox]]:
    ours, theirs = socket.socketpair()
    keeper, inbox = Line(ours), Inbox(Line(theirs), os.getppid(), Signs(str(tmp_path)), tied=True)
    yield keeper, inbox
    keeper.close()
    inbox.close()


def order(number: int) -> Message:
    return Message("order", number, 1, pickle.dumps(f"order {number}"))


def test_a_cancel_reaches_what_waits_and_what_runs(ends: tuple[Line, Inbox]) -> None:
    keeper, inbox = ends
    for number in (1, 2):
        keeper.send(order(number))
    assert inbox.wait() == "order 1"
    for number in (1, 2):
        keeper.send(Message("cancel", number, 1))
    inbox.take()
    assert [inbox.is_cancelled(number, 1) for number in (1, 2)] == [True, True]
    assert inbox.wait() == "order 2"
    assert inbox.is_cancelled(2, 1)


def test_cancels_of_what_has_ended_are_not_kept(ends: tuple[Line, Inbox]) -> None:
    keeper, inbox = ends
    for number in range(1, 100):
        keeper.send(order(number))
        inbox.wait()
        keeper.send(Message("cancel", number, 1))
        keeper.send(Message("cancel", number - 1, 1))
    keeper.send(order(100))
    inbox.wait()
    assert [number for number in range(101) if inbox.is_cancelled(number, 1)] == []
    assert len(inbox._cancelled) == 0


def test_who_takes_what_has_come_gives_signs_of_life(ends: tuple[Line, Inbox], tmp_path: Path) -> None:
    (tmp_path / "pid").touch()
    os.utime(tmp_path / "pid", (1.0, 1.0))
    ends[1].take()
    assert os.path.getmtime(tmp_path / "pid") > 1.0
