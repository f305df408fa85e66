"""From an exit, a stop and a report to one Outcome."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from phelps_jupyter.runtime.ending import Crash, Ended, Stop, crash, outcome
from phelps_jupyter.runtime.orders import Order, Outcome

MB = 1_000_000
ORDER = Order(
    run=1,
    attempt=2,
    task="fit",
    body="",
    inputs=(),
    outputs=(),
    declared=False,
    optional=frozenset(),
    store="",
    folder="",
    path=(),
    env={},
    seed=None,
    cpus=1,
    memory=600 * MB,
    time=1.5,
)
UNSEEN = Crash()
DONE = Outcome(1, 2, "done")
RAISED = Outcome(1, 2, "code", error_type="KeyboardInterrupt", line=4, traceback="where")
STOPS = {
    "memory": ("612 MB of 600 MB after 1.2 s", Stop("memory", 611_600_000, 1.23)),
    "timeout": ("1.6 s of 1.5 s", Stop("timeout", 0, 1.6)),
    "cancelled": ("after 1.2 s", Stop("cancelled", 0, 1.2)),
}


def told(code: int, stop: Stop | None = None, report: Outcome | None = None, seen: Crash = UNSEEN) -> Outcome:
    return outcome(ORDER, Ended(code, 0), stop, report, seen, 200 * MB)


@pytest.mark.parametrize("kind", STOPS)
@pytest.mark.parametrize("report", [None, DONE, RAISED])
def test_what_we_stopped_is_told_as_that_whatever_the_body_said(kind: str, report: Outcome | None) -> None:
    evidence, stop = STOPS[kind]
    ended = told(-9, stop, report)
    assert (ended.run, ended.attempt, ended.kind, ended.evidence) == (1, 2, kind, evidence)
    assert ended.line == (4 if report is RAISED else None)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (0, "code", "os._exit(0)"),
        (3, "code", "os._exit(3)"),
        (-signal.SIGKILL, "lost", "SIGKILL"),
        (-signal.SIGTERM, "lost", "SIGTERM"),
        (-signal.SIGHUP, "lost", "SIGHUP"),
        (-signal.SIGSEGV, "code", "SIGSEGV"),
        (-signal.SIGABRT, "code", "SIGABRT"),
        (-signal.SIGBUS, "code", "SIGBUS"),
        (-40, "code", "signal 40"),
    ],
)
def test_an_end_without_a_report_is_told_by_its_exit(code: int, kind: str, words: str) -> None:
    ended = told(code)
    assert ended.kind == kind
    assert words in ended.message


def test_a_report_is_believed_when_nobody_stopped_the_body() -> None:
    assert told(0, report=DONE) == DONE


def test_memory_errors_come_with_the_peak() -> None:
    assert told(0, report=Outcome(1, 2, "memory")).evidence == "peak 200 MB"


def test_a_crash_names_the_line_and_hides_the_frames_below_the_cell(tmp_path: Path) -> None:
    stack = ['File "/lib/x.py", line 9 in f', 'File "<task fit>", line 4 in g', 'File "<task fit>", line 7 in <module>']
    (tmp_path / "fault").write_text("\n".join([*stack, 'File "/ours/shell.py", line 1 in run']))
    seen = crash(str(tmp_path), "fit")
    assert seen == Crash(4, "\n".join(stack))
    assert told(-signal.SIGSEGV, seen=seen).line == 4


def test_without_a_crash_file_nothing_is_known_of_the_line(tmp_path: Path) -> None:
    assert crash(str(tmp_path), "fit") == Crash()
