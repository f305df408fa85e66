"""What runs have written, as a session holds it."""

from __future__ import annotations

from pathlib import Path

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.model import RunId
from phelps_jupyter.core.snapshot import Progress
from phelps_jupyter.runtime.orders import Frame, Wrote
from phelps_jupyter.runtime.roll import SPARE, TEXT, Roll
from phelps_jupyter.transcripts import Transcripts, Unread

RUN = RunId(1)
LINE = "x" * 99 + "\n"
COUNTED = Frame("progress", metadata={"done": 3.0, "total": 7.0})


def test_a_session_that_is_busy_is_told_once_and_finds_all_in_order():
    unread = Unread()
    told = [unread.put(Wrote(1, 1, (Frame("stdout", text),))) for text in ("a", "b")]
    others = [unread.put(Wrote(2, 1, (Frame("stderr", "other"),))), unread.put(Wrote(1, 2, (COUNTED,)))]
    assert (told, others) == ([True, False], [True, True])
    assert unread.read(1, 1) == Wrote(1, 1, (Frame("stdout", "ab"),))
    assert unread.read(1, 2) == Wrote(1, 2, (COUNTED,))
    assert unread.put(Wrote(1, 1, (Frame("stdout", "c"),)))
    assert unread.read(1, 1) == Wrote(1, 1, (Frame("stdout", "c"),))


def test_for_a_session_that_reads_nothing_no_more_is_held_than_is_kept(tmp_path: Path):
    unread, transcripts, all_of_it = Unread(), Transcripts(DiskStore(str(tmp_path))), Roll()
    transcripts.begin(RUN)
    for number in range(300):
        frame = Frame("stdout", f"{number}\n" + LINE * 200)
        all_of_it.add(frame)
        unread.put(Wrote(1, 1, (frame,)))
        if number == 100:
            transcripts.add(RUN, unread.read(1, 1).frames)
    late = unread.read(1, 1).frames
    assert sum(len(frame.text) for frame in late) < 2.1 * TEXT
    transcripts.add(RUN, late)
    assert transcripts.of(RUN) == all_of_it.frames()


def test_what_was_kept_is_read_again(tmp_path: Path):
    transcripts = Transcripts(DiskStore(str(tmp_path)))
    frames = (Frame("stdout", "a\n"), Frame("gap", metadata={"lines": 1, "characters": 2, "displays": 0}))
    kept = transcripts.keep(frames)
    transcripts.replay(RUN, kept)
    assert transcripts.of(RUN) == frames
    assert transcripts.keep(()) == ""


def test_a_new_attempt_has_counted_nothing_yet(tmp_path: Path):
    transcripts = Transcripts(DiskStore(str(tmp_path)))
    assert transcripts.progress(RUN) is None
    transcripts.add(RUN, (COUNTED,))
    assert transcripts.progress(RUN) == Progress(3.0, 7.0)
    transcripts.begin(RUN)
    assert transcripts.progress(RUN) is None


def test_an_update_reaches_all_displays_of_its_id_those_too_that_were_told_before(tmp_path: Path):
    transcripts, unread = Transcripts(DiskStore(str(tmp_path))), Unread()
    shown = [Frame("display", data={"text/plain": text}, display_id="i", update=text == "c") for text in "abc"]
    for portion in (shown[:1], shown[1:]):
        unread.put(Wrote(1, 1, tuple(portion)))
        transcripts.add(RUN, unread.read(1, 1).frames)
    assert [frame.data for frame in transcripts.of(RUN)] == [{"text/plain": "c"}] * 2


def test_text_that_is_taken_back_goes_whole_though_only_a_part_of_it_was_passed_on():
    passed, kernel = Roll(spare=SPARE), Roll()
    passed.add(Frame("stdout", "first\nsecond\n"))
    kernel.extend(passed.take(8))
    passed.add(Frame("stdout", "SECOND\n", back=7))
    kernel.extend(passed.take(100))
    assert kernel.frames() == (Frame("stdout", "first\nSECOND\n"),)
