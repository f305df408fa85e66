"""What a zygote was told: orders in turn, and cancels of those that it has."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator

import pytest

from phelps_jupyter.runtime.inbox import Inbox
from phelps_jupyter.runtime.line import Line, Message


@pytest.fixture
def ends() -> Iterator[tuple[Line, Inbox]]:
    ours, theirs = socket.socketpair()
    keeper, inbox = Line(ours), Inbox(Line(theirs), os.getppid(), tied=True)
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
