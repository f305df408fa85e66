"""The picture of all tasks, as faces and JSON have it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from documents import (
    CHAIN,
    GB,
    LOAD,
    ONE_ENGINE,
    THREE,
    Kernel,
    ask,
    document,
    done,
    engine,
    failed,
    leaves,
    play,
    started,
    task,
    version,
)

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.freshness import Reason, Verdict
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import Cell, CellId, Failure, FailureKind, Key, RunId, RunState, Seen, TaskName, Usage
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.snapshot import (
    Progress,
    Source,
    TaskView,
    failure_json,
    notes,
    progress_json,
    reason_json,
    task_json,
    task_view,
)


def view(machine: Machine, name: str) -> TaskView:
    return task_view(machine, TaskName(name))


def test_a_task_that_never_ran_is_where_it_is(machine):
    play(machine, document("setting", task("load", "setting"), task("clean", "load", "nowhere")))
    assert view(machine, "clean") == TaskView(
        TaskName("clean"), CellId("cell-clean"), 3, reads=(Source("load", "load"),)
    )


def test_a_plain_cell_is_told_by_its_place(machine):
    play(machine, document("setting", task("load", "setting")))
    assert view(machine, "load").reads == (Source("setting", "cell 1"),)


def test_a_task_that_is_done_tells_what_it_took_and_made(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0), done(0))
    told = view(machine, "load")
    assert (told.state, told.ran, told.attempts, told.engine) == (RunState.DONE, True, 1, "box:0")
    assert (told.usage, told.outputs) == (Usage(1.0), (version("out", "value"),))


def test_what_a_task_has_changed_in_place_and_left_out_is_told(machine):
    ended = replace(done(0), changed=("rows",), left_out={"lock": "it can't be stored"})
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0), ended)
    told = view(machine, "load")
    assert (told.changed, told.left_out) == (("rows",), (("lock", "it can't be stored"),))


def test_a_task_that_runs_tells_no_seconds_yet(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0))
    assert (view(machine, "load").state, view(machine, "load").usage) == (RunState.RUNNING, None)


def test_a_task_that_was_reused_did_not_run(machine):
    kernel = Kernel(machine)
    kernel.finish(LOAD, ONE_ENGINE, ask("load"))
    kernel.feed(ask("load"))
    assert (view(machine, "load").state, view(machine, "load").ran) == (RunState.REUSED, False)


def test_a_run_that_only_confirms_is_no_news(machine):
    kernel = Kernel(machine)
    kernel.finish(CHAIN, ONE_ENGINE, ask("clean"))
    kernel.feed(ask("clean"))
    assert (view(machine, "load").state, view(machine, "clean").state) == (RunState.DONE, RunState.REUSED)


def test_the_verdict_is_what_the_key_proved(machine):
    never = Reason("never_ran", "", "it never ran")
    for event in (LOAD, ask("load"), ev.Captured(1.0, RunId(0))):
        machine.handle(event)
    machine.handle(ev.Proved(1.0, RunId(0), Key("k"), None, Verdict.STALE, (never,)))
    assert (view(machine, "load").verdict, view(machine, "load").reasons) == (Verdict.STALE, (never,))


def test_a_run_that_ended_unproved_has_a_verdict_all_the_same(machine):
    broken = Failure(FailureKind.DECLARATION, "it is declared so")
    for event in (CHAIN, ask("clean"), ev.CaptureFailed(2.0, RunId(0), RunState.FAILED, broken)):
        machine.handle(event)
    assert (view(machine, "load").verdict, view(machine, "clean").verdict) == (Verdict.STALE, Verdict.UNDECIDED)


def test_a_skipped_task_names_what_failed(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), failed(0))
    assert view(machine, "fit").skipped_for == "load"


def test_failures_of_all_attempts_are_told(machine):
    play(machine, document(task("load", retries=1)), ONE_ENGINE, ask("load"), failed(0), failed(0, 2))
    assert [failure.kind for failure in view(machine, "load").failures] == [FailureKind.CODE, FailureKind.CODE]


def test_a_waiting_task_names_what_it_waits_for(machine):
    play(machine, document(task("b"), task("a"), task("c", "b", "a")), ONE_ENGINE, ask("c"))
    assert view(machine, "c").waits_for == "a, b"


@pytest.mark.parametrize(
    ("wanted", "engines", "text"),
    [
        ({}, [], "engines to start"),
        ({"label": "gpu"}, [], "engines on gpu to start"),
        ({}, [engine("0")], "an engine; all are busy"),
        ({"label": "box"}, [engine("0"), engine("1", "other")], "an engine on box; all are busy"),
        ({"cpus": 3}, [engine("0"), engine("1", cpus=4)], "3 cpus; 2 free"),
        (
            {"cpus": "all", "label": "box"},
            [engine("0"), engine("1"), engine("2", "big", cpus=9)],
            "all cpus on box; 2 free",
        ),
        ({"memory": 7 * GB}, [engine("0"), engine("1")], "1 cpus and 7 GB; 2 and 6 GB free"),
        ({"alone": True}, [engine("0"), engine("1")], "all cpus; 2 free"),
        (
            {"memory": 7 * GB, "gpus": 1},
            [engine("0", gpus="0"), engine("1")],
            "1 cpus, 7 GB and 1 gpus; 2, 6 GB and 1 gpus free",
        ),
    ],
)
def test_a_ready_task_tells_what_it_waits_for(machine, wanted, engines, text):
    first = task("first", cpus=2, memory=2 * GB, label="box" if len(engines) > 1 else None)
    play(machine, document(first, task("load", **wanted)), *engines, ask("first"), ask("load"))
    assert view(machine, "load").waits_for == text


def test_a_run_of_older_code_says_so_until_it_has_ended(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0))
    assert not view(machine, "load").is_older
    play(machine, document(task("load", code="load2")))
    assert (view(machine, "load").state, view(machine, "load").is_older) == (RunState.RUNNING, True)
    play(machine, done(0))
    assert not view(machine, "load").is_older


def test_a_task_that_waits_for_nothing_says_so(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"))
    assert view(machine, "load").waits_for == ""


def test_the_json_of_a_task_that_never_ran():
    told = task_json(TaskView(TaskName("load"), CellId("c"), 3))
    assert told == {
        "name": "load",
        "cell": 2,
        "verdict": None,
        "reasons": [],
        "ran": False,
        "state": None,
        "attempts": 0,
        "engine": None,
        "seconds": None,
        "peak_memory": None,
        "cpu_seconds": None,
        "read_bytes": None,
        "written_bytes": None,
        "error": None,
        "failures": [],
        "reads": [],
        "outputs": [],
        "left_out": {},
        "notes": [],
    }


def test_the_json_of_a_task_that_is_done(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), done(1))
    machine.runs[RunId(1)].left_out = {"lock": "can't be stored"}
    told = task_json(replace(view(machine, "clean"), verdict=Verdict.STALE))
    assert json.loads(json.dumps(told)) == {
        "name": "clean",
        "cell": 1,
        "verdict": "stale",
        "reasons": [],
        "ran": True,
        "state": "done",
        "attempts": 1,
        "engine": "box:0",
        "seconds": 1.0,
        "peak_memory": 0,
        "cpu_seconds": 0.0,
        "read_bytes": None,
        "written_bytes": None,
        "error": None,
        "failures": [],
        "reads": [{"name": "load", "from": "load"}],
        "outputs": [{"name": "out", "digest": "value", "bytes": 8, "summary": "str value"}],
        "left_out": {"lock": "can't be stored"},
        "notes": [],
    }


def test_how_far_a_task_is_as_data():
    assert progress_json(Progress(37.0, None)) == {"done": 37.0, "total": None}


def test_the_json_of_a_failure(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), failed(0))
    assert task_json(view(machine, "load"))["error"] == {
        "kind": "code",
        "type": "",
        "message": "code it was",
        "line": None,
        "evidence": "",
        "memory_curve": [],
    }


def test_the_json_of_a_failure_has_the_memory_of_its_last_seconds():
    failure = Failure(FailureKind.LOST, "it was", evidence="SIGKILL", memory_curve=((0.1, 5), (0.2, 7)))
    told = failure_json(failure)
    assert told is not None
    assert told["memory_curve"] == [[0.1, 5], [0.2, 7]]


@pytest.mark.parametrize(
    ("reason", "more"),
    [
        (Reason("code", "", "its code changed"), {}),
        (Reason("version", "numpy", "changed", "1", "2"), {"before": "1", "after": "2"}),
        (Reason("version", "numpy", "changed", "", "2"), {"before": "", "after": "2"}),
        (Reason("edited", "x", "cell 2 was edited", place="cell 2"), {"place": "cell 2"}),
        (Reason("upstream", "x", "may change", upstream=TaskName("load")), {"task": "load"}),
    ],
)
def test_the_json_of_a_reason_has_before_and_after_where_there_are_any(reason, more):
    assert reason_json(reason) == {"kind": reason.kind, "name": reason.name, "text": reason.text, **more}


def test_replaying_the_events_gives_the_same_picture():
    events: list[ev.Event] = []

    class Recorded(Machine):
        def handle(self, event: ev.Event) -> list[ev.Action]:
            events.append(event)
            return super().handle(event)

    machine = Recorded()
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), started(0), leaves("0"), engine("1"), done(0, 2), failed(1))
    play(machine, THREE, ask("a", forced=True))
    replayed = Machine.replay(events)
    assert [view(replayed, name) for name in "abc"] == [view(machine, name) for name in "abc"]
    assert replayed.runs.by_id[RunId(2)].story == machine.runs.by_id[RunId(2)].story


def test_usage_of_a_stored_result_is_told_when_it_is_reused(machine):
    kernel = Kernel(machine)
    kernel.finish(LOAD, ONE_ENGINE, ask("load"))
    kernel.records = {key: replace(stored, usage=Usage(7.0, 5)) for key, stored in kernel.records.items()}
    kernel.feed(ask("load"))
    assert view(machine, "load").usage == Usage(7.0, 5)


def test_what_could_not_be_seen_or_known_is_said():
    sources = ["from tools import *", "rows = []", "%%task t\nx = eval(text) + len(rows)", "%%task u\ny = guessed"]
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(sources)], 0.0)
    graph = notebook.graph()
    seen = Seen(unwatched=("pyarrow",), torn=("d.csv",))
    assert notes(graph, CellId("2"), seen) == (
        "reads by pyarrow are not seen; declare files with --reads",
        "file d.csv changed while it ran: the result is used, not reused",
        "it may read any name above: it asks for names that only its run knows",
        "names of cell 1 are guessed: what it binds can't be known",
    )
    assert notes(graph, CellId("3"), Seen()) == ("names of cell 1 are guessed: what it binds can't be known",)
    assert notes(graph, CellId("1"), Seen()) == ()


@pytest.mark.parametrize(
    ("cpus", "usage", "told"),
    [
        (1, Usage(2.0, cpu_seconds=7.6), ("it kept 4 cpus busy and has 1; give it --cpus 4, or have it use fewer",)),
        (4, Usage(2.0, cpu_seconds=7.6), ()),
        (1, Usage(2.0, cpu_seconds=2.9), ()),
        (1, Usage(0.9, cpu_seconds=3.6), ()),
        ("all", Usage(2.0, cpu_seconds=7.6), ()),
    ],
)
def test_who_kept_more_cpus_busy_than_it_has_is_told_so(machine, cpus, usage, told):
    ended = replace(done(0), usage=usage)
    play(machine, document(task("load", cpus=cpus)), ONE_ENGINE, ask("load"), ended)
    assert view(machine, "load").notes == told


def test_who_failed_is_told_of_its_failure_alone(machine):
    crowded = ev.AttemptFailed(5.0, RunId(0), 1, Failure(FailureKind.CODE, "no"), Usage(2.0, cpu_seconds=8.0))
    play(machine, document(task("load")), ONE_ENGINE, ask("load"), crowded)
    assert view(machine, "load").notes == ()
