"""Frames on their way: one line each, in order, whatever portions the pipes deliver."""

from __future__ import annotations

import os

import pytest

from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.roll import TEXT, Roll
from phelps_jupyter.runtime.transcript import AT_ONCE, BATCH, FIRST, HEADER, Pipe, Transcript, decode, encode

FRAMES = (
    Frame("stdout", "héllo\nworld\r"),
    Frame("display", data={"text/plain": "x", "application/json": {"a": [1, None]}}, metadata={"needs": "dark"}),
    Frame("display", data={"text/plain": "y"}, display_id="bar", update=True),
    Frame("clear", metadata={"wait": True}),
    Frame("result", data={"text/plain": "5"}),
)


def test_a_frame_survives_its_line() -> None:
    assert decode(b"".join(encode(frame) for frame in FRAMES)) == FRAMES


def test_what_json_cannot_say_is_told_as_text() -> None:
    (frame,) = decode(encode(Frame("display", data={"text/plain": "x", "application/json": {1}})))
    assert frame.data["application/json"] == "{1}"


def test_text_of_one_stream_that_stands_together_is_one_frame() -> None:
    kinds = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    lines = b"".join(encode(Frame(kind, text)) for kind, text in kinds)  # type: ignore[arg-type]
    assert decode(lines) == (Frame("stdout", "ab"), Frame("stderr", "c"), Frame("stdout", "d"))


@pytest.mark.parametrize("portion", [1, 3, 1000])
def test_a_transcript_takes_portions_of_any_size(portion: int) -> None:
    texts = [(b"o", "é".encode()), (b"e", b"two"), (b"f", encode(FRAMES[1])), (b"r", b"the report")]
    sent = b"".join(HEADER.pack(kind, len(payload)) + payload for kind, payload in texts)
    told: list[bytes] = []
    transcript = Transcript(told.append)
    for at in range(0, len(sent), portion):
        transcript.control(sent[at : at + portion])
    transcript.close()
    assert transcript.report == b"the report"
    assert b"".join(told) == transcript.written()
    assert decode(b"".join(told)) == (Frame("stdout", "é"), Frame("stderr", "two"), FRAMES[1])


def test_raw_bytes_are_text_even_when_a_character_is_cut_or_wrong() -> None:
    transcript = Transcript(len)
    for data in (b"caf\xc3", b"\xa9 \xff\n"):
        transcript.raw("stdout", data)
    assert decode(transcript.written()) == (Frame("stdout", "café \ufffd\n"),)


def test_the_first_text_is_passed_on_soon_and_the_next_with_all_that_comes_in_between() -> None:
    told: list[bytes] = []
    transcript = Transcript(told.append)
    transcript.raw("stdout", b"first")
    assert transcript.due() <= FIRST
    transcript.raw("stdout", b"\n")
    transcript.pass_on()
    transcript.raw("stdout", b"next\n")
    assert FIRST < transcript.due() <= BATCH
    for number in range(1000):
        transcript.raw("stdout", b"%d\n" % number)
    transcript.close()
    first, rest = map(decode, told)
    assert first == (Frame("stdout", "first\n"),)
    assert [frame.kind for frame in rest] == ["stdout"]
    assert rest[0].text.startswith("next\n0\n1\n")
    assert rest[0].text.endswith("\n999\n")


def test_however_much_is_written_a_message_is_small_and_the_end_is_told() -> None:
    told: list[bytes] = []
    transcript, far = Transcript(told.append), Roll()
    for number in range(50):
        transcript.raw("stdout", b"%08d\n" % number * 20_000)
        transcript.pass_on()
    transcript.close()
    assert max(map(len, told)) < 2 * AT_ONCE
    for lines in told:
        far.extend(decode(lines))
    assert far.frames() == decode(transcript.written())
    kinds = [frame.kind for frame in far.frames()]
    assert kinds == ["stdout", "gap", "stdout"]
    assert far.frames()[0].text.startswith("00000000\n")
    assert far.frames()[-1].text.endswith("00000049\n")
    assert sum(len(frame.text) for frame in far.frames()) <= 2 * TEXT


def test_what_a_carriage_return_leaves_is_kept_also_where_its_steps_were_passed_on() -> None:
    told: list[bytes] = []
    transcript, far = Transcript(told.append), Roll()
    for percent in range(101):
        transcript.raw("stderr", b"\r%3d %%" % percent)
        transcript.pass_on()
    far.extend(frame for lines in told for frame in decode(lines))
    assert far.frames() == decode(transcript.written()) == (Frame("stderr", "100 %"),)


def test_progress_is_told_the_first_time_and_then_the_latest_with_no_place_among_the_text() -> None:
    told: list[bytes] = []
    transcript = Transcript(told.append)
    transcript.raw("stdout", b"bar 1")
    for done in range(50):
        transcript.count(done, 50)
        transcript.pass_on()
    transcript.raw("stdout", b"\rbar 2")
    frames = [frame for lines in told for frame in decode(lines)]
    assert [frame.kind for frame in frames] == ["stdout", "progress"]
    assert decode(transcript.written()) == (Frame("stdout", "bar 2"),)


def test_a_process_that_the_body_forked_writes_to_the_plain_stream() -> None:
    control, raw = os.pipe(), os.pipe()
    pipe = Pipe(control[1], (raw[1],), Dial())
    pid = os.fork()
    if pid == 0:
        os.dup2(raw[1], 1)
        pipe.text("stdout", b"below")
        pipe.frame(Frame("display", data={"text/plain": "shown"}))
        os._exit(0)
    os.waitpid(pid, 0)
    for fd in (control[1], raw[1]):
        os.close(fd)
    assert (os.read(control[0], 100), os.read(raw[0], 100)) == (b"", b"belowshown\n")
    for fd in (control[0], raw[0]):
        os.close(fd)
