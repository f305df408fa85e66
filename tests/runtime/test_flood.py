"""A body that writes without end, or where nobody listens, takes no more memory than is kept."""

from __future__ import annotations

import resource
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from zygote_kit import Told

from phelps_jupyter.runtime.agent import ROOM, Post
from phelps_jupyter.runtime.line import unpack
from phelps_jupyter.runtime.mailbox import Letters
from phelps_jupyter.runtime.news import news, order_message
from phelps_jupyter.runtime.orders import Frame, Order, Outcome, Wrote
from phelps_jupyter.runtime.roll import TEXT, Roll

MB = 1_000_000
FLOOD = """
import os
line = b"%07d\\n"
for number in range(2500):
    os.write(1, b"".join(line % (number * 5000 + at) for at in range(5000)))
open("written", "w").close()
"""
LINES = 2500 * 5000
LIVELY = """
import sys, time
for number in range(150):
    sys.stdout.write("x" * 79 + "\\n")
    display({"image": "y" * 100_000})
    time.sleep(0.01)
"""


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    told = Told(tmp_path / "store")
    yield told
    told.keeper.close()


def order(folder: Path, body: str, run: int = 1) -> Order:
    store, path = str(folder / "store"), tuple(sys.path)
    some = (run, 1, "fit", body, (), (), False, frozenset[str](), store, str(folder), path, {}, None)
    return Order(*some, cpus=1, memory=None, time=None)


def frames(told: Told) -> tuple[Frame, ...]:
    roll = Roll()
    for notice in map(news, told.messages):
        if isinstance(notice, Wrote):
            roll.extend(notice.frames)
    return roll.frames()


def begins_and_ends(found: tuple[Frame, ...]) -> bool:
    begin, gap, end = found
    left = [begin.text.count("\n"), gap.metadata["lines"], end.text.count("\n")]
    whole = begin.text.startswith("0000000\n") and end.text.endswith(f"\n{LINES - 1:07}\n")
    return whole and sum(map(int, map(str, left))) == LINES and len(begin.text) + len(end.text) <= 2 * TEXT


def test_of_a_flood_both_ends_are_told_in_messages_that_are_small(told: Told, tmp_path: Path) -> None:
    told.keeper.tell(order_message(order(tmp_path, FLOOD)))
    assert told.outcome().kind == "done"
    assert begins_and_ends(frames(told))
    assert max(len(message.payload) for message in told.messages) < MB
    assert isinstance(news(told.messages[-1]), Outcome)


def test_while_nobody_listens_a_flood_takes_no_memory_and_nothing_of_its_ends_is_lost(
    told: Told, tmp_path: Path
) -> None:
    told.keeper.open()
    told.keeper.tell(order_message(order(tmp_path, FLOOD)))
    zygote, peak = psutil.Process(told.zygote), 0
    while not (tmp_path / "written").exists():
        peak = max(peak, zygote.memory_info().rss)
        select.select([], [], [], 0.02)
    # It holds 40 MB without any output.
    assert peak < 90 * MB
    assert told.outcome().kind == "done"
    assert begins_and_ends(frames(told))


def test_what_the_kernel_does_not_hear_is_kept_up_to_a_limit_and_nothing_is_lost(told: Told, tmp_path: Path) -> None:
    told.keeper.open()
    told.keeper.tell(order_message(order(tmp_path, LIVELY)))
    post = Post(told.keeper)
    line = told.keeper.line
    assert line is not None
    while not post.is_full:
        select.select([line], [], [], 1)
        post.collect()
    unheard = post.mailbox.all_letters().messages
    for _ in range(3):
        select.select([line], [], [], 1)
        post.collect()
    assert post.mailbox.all_letters().messages == unheard
    assert sum(map(len, unheard)) == post.mailbox.size < ROOM + 2 * MB
    while not any(message.kind == "outcome" for message in told.messages):
        told.messages += map(unpack, post.mailbox.all_letters().messages)
        post.take(Letters(len(told.messages), 0, []))
        post.collect()
    assert post.mailbox.size == 0
    assert [frame.kind for frame in frames(told)] == ["stdout", "display"] * 150


def test_a_body_that_prints_goes_well_where_no_file_can_be_written(told: Told, tmp_path: Path) -> None:
    told.keeper.open()
    told.keeper.tell(order_message(order(tmp_path, "x = 1")))
    told.outcome()
    psutil.Process(told.zygote).rlimit(resource.RLIMIT_FSIZE, (0, 0))
    told.messages.clear()
    body = "for _ in range(1000): print('x' * 1000)"
    told.keeper.tell(order_message(order(tmp_path, body, run=2)))
    assert told.outcome(2).kind == "done"
    assert len(frames(told)[0].text) == 1001 * 1000
