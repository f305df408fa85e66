"""What is told of a task's output to who follows it: no piece twice, and always what it has written."""

from __future__ import annotations

import random
from typing import Any, cast

from phelps_jupyter.core.model import TaskName
from phelps_jupyter.faces.cards import joined
from phelps_jupyter.faces.followed import MANY, Followed
from phelps_jupyter.runtime.orders import Frame


class Follower:
    """A front end's end: keeps what stands, and puts what is new behind it."""

    def __init__(self) -> None:
        self._followed = Followed(TaskName("a"))
        self.pieces: list[tuple[str, str]] = []
        self.told = 0

    def hear(self, *frames: Frame) -> bool:
        """Whether anything was told."""
        message = cast("dict[str, Any] | None", self._followed.news(frames))
        if message is None:
            return False
        assert message["from"] <= len(self.pieces)
        self.pieces[message["from"] :] = [(frame["kind"], frame["text"]) for frame in message["frames"]]
        self.told += sum(len(frame["text"]) for frame in message["frames"])
        return True

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)


def out(text: str) -> Frame:
    return Frame("stdout", text)


def test_only_what_is_new_is_told() -> None:
    follower = Follower()
    frames: list[Frame] = []
    for number in range(50):
        frames.append(out(f"line {number}\n"))
        assert follower.hear(*frames)
    assert follower.text == "".join(f"line {number}\n" for number in range(50)) == joined(frames)[0].text
    assert follower.told == len(follower.text)


def test_a_first_look_is_answered_even_if_nothing_is_written_and_a_second_is_not() -> None:
    follower = Follower()
    assert follower.hear()
    assert not follower.hear()


def test_a_line_that_is_written_over_takes_its_place() -> None:
    follower = Follower()
    frames = [out("begin\n")]
    follower.hear(*frames)
    for share in range(0, 100, 10):
        frames.append(Frame("stderr", f"\r{share} %"))
        follower.hear(*frames)
    assert follower.text == "".join(frame.text for frame in joined(frames))
    assert follower.told < len("begin\n") + 10 * len("\r90 %") + 1


def test_a_run_that_begins_anew_begins_an_empty_log() -> None:
    follower = Follower()
    follower.hear(out("first\n"))
    follower.hear()
    assert follower.text == ""


def test_many_small_pieces_are_told_anew_as_one() -> None:
    follower = Follower()
    text = ""
    for _ in range(MANY + 1):
        text += "x\n"
        follower.hear(out(text))
    assert follower.text == text
    assert len(follower.pieces) == 1


def test_whatever_is_written_the_follower_has_it() -> None:
    chance = random.Random(5)
    for _ in range(200):
        follower, frames = Follower(), list[Frame]()
        for _ in range(chance.randint(1, 12)):
            kind = chance.choice(["stdout", "stderr", "stdout", "clear"])
            frames.append(Frame(kind, "" if kind == "clear" else chance.choice(["a", "bb\n", "\rc", "ab\n\n"])))
            if chance.random() < 0.7:
                follower.hear(*frames)
        follower.hear(*frames)
        assert follower.pieces or not follower.text
        assert follower.text == "".join(frame.text for frame in joined(frames)), frames
