"""What a task's card says in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phelps_jupyter.core.model import CellId, Digest, Failure, FailureKind, RunState, TaskName, Version
from phelps_jupyter.core.snapshot import Source, TaskView
from phelps_jupyter.faces.cards import bundle, text

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


def test_a_card_tells_which_cells_to_run():
    assert "run cells 1, 3 first" in text(BLOCKED)
