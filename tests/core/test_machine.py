"""The machine, event by event: what starts, what waits, what ends how, and whose answers count."""

from __future__ import annotations

from itertools import pairwise

import pytest
from documents import (
    CHAIN,
    DIAMOND,
    GB,
    LOAD,
    ONE_ENGINE,
    SETTLED_ENGINES,
    THREE,
    Kernel,
    ask,
    cancel,
    document,
    done,
    engine,
    failed,
    killed,
    leaves,
    play,
    record,
    started,
    states,
    submitted,
    task,
)

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.freshness import ALWAYS, FORCED, Verdict
from phelps_jupyter.core.machine import LOG_LINES_KEPT, Machine
from phelps_jupyter.core.model import (
    EngineId,
    Failure,
    FailureKind,
    HostId,
    Key,
    Record,
    Resources,
    RunId,
    RunState,
    TaskName,
)
from phelps_jupyter.errors import InternalError

BROKEN = Failure(FailureKind.DECLARATION, "two cells declare it")


def test_a_task_that_needs_nothing_is_submitted_at_once(machine):
    assert submitted(machine, play(machine, LOAD, ONE_ENGINE, ask("load"))) == ["load"]


def test_a_task_brings_its_upstream_with_it(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"))
    assert states(machine) == {"load": "submitted", "clean": "waiting", "fit": "waiting"}


def test_a_task_starts_when_all_it_needs_have_ended_well(machine):
    play(machine, DIAMOND, ONE_ENGINE, engine("1"), ask("join"), done(0), done(1))
    assert submitted(machine, play(machine, done(2))) == ["join"]


def test_a_task_waits_for_the_last_of_what_it_needs(machine):
    play(machine, DIAMOND, ONE_ENGINE, ask("join"), done(0), done(1))
    assert states(machine)["join"] == "waiting"


def test_after_is_waited_for_without_a_value(machine):
    play(machine, document(task("load"), task("fit", after=["load"])), ONE_ENGINE, ask("fit"))
    assert states(machine) == {"load": "submitted", "fit": "waiting"}


def test_a_chain_runs_in_order(kernel):
    assert kernel.finish(CHAIN, ONE_ENGINE, ask("fit")) == ["load", "clean", "fit"]


def test_a_task_that_is_not_declared_is_no_target(machine):
    assert play(machine, LOAD, ONE_ENGINE, ask("lost")) == []


def test_what_is_known_does_not_run_again(kernel):
    kernel.finish(CHAIN, ONE_ENGINE, ask("fit"))
    assert kernel.finish(ask("fit")) == []


def test_what_is_known_is_reused_with_its_outputs_and_its_usage(machine):
    kernel = Kernel(machine, {Key("load = load() "): record("load", "load = load() ", "known")})
    kernel.feed(LOAD, ask("load"))
    run = machine.runs[RunId(0)]
    assert (run.state, run.outputs[0].digest, run.usage.seconds) == (RunState.REUSED, "known", 7.0)


def test_nothing_to_run_starts_no_engine(machine):
    kernel = Kernel(machine, {Key("load = load() "): record("load", "load = load() ")})
    assert ev.StartEngines not in map(type, kernel.feed(LOAD, ask("load")))


def test_changed_code_runs_with_all_that_reads_it(kernel):
    kernel.finish(CHAIN, ONE_ENGINE, ask("fit"))
    newer = document(task("load", code="load2"), task("clean", "load"), task("fit", "clean"))
    assert kernel.finish(newer, ask("fit")) == ["load", "clean", "fit"]


def test_changed_code_leaves_what_is_above_alone(kernel):
    kernel.finish(CHAIN, ONE_ENGINE, ask("fit"))
    newer = document(task("load"), task("clean", "load", code="clean2"), task("fit", "clean"))
    assert kernel.finish(newer, ask("fit")) == ["clean", "fit"]


def test_an_equal_value_leaves_the_readers_fresh(machine):
    kernel = Kernel(machine)
    kernel.feed(CHAIN, ONE_ENGINE, ask("fit"), done(0), done(1), done(2))
    newer = document(task("load", code="load2"), task("clean", "load"), task("fit", "clean"))
    actions = kernel.feed(newer, ask("fit"), done(3))
    assert submitted(machine, actions) == ["load"]


def test_forced_runs_the_targets_alone(kernel):
    kernel.finish(CHAIN, ONE_ENGINE, ask("fit"))
    assert kernel.finish(ask("clean", forced=True)) == ["clean"]


def test_forced_is_the_reason_told(kernel, machine):
    kernel.finish(LOAD, ONE_ENGINE, ask("load"))
    kernel.feed(ask("load", forced=True))
    run = machine.runs[RunId(1)]
    assert (run.verdict, run.reasons) == (Verdict.STALE, (FORCED,))


def test_always_runs_each_time(kernel):
    kernel.finish(document(task("load", always=True)), ONE_ENGINE, ask("load"))
    assert kernel.finish(ask("load")) == ["load"]


def test_always_is_the_reason_told(kernel, machine):
    kernel.finish(document(task("load", always=True)), ONE_ENGINE, ask("load"))
    kernel.feed(ask("load"))
    run = machine.runs[RunId(1)]
    assert (run.verdict, run.reasons) == (Verdict.STALE, (ALWAYS,))


def test_a_ready_run_without_engines_starts_them_once(machine):
    kinds = [type(action) for action in play(machine, THREE, ask("a", "b", "c"))]
    assert kinds.count(ev.StartEngines) == 1


def test_engines_that_are_gone_are_started_again(machine):
    play(machine, LOAD, ask("load"), ONE_ENGINE)
    assert ev.StartEngines in map(type, play(machine, leaves("0")))


def test_engines_that_can_not_be_started_fail_what_is_ready(machine):
    play(machine, CHAIN, ask("fit"), ev.EnginesFailed(2.0, "no ssh"))
    assert states(machine) == {"load": "failed", "clean": "skipped", "fit": "skipped"}


def test_engines_that_could_not_be_started_are_started_anew_when_asked(machine):
    play(machine, LOAD, ask("load"), ev.EnginesFailed(2.0, "no ssh"))
    assert ev.StartEngines in map(type, play(machine, ask("load")))


def test_an_engine_that_can_not_be_replaced_leaves_the_others_at_work(machine):
    play(machine, THREE, ONE_ENGINE, SETTLED_ENGINES, ask("a", "b"), ev.EnginesFailed(2.0, "no more room"))
    assert states(machine) == {"a": "submitted", "b": "ready"}


def test_what_fits_only_the_engine_that_can_not_be_replaced_fails(machine):
    big = engine("1", "big", cpus=16)
    play(machine, document(task("a", cpus=16), task("b", cpus=16)), ONE_ENGINE, big, SETTLED_ENGINES, ask("a", "b"))
    play(machine, leaves("1"), ev.EnginesFailed(4.0, "no more room"))
    assert states(machine) == {"a": "failed", "b": "failed"}


def test_a_lost_engine_gives_its_run_back(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("load"), leaves("0"))
    assert machine.runs[RunId(0)].state is RunState.READY


def test_a_lost_engine_that_held_nothing_is_no_news(machine):
    assert play(machine, ONE_ENGINE, leaves("0")) == []


def test_a_run_that_is_lost_goes_to_another_engine(machine):
    play(machine, LOAD, ONE_ENGINE, engine("1"), ask("load"))
    assert submitted(machine, play(machine, leaves("0"))) == ["load"]


def test_the_third_loss_fails(machine):
    play(machine, LOAD, ONE_ENGINE, engine("1"), engine("2"), engine("3"), ask("load"))
    play(machine, leaves("0"), leaves("1"), leaves("2"))
    assert states(machine) == {"load": "failed"}


def test_engines_that_leave_together_are_one_loss(machine):
    play(machine, LOAD, *[engine(name) for name in "0123"], ask("load"))
    play(machine, ev.EnginesFailed(2.0, "the controller ended", tuple(map(EngineId, "0123"))))
    actions = play(machine, *[leaves(name) for name in "0123"])
    assert states(machine) == {"load": "ready"}
    assert submitted(machine, actions) == []
    assert [type(action) for action in actions].count(ev.StartEngines) == 1
    assert submitted(machine, play(machine, engine("4"))) == ["load"]
    assert (machine.runs[RunId(0)].losses, machine.runs[RunId(0)].attempt) == (1, 2)


def test_an_engine_that_is_about_to_leave_gets_nothing_when_its_attempt_has_ended(machine):
    play(machine, THREE, ONE_ENGINE, engine("1"), ask("a", "b", "c"))
    play(machine, ev.EnginesFailed(2.0, "the controller ended", (EngineId("0"), EngineId("9"))))
    assert submitted(machine, play(machine, done(0))) == []
    assert submitted(machine, play(machine, done(1))) == ["c"]


def test_each_action_of_a_loss_is_caused_by_the_engines_leaving(machine):
    play(machine, LOAD, ONE_ENGINE, engine("1"), ask("load"))
    assert [action.cause for action in machine.handle(leaves("0"))] == [leaves("0")] * 3


@pytest.mark.parametrize("event", [ask("load"), ask("a"), ONE_ENGINE, SETTLED_ENGINES, cancel(), started(0), done(0)])
def test_each_action_carries_its_cause(machine, event):
    play(machine, document(task("load"), task("a", "load")), ask("load"), engine("1"))
    assert all(action.cause is event for action in machine.handle(event))


def test_an_attempt_that_fails_by_its_code_fails_the_run(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), failed(0))
    assert states(machine) == {"load": "failed", "clean": "skipped", "fit": "skipped"}


