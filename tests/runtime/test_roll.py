"""What is kept of an attempt's output: the beginning and the end, whatever was taken on the way."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.roll import LEAST, Roll

LINES = [f"{number:04}\n" for number in range(1000)]


def rolled(*frames: Frame, text: int = 50, displays: int = 3 * LEAST) -> list[tuple[str, object]]:
    roll = Roll(text, displays)
    roll.extend(frames)
    return told(roll)


def told(roll: Roll) -> list[tuple[str, object]]:
    return [(frame.kind, _content(frame)) for frame in roll.frames()]


def _content(frame: Frame) -> object:
    if frame.kind == "gap":
        return tuple(frame.metadata.values())
    return frame.text or frame.data.get("text/plain", "")


def out(text: str, back: int = 0) -> Frame:
    return Frame("stdout", text, back=back)


def shown(text: str, name: str = "", *, update: bool = False) -> Frame:
    return Frame("display", data={"text/plain": text}, display_id=name, update=update)


def test_what_fits_is_kept_whole():
    frames = [out("a"), out("b\n"), Frame("stderr", "c"), shown("d"), out("e")]
    assert rolled(*frames) == [("stdout", "ab\n"), ("stderr", "c"), ("display", "d"), ("stdout", "e")]


def test_of_a_flood_whole_lines_of_both_ends_are_kept_and_what_is_left_out_is_counted():
    assert rolled(*map(out, LINES)) == [
        ("stdout", "".join(LINES[:10])),
        ("gap", (980, 4900, 0)),
        ("stdout", "".join(LINES[-10:])),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_it_does_not_matter_in_which_pieces_the_text_came_nor_when_it_was_taken(seed: int):
    chance = random.Random(seed)
    lines = LINES[: chance.randrange(1000)]
    far, near, whole, text = Roll(52), Roll(52, spare=10), Roll(52), "".join(lines)
    whole.extend(map(out, lines))
    while text:
        size = chance.randrange(1, 400)
        near.add(out(text[:size]))
        text = text[size:]
        if chance.random() < 0.3:
            far.extend(near.take(chance.randrange(1, 80)))
    far.extend(near.take(1 << 30))
    assert not near
    assert told(far) == told(whole)


def turns(many: int) -> list[Frame]:
    """Of two streams, a few characters each."""
    return [Frame("stderr" if number % 2 else "stdout", f"{number}.") for number in range(many)]


def test_of_streams_that_take_turns_so_many_pieces_of_both_ends_are_kept():
    roll = Roll(pieces=10)
    roll.extend(turns(1000))
    begins, ends = turns(10), turns(1000)[-10:]
    left_out = sum(len(frame.text) for frame in turns(1000)[10:-10])
    assert told(roll) == [
        *((frame.kind, frame.text) for frame in begins),
        ("gap", (0, left_out, 0)),
        *((frame.kind, frame.text) for frame in ends),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_it_does_not_matter_when_the_pieces_of_two_streams_were_taken(seed: int):
    chance = random.Random(seed)
    far, near, whole = Roll(pieces=20), Roll(spare=10, pieces=20), Roll(pieces=20)
    for frame in turns(chance.randrange(400)):
        whole.add(frame)
        near.add(frame)
        if chance.random() < 0.05:
            far.extend(near.take(chance.randrange(1, 80)))
    far.extend(near.take(1 << 30))
    assert told(far) == told(whole)


def test_streams_that_take_turns_for_long_take_little_memory():
    roll = Roll()
    tracemalloc.start()
    try:
        for number in range(200_000):
            roll.add(Frame("stderr" if number % 2 else "stdout", "x"))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20_000_000


def test_a_line_without_end_is_cut():
    found = rolled(out("." * 90), out("." * 90))
    assert found == [("stdout", "." * 40), ("gap", (0, 90, 0)), ("stdout", "." * 50)]


def test_displays_have_their_own_measure_and_stay_where_they_were():
    frames = [out("first\n"), shown("figure"), *map(out, LINES), shown("end")]
    kinds = [kind for kind, _ in rolled(*frames, displays=9 * LEAST)]
    assert kinds == ["stdout", "display", "stdout", "gap", "stdout", "display"]


def test_of_many_displays_the_first_and_the_last_are_kept():
    found = rolled(*(shown(f"{number:02}") for number in range(50)), displays=3 * LEAST)
    assert [content for kind, content in found if kind == "display"] == ["00", "01", "02", "48", "49"]
    assert ("gap", (0, 0, 45)) in found


def test_a_single_display_is_kept_whatever_its_size():
    assert [kind for kind, _ in rolled(shown("x" * 100 * LEAST), out("below"))] == ["display", "stdout"]


def test_an_update_takes_the_place_of_its_display():
    frames = [shown("a", "one"), out("between"), *(shown(str(at), "one", update=True) for at in range(1000))]
    assert rolled(*frames) == [("display", "999"), ("stdout", "between")]


def test_what_was_cleared_is_gone_at_once_or_when_there_is_more():
    assert rolled(out("a"), Frame("clear")) == [("clear", "")]
    waiting = Frame("clear", metadata={"wait": True})
    assert rolled(out("a"), waiting) == [("stdout", "a"), ("clear", "")]
    assert rolled(out("a"), waiting, out("b")) == [("clear", ""), ("stdout", "b")]


def test_text_is_taken_back_wherever_its_pieces_are():
    assert rolled(out("ab"), out("cd"), out("X", back=3)) == [("stdout", "aX")]
    assert rolled(Frame("stderr", "ab"), out("cd"), out("", back=2)) == [("stderr", "ab"), ("stdout", "")]


def test_text_that_was_taken_already_is_taken_back_by_whoever_has_it():
    near, far = Roll(), Roll()
    for step in ("10%", "20%", "30%"):
        near.add(out(step, back=0 if step == "10%" else 3))
        if step == "10%":
            far.extend(near.take(100))
    (frame,) = near.take(100)
    assert (frame.text, frame.back) == ("30%", 3)
    far.add(frame)
    assert told(far) == [("stdout", "30%")]


def test_what_is_left_out_still_takes_back_what_was_taken():
    near, far = Roll(50, spare=10), Roll(50)
    near.add(out("10%"))
    far.extend(near.take(100))
    near.add(out("20%\n", back=3))
    near.extend(map(out, LINES))
    far.extend(near.take(1 << 30))
    expected = Roll(50)
    expected.extend([out("20%\n"), *map(out, LINES)])
    assert told(far) == told(expected)


def test_progress_is_the_latest_and_has_no_place():
    roll = Roll()
    roll.extend([Frame("progress", metadata={"done": at, "total": 3}) for at in range(3)])
    assert (roll.progress and roll.progress.metadata, roll.frames()) == ({"done": 2, "total": 3}, ())
