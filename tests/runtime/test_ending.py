"""From an exit, a stop and a report to one Outcome."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from phelps_jupyter.runtime.ending import Crash, Ended, Found, Stop, crash, outcome, with_survivors
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
    asked_memory=600 * MB,
)
UNSEEN = Crash()
DONE = Outcome(1, 2, "done")
RAISED = Outcome(1, 2, "code", error_type="KeyboardInterrupt", line=4, traceback="where")
STOPS = {
    "memory": ("612 MB of 600 MB after 1.2 s; SIGKILL by Phelps (memory guard)", Stop("memory", 611_600_000, 1.23)),
    "timeout": ("1.6 s of 1.5 s; {} by Phelps (time limit)", Stop("timeout", 0, 1.6)),
    "cancelled": ("after 1.2 s; {} by Phelps (cancelled)", Stop("cancelled", 0, 1.2)),
}


def told(
    code: int,
    stop: Stop | None = None,
    report: Outcome | None = None,
    seen: Crash = UNSEEN,
    order: Order = ORDER,
    kernel_killed: bool = False,
) -> Outcome:
    return outcome(order, Ended(code, 0), stop, report, seen, Found(200 * MB, kernel_killed))


@pytest.mark.parametrize("kind", STOPS)
@pytest.mark.parametrize("report", [None, DONE, RAISED])
@pytest.mark.parametrize(("code", "signals"), [(-signal.SIGKILL, "SIGINT, then SIGKILL"), (0, "SIGINT")])
def test_what_we_stopped_is_told_as_that_whatever_the_body_said(
    kind: str, report: Outcome | None, code: int, signals: str
) -> None:
    evidence, stop = STOPS[kind]
    ended = told(code, stop, report)
    assert (ended.run, ended.attempt, ended.kind, ended.evidence) == (1, 2, kind, evidence.format(signals))
    assert ended.line == (4 if report is RAISED else None)


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        (600 * MB, "of 600 MB; give it more with --mem"),
        (150 * MB, "of 600 MB (raised as it ran out of memory before; --mem says 150 MB); give it more with --mem"),
        (None, "of 600 MB (set as it ran out of memory before; no --mem was given); give it more with --mem"),
    ],
)
def test_a_limit_that_is_not_the_users_is_not_told_as_theirs(asked: int | None, limit: str) -> None:
    ended = told(-9, STOPS["memory"][1], order=replace(ORDER, asked_memory=asked))
    assert ended.message == f"stopped over its memory limit {limit}"


@pytest.mark.parametrize(
    ("alone", "why"), [(False, "no newer task runs without a limit"), (True, "it ran alone there")]
)
def test_who_was_stopped_for_the_machine_s_sake_is_told_what_was_left(alone: bool, why: str) -> None:
    ended = told(-9, Stop("memory", 611_600_000, 1.23, 150 * MB), order=replace(ORDER, alone=alone))
    assert ended.message == f"stopped as its machine was about to run out of memory, and {why}"
    assert ended.evidence == "150 MB were left, 612 MB held after 1.2 s; SIGKILL by Phelps (guard of the machine)"


def test_who_sent_a_signal_from_outside_is_not_known() -> None:
    assert told(-signal.SIGKILL).evidence == "SIGKILL by an unknown sender, peak 200 MB"


def test_whom_the_system_killed_for_want_of_memory_ran_out_of_it() -> None:
    ended = told(-signal.SIGKILL, kernel_killed=True)
    assert (ended.kind, ended.evidence) == ("memory", "SIGKILL by the kernel's out-of-memory killer, peak 200 MB")
    assert told(-signal.SIGTERM, kernel_killed=True).kind == "lost"


def test_processes_that_could_not_be_ended_are_part_of_the_evidence() -> None:
    assert with_survivors(told(-signal.SIGSEGV), ["process 7 stays"]).evidence == "SIGSEGV; process 7 stays"
    assert with_survivors(DONE, []) == DONE


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