def test_a_skipped_run_names_the_one_that_failed(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), failed(0))
    assert machine.runs[RunId(2)].root == RunId(0)


def test_a_failure_stops_its_dependants_only(machine):
    play(machine, DIAMOND, ONE_ENGINE, engine("1"), ask("join"), done(0), failed(1))
    assert states(machine) == {"load": "done", "left": "failed", "right": "submitted", "join": "skipped"}


def test_a_chain_of_thousands_is_skipped(machine):
    names = [f"t{i}" for i in range(3_000)]
    chain = document(task("t0"), *[task(name, above) for above, name in pairwise(names)])
    play(machine, chain, ONE_ENGINE, ask(names[-1]), failed(0))
    assert states(machine)[names[-1]] == "skipped"


def test_retries_give_a_failing_body_another_attempt(machine):
    play(machine, document(task("load", retries=1)), ONE_ENGINE, ask("load"), failed(0))
    assert (machine.runs[RunId(0)].state, machine.runs[RunId(0)].attempt) == (RunState.SUBMITTED, 2)


def test_retries_end(machine):
    play(machine, document(task("load", retries=1)), ONE_ENGINE, ask("load"), failed(0), failed(0, 2))
    assert states(machine) == {"load": "failed"}


def test_want_of_memory_is_met_with_twice_as_much(machine):
    play(machine, document(task("load", memory=GB)), ONE_ENGINE, ask("load"), failed(0, 1, FailureKind.MEMORY))
    assert machine.runs[RunId(0)].resources.memory == 2 * GB


