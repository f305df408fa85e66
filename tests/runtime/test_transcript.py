"""Frames on their way: one line each, in order, whatever portions the pipes deliver."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.transcript import HEADER, Pipe, Transcript, decode, encode

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
def test_a_transcript_takes_portions_of_any_size(tmp_path: Path, portion: int) -> None:
    texts = [(b"o", "é".encode()), (b"e", b"two"), (b"f", encode(FRAMES[1])), (b"r", b"the report")]
    sent = b"".join(HEADER.pack(kind, len(payload)) + payload for kind, payload in texts)
    told: list[bytes] = []
    transcript = Transcript(str(tmp_path / "frames"), told.append)
    for at in range(0, len(sent), portion):
        transcript.control(sent[at : at + portion])
    transcript.close()
    assert transcript.report == b"the report"
    assert b"".join(told) == (tmp_path / "frames").read_bytes()
    assert decode(b"".join(told)) == (Frame("stdout", "é"), Frame("stderr", "two"), FRAMES[1])


def test_raw_bytes_are_text_even_when_a_character_is_cut_or_wrong(tmp_path: Path) -> None:
    transcript = Transcript(str(tmp_path / "frames"), len)
    for data in (b"caf\xc3", b"\xa9 \xff\n"):
        transcript.raw("stdout", data)
    transcript.close()
    assert decode((tmp_path / "frames").read_bytes()) == (Frame("stdout", "café \ufffd\n"),)


def test_a_process_that_the_body_forked_writes_to_the_plain_stream() -> None:
    control, raw = os.pipe(), os.pipe()
    pipe = Pipe(control[1], (raw[1],))
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
