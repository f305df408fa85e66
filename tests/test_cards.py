"""What a task's card says in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.model import CellId, Digest, Failure, FailureKind, RunState, TaskName, Version
from phelps_jupyter.core.snapshot import Progress, Source, TaskView
from phelps_jupyter.faces.cards import bundle, headline, joined, text
from phelps_jupyter.runtime.orders import Frame

DONE = TaskView(
    TaskName("grow"),
    CellId("c"),
    2,
    state=RunState.DONE,
    outputs=(Version("xs", Digest("d"), 52, "list of 2"),),
    left_out=(("held", "held['inner']: _thread.lock can't be stored"),),
    changed=("xs", "z"),
    reads=(Source("xs", "cell 1"),),
    notes=("it may read any name above: it asks for names that only its run knows",),
)
BLOCKED = TaskView(
    TaskName("t"),
    CellId("c"),
    2,
    state=RunState.BLOCKED,
    failure=Failure(FailureKind.DECLARATION, "`n` is not in the kernel as the notebook has it: run cells 1, 3 first"),
)


def test_a_card_tells_what_was_made_left_out_and_changed_in_place_and_what_can_not_be_known():
    assert text(DONE).splitlines() == [
        "✓ grow · done",
        "  xs: list of 2, 52 B",
        "  held: left out, held['inner']: _thread.lock can't be stored",
        "  xs: changed in place",
        "  z: bound, though the code does not say so",
        "  it may read any name above: it asks for names that only its run knows",
    ]


def test_a_card_draws_the_memory_of_the_last_seconds():
    points = tuple((step / 2, step * 100_000_000) for step in range(8))
    failure = Failure(FailureKind.MEMORY, "stopped", evidence="SIGKILL", memory_curve=points)
    assert text(replace(BLOCKED, state=RunState.FAILED, failure=failure)).splitlines()[1] == (
        "  memory: stopped (SIGKILL); memory of its last 3.5 s: ▁▂▃▄▅▆▇█ (at most 700 MB)"
    )


@pytest.mark.parametrize("points", [(), ((0.1, 5), (0.2, 7)), ((0.1, 0), (0.2, 0), (0.3, 0))])
def test_a_card_draws_no_line_of_next_to_nothing(points: tuple[tuple[float, int], ...]):
    failure = Failure(FailureKind.LOST, "gone", memory_curve=points)
    assert text(replace(BLOCKED, state=RunState.FAILED, failure=failure)).splitlines()[1] == "  lost: gone"


def test_the_card_in_a_page_says_the_same():
    shown = str(bundle(DONE)["text/html"])
    assert all(line.strip().replace("'", "&#x27;") in shown for line in text(DONE).splitlines())


@pytest.mark.parametrize(
    ("done", "total", "words", "width"),
    [(37, 1200, "37 of 1,200 (3 %)", "3.1%"), (9, 3, "9 of 3 (100 %)", "100.0%"), (1234, None, "1,234 done", "")],
)
def test_a_card_tells_how_far_the_body_is(done: float, total: float | None, words: str, width: str):
    view = replace(DONE, state=RunState.RUNNING, progress=Progress(done, total))
    assert headline(view, elapsed=5) == f"▶ grow · running · {words} · 5 s"
    told = bundle(view)
    assert told["application/vnd.phelps.task+json"]["progress"] == {"done": done, "total": total}
    assert str(told["text/html"]).count(f"width:{width};height") == bool(width)


def test_a_card_tells_which_cells_to_run():
    assert "run cells 1, 3 first" in text(BLOCKED)


def test_what_was_left_out_is_said_in_a_line_of_its_own():
    gap = Frame("gap", metadata={"lines": 1234, "characters": 56_000_000, "displays": 0})
    frames = [Frame("stderr", "begins"), gap, Frame("stderr", "ends\n")]
    (shown,) = joined(frames)
    assert shown.kind == "stderr"
    assert shown.text.splitlines() == [
        "begins",
        "… 1,234 lines (56 MB) left out; the first and the last 1 MB of what a task writes are kept …",
        "ends",
    ]


def test_displays_that_were_left_out_are_said_too():
    gap = Frame("gap", metadata={"lines": 0, "characters": 0, "displays": 7})
    told = [frame.text or "shown" for frame in joined([Frame("display"), gap, Frame("display")])]
    words = "… 7 displays left out; the first and the last 34 MB of what a task displays are kept …\n"
    assert told == ["shown", words, "shown"]


def test_an_update_of_what_is_not_there_shows_nothing():
    assert joined([Frame("display", display_id="gone", update=True)]) == []


def test_a_card_shows_the_last_lines_and_says_how_many_there_are_more():
    frames = [Frame("stdout", "".join(f"{number}\n" for number in range(20)))]
    assert text(DONE, frames).splitlines()[-12:] == [f"  | {number}" for number in range(8, 20)]
    assert "… 8 lines more\n8\n9\n" in str(bundle(DONE, frames)["text/html"])
    assert "more" not in str(bundle(DONE, [Frame("stdout", "only\n")])["text/html"])