def test_who_ran_out_of_memory_without_a_limit_runs_again_alone(machine):
    play(machine, document(task("load"), task("other")), engine("0"), engine("1"), ask("load", "other"))
    actions = play(machine, failed(0, 1, FailureKind.MEMORY))
    assert submitted(machine, actions) == []
    assert submitted(machine, play(machine, done(1))) == ["load"]
    assert machine.runs[RunId(0)].resources == Resources(memory=8 * GB, alone=True)


def test_what_a_code_was_found_to_need_it_gets_the_next_time(machine):
    play(machine, document(task("load", memory=GB)), ONE_ENGINE)
    actions = machine.handle(ask("load"))
    run = actions[-1].run
    machine.handle(ev.Captured(1.0, run))
    (submit, _), *_ = [machine.handle(ev.Proved(1.0, run, Key("k"), None, memory=3 * GB))[1:]]
    assert submit.resources.memory == 3 * GB


@pytest.mark.parametrize("settled", ["before", "after"])
def test_what_it_needed_elsewhere_is_lowered_to_the_largest_host_there_is(machine, settled):
    there = [ONE_ENGINE, SETTLED_ENGINES]
    play(machine, document(task("load")), *(there if settled == "before" else ()))
    run = machine.handle(ask("load"))[-1].run
    machine.handle(ev.Captured(1.0, run))
    machine.handle(ev.Proved(1.0, run, Key("k"), None, memory=64 * GB))
    play(machine, *(there if settled == "after" else ()))
    assert machine.runs[run].resources.memory == 8 * GB
    assert states(machine) == {"load": "submitted"}


def test_want_of_memory_asks_no_host_that_it_may_not_run_on(machine):
    play(machine, document(task("load", memory=6 * GB, label="box")), ONE_ENGINE, engine("1", "big", memory=64 * GB))
    play(machine, ask("load"), failed(0, 1, FailureKind.MEMORY))
    assert machine.runs[RunId(0)].resources.memory == 8 * GB


def test_late_answers_count_for_nothing(machine):
    play(machine, LOAD, ONE_ENGINE, engine("1"), ask("load"), leaves("0"))
    assert play(machine, started(0), done(0), failed(0)) == []


def test_late_answers_are_logged(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0), done(0), done(9))
    assert list(machine.log) == [
        "5.0: AttemptDone of run 0.1 came too late",
        "5.0: AttemptDone of run 9.1 came too late",
    ]


def test_the_log_has_an_end(machine):
    play(machine, *[done(9)] * (LOG_LINES_KEPT + 1))
    assert len(machine.log) == LOG_LINES_KEPT


def test_a_late_answer_of_a_killed_attempt_frees_its_engine(machine):
    play(machine, THREE, ONE_ENGINE, ask("a", "b"), cancel("a"))
    assert submitted(machine, play(machine, failed(0, 1, FailureKind.LOST))) == ["b"]


def test_a_killed_attempt_holds_its_engine_until_it_answers(machine):
    play(machine, THREE, ONE_ENGINE, ask("a", "b"), cancel("a"))
    assert states(machine) == {"a": "cancelled", "b": "ready"}


def test_an_engine_that_leaves_with_a_killed_attempt_is_no_loss(machine):
    play(machine, THREE, ONE_ENGINE, ask("a"), cancel("a"))
    assert play(machine, leaves("0")) == []


def test_started_is_noted(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0))
    assert (machine.runs[RunId(0)].state, machine.runs[RunId(0)].started_at) == (RunState.RUNNING, 4.0)


def test_started_twice_is_once(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), started(0))
    assert play(machine, started(0)) == []


def test_done_without_started_is_done(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0))
    assert states(machine) == {"load": "done"}


def test_done_is_stored_before_its_readers_are_proved(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"))
    kinds = [type(action) for action in machine.handle(done(0))]
    assert kinds == [ev.Store, ev.Show, ev.Prove]


def test_cancel_kills_what_runs_and_skips_what_needs_it(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"))
    assert killed(machine, play(machine, cancel("load"))) == ["load"]
    assert states(machine) == {"load": "cancelled", "clean": "skipped", "fit": "skipped"}


def test_cancel_all_cancels_all(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), cancel())
    assert states(machine) == {"load": "cancelled", "clean": "cancelled", "fit": "cancelled"}


def test_cancel_takes_a_name_twice(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), cancel("load", "load"))
    assert states(machine)["load"] == "cancelled"


def test_a_ready_run_that_is_cancelled_is_never_submitted(machine):
    play(machine, LOAD, ask("load"), cancel())
    assert submitted(machine, play(machine, ONE_ENGINE)) == []


def test_cancel_of_what_has_settled_is_nothing(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0))
    assert play(machine, cancel(), cancel("load"), cancel("lost")) == []


@pytest.mark.parametrize(
    "answer",
    [
        ev.Captured(9.0, RunId(0)),
        ev.CaptureFailed(9.0, RunId(0), RunState.FAILED, BROKEN),
        ev.Proved(9.0, RunId(0), Key("k"), None),
        ev.ProofFailed(9.0, RunId(0), BROKEN),
    ],
)
def test_answers_for_a_cancelled_run_count_for_nothing(machine, answer):
    for event in (LOAD, ask("load"), cancel()):
        machine.handle(event)
    assert machine.handle(answer) == []


@pytest.mark.parametrize("state", [RunState.BLOCKED, RunState.FAILED])
def test_a_capture_that_fails_settles_the_run(machine, state):
    for event in (CHAIN, ask("clean"), ev.CaptureFailed(2.0, RunId(0), state, BROKEN)):
        machine.handle(event)
    assert states(machine) == {"load": state, "clean": "skipped"}
    assert machine.runs[RunId(0)].failure == BROKEN


def test_a_key_that_can_not_be_made_fails_the_run(machine):
    for event in (LOAD, ask("load"), ev.Captured(1.0, RunId(0)), ev.ProofFailed(2.0, RunId(0), BROKEN)):
        machine.handle(event)
    assert states(machine) == {"load": "failed"}


def test_no_key_is_made_before_the_captures(machine):
    machine.handle(CHAIN)
    machine.handle(ask("load"))
    assert [type(action) for action in machine.handle(ev.Captured(1.0, RunId(0)))] == [ev.Prove]


def test_a_broken_declaration_fails_and_skips_what_reads_it(machine):
    broken = document(task("load"), task("clean", "load"), task("fit", "clean"), problems={"clean": BROKEN})
    play(machine, broken, ONE_ENGINE, ask("fit"))
    assert states(machine) == {"load": "submitted", "clean": "failed", "fit": "skipped"}


def test_a_standing_failure_skips_what_is_asked_for_below_it(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("load"), failed(0), ask("fit", confirm=False))
    assert states(machine) == {"load": "failed", "clean": "skipped", "fit": "skipped"}


def test_what_fits_no_host_fails_when_all_engines_are_there(machine):
    play(machine, document(task("load", cpus=64)), ask("load"), ONE_ENGINE, SETTLED_ENGINES)
    failure = machine.runs[RunId(0)].failure
    assert failure is not None
    assert failure.kind is FailureKind.IMPOSSIBLE
    assert "the largest, box, has 4 cpus" in failure.message


def test_what_fits_no_host_fails_at_once_when_engines_were_there_before(machine):
    play(machine, document(task("load", cpus=64)), ONE_ENGINE, SETTLED_ENGINES, ask("load"))
    assert states(machine) == {"load": "failed"}


def test_what_fits_no_host_waits_while_engines_may_come(machine):
    play(machine, document(task("load", cpus=64)), ONE_ENGINE, ask("load"))
    assert states(machine) == {"load": "ready"}


def test_engines_that_are_all_gone_are_not_settled_any_more(machine):
    play(machine, ONE_ENGINE, SETTLED_ENGINES, leaves("0"), document(task("load", cpus=64)), ONE_ENGINE, ask("load"))
    assert submitted(machine, play(machine, engine("1", "big", cpus=64))) == ["load"]


def test_engines_that_settle_with_none_there_make_nothing_impossible(machine):
    play(machine, LOAD, ask("load"), SETTLED_ENGINES)
    assert states(machine) == {"load": "ready"}


def test_the_longest_remaining_path_goes_first(machine):
    play(machine, document(task("short"), task("long")), ask("short", "long", short=1.0, long=9.0))
    assert submitted(machine, play(machine, ONE_ENGINE)) == ["long"]


def test_what_somebody_waits_for_goes_first_with_all_it_needs(machine):
    play(machine, document(task("long"), task("load"), task("fit", "load")), ask("long", "fit", long=9.0))
    assert submitted(machine, play(machine, ev.Awaited(2.0, TaskName("fit")), ONE_ENGINE)) == ["load"]


def test_a_run_that_serves_a_longer_path_goes_earlier(machine):
    play(machine, document(task("a"), task("b"), task("c", "b")), ask("a", "b", a=2.0), ask("c", c=9.0))
    assert submitted(machine, play(machine, ONE_ENGINE)) == ["b"]


TWINS = document(task("a"), task("b"), task("long"))


def proved(run: int, key: str, record: Record | None = None) -> ev.Proved:
    return ev.Proved(1.0, RunId(run), Key(key), record)


def twins(machine: Machine, *events: ev.Event) -> list[ev.Action]:
    """Runs 0, of a, and 1, of b, have one key; run 2, of long, has another."""
    told = []
    for event in (TWINS, ask("a", "b", "long", long=9.0), *[ev.Captured(1.0, RunId(run)) for run in range(3)]):
        told += machine.handle(event)
    for event in (proved(0, "k"), proved(1, "k"), proved(2, "other"), *events):
        told += machine.handle(event)
    return told


def test_of_two_equal_keys_one_runs(machine):
    assert submitted(machine, twins(machine, ONE_ENGINE, engine("1"), engine("2"))) == ["long", "a"]


def test_the_other_is_proved_again_when_the_first_has_ended(machine):
    twins(machine, ONE_ENGINE, engine("1"))
    assert ev.Prove(done(0), RunId(1)) in machine.handle(done(0))


@pytest.mark.parametrize("end", [failed(0), cancel("a")])
def test_the_other_goes_itself_when_the_first_ended_badly(machine, end):
    twins(machine, ONE_ENGINE, engine("1"))
    assert ev.Prove(end, RunId(1)) in machine.handle(end)


def test_who_waits_for_the_other_waits_for_the_first(machine):
    assert submitted(machine, twins(machine, ev.Awaited(1.0, TaskName("b")), ONE_ENGINE)) == ["a"]


def test_who_waited_for_the_other_before_its_key_was_known_waits_for_the_first(machine):
    for event in (TWINS, ask("a", "b", "long", long=9.0), *[ev.Captured(1.0, RunId(run)) for run in range(3)]):
        machine.handle(event)
    for event in (proved(0, "k"), proved(2, "other"), ev.Awaited(1.0, TaskName("b")), proved(1, "k")):
        machine.handle(event)
    assert submitted(machine, machine.handle(ONE_ENGINE)) == ["a"]


def test_a_forced_run_does_not_wait_for_an_equal_key(machine):
    twins(machine, ONE_ENGINE, engine("1"), engine("2"), engine("3"), ask("b", forced=True))
    for event in (done(0), proved(1, "k", record("a", "k"))):
        actions = machine.handle(event)
    assert submitted(machine, actions) == ["b"]


def test_a_run_waits_for_an_equal_key_that_was_forced(machine):
    play(machine, document(task("a"), task("b")), ONE_ENGINE, engine("1"), ask("a", forced=True))
    for event in (ask("b"), ev.Captured(1.0, RunId(1))):
        machine.handle(event)
    assert submitted(machine, machine.handle(proved(1, machine.runs[RunId(0)].key))) == []


def test_a_run_waits_for_whichever_equal_key_is_still_open(machine):
    play(machine, THREE, ONE_ENGINE, engine("1"))
    for event in (ask("a"), ev.Captured(1.0, RunId(0)), proved(0, "k")):
        machine.handle(event)
    for event in (ask("b", forced=True), ev.Captured(1.0, RunId(1)), proved(1, "k"), failed(1)):
        machine.handle(event)
    for event in (ask("c"), ev.Captured(1.0, RunId(2)), proved(2, "k")):
        machine.handle(event)
    assert machine.runs[RunId(2)].waits_for == {RunId(0)}


def test_a_target_tells_its_tasks_state_at_once(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0))
    machine.handle(ask("load"))
    assert states(machine) == {"load": "waiting"}


def test_an_edit_supersedes_the_open_run_when_it_is_submitted(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), document(task("load", code="load2")))
    assert killed(machine, play(machine, ask("load"))) == ["load"]
    assert [run.state for run in machine.ever.values()] == [RunState.CANCELLED, RunState.READY]


def test_an_edit_alone_changes_no_open_run(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"))
    assert play(machine, document(task("load", code="load2"))) == []


def test_an_impossible_step_tells_the_runs_story(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0))
    with pytest.raises(InternalError, match=r"run 0 of load: no step done -> ready; its story: waiting -> ready"):
        machine.runs[RunId(0)].step(RunState.READY, 0.0, "never")


def test_a_run_tells_its_version_of_a_name(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0))
    run = machine.runs[RunId(0)]
    assert (run.version("out"), run.version("other")) == (run.outputs[0], None)


def test_the_snapshot_is_reached_again_from_the_events():
    events = [CHAIN, ask("fit"), ev.Captured(1.0, RunId(0)), proved(0, "k"), ONE_ENGINE, started(0), done(0)]
    assert Machine.replay(events).runs[RunId(0)].engine == EngineId("0")


def test_runs_wait_for_cpus_that_other_kernels_use(machine):
    kernel = Kernel(machine)
    two = document(task("a"), task("b"))
    shared = [ev.HostShared(0.0, HostId("box"), cpus) for cpus in (1, 2)]
    actions = kernel.feed(two, ONE_ENGINE, engine("1"), shared[0], ask("a", "b"))
    assert (len([action for action in actions if isinstance(action, ev.Submit)]), machine.wanted(4, 0)) == (1, 1)
    actions = kernel.feed(shared[1])
    assert (len([action for action in actions if isinstance(action, ev.Submit)]), machine.wanted(4, 0)) == (1, 0)


def test_that_others_have_some_of_a_host_is_told_when_it_begins_and_when_it_ends(machine):
    kernel = Kernel(machine)
    kernel.feed(document(task("a"), task("b")), engine("0", cpus=4), ask("a", "b"))

    def shown(cpus):
        return [
            action for action in kernel.feed(ev.HostShared(0.0, HostId("box"), cpus)) if isinstance(action, ev.Show)
        ]

    assert [bool(shown(cpus)) for cpus in (3, 2, 1)] == [True, False, False]
    assert kernel.feed(ev.HostShared(0.0, HostId("nowhere"), 1)) == []


def test_a_run_waits_for_several_cpus_that_other_kernels_use_unless_one_is_enough(machine):
    kernel, box = Kernel(machine), HostId("box")
    kernel.feed(document(task("a", cpus=2)), engine("0", cpus=2), ev.HostShared(0.0, box, 1), ask("a"))
    assert machine.wide(box) is machine.runs[RunId(0)]
    kernel.feed(ev.HostShared(0.0, box, 2))
    assert machine.wide(box) is None
