"""A request becomes runs: what is made, what serves again, what is superseded, and in which order it should go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import (
    CHAIN,
    DIAMOND,
    GB,
    LOAD,
    ONE_ENGINE,
    THREE,
    Remembering,
    ask,
    cancel,
    document,
    done,
    engine,
    failed,
    play,
    sourced,
    states,
    task,
)

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    Key,
    Resources,
    RunId,
    RunState,
    TaskName,
    Usage,
)
from phelps_jupyter.core.plan import (
    is_current,
    needed,
    outdated,
    providers,
    upstream,
)

MIB = 2**20


def made(machine: Remembering) -> list[str]:
    """The task of each run, in the order they were planned."""
    return [str(run.task.name) for run in machine.ever.values()]


def remaining(machine: Machine) -> dict[str, float]:
    return {str(run.task.name): run.remaining for run in machine.runs.by_id.values()}


FIRST, SECOND, THIRD = "%%task one\nx = 1", "%%task two\nx = 2", "%%task fit\ny = x"


def test_needed_are_the_providers_and_what_comes_after(machine):
    play(machine, document("setting", task("a"), task("b"), task("c", "a", "setting", after=["b", "a"])))
    assert needed(machine.graph, TaskName("c")) == ("a", "b")


def test_providers_are_tasks_alone(machine):
    play(machine, document("setting", task("a"), task("c", "a", "setting", "nowhere")))
    assert providers(machine.graph, TaskName("c")) == {"a": "a"}


def test_upstream_is_in_document_order(machine):
    play(machine, DIAMOND)
    assert upstream(machine.graph, [TaskName("join")]) == ("load", "left", "right", "join")


def test_a_run_is_made_for_each_task_above(machine):
    play(machine, DIAMOND, ask("join"))
    assert made(machine) == ["load", "left", "right", "join"]


def test_edges_are_frozen_when_planned(machine):
    play(machine, DIAMOND, ask("join"), THREE)
    join = machine.runs[RunId(3)]
    assert (join.providers, join.needs) == ({"left": RunId(1), "right": RunId(2)}, {RunId(1), RunId(2)})


def test_a_target_named_twice_is_one_run(machine):
    play(machine, LOAD, ask("load", "load"))
    assert made(machine) == ["load"]


def test_open_runs_serve_again(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), ask("fit"))
    assert made(machine) == ["load", "clean", "fit"]


def test_an_open_run_that_is_asked_for_becomes_a_target(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), ask("load"))
    assert machine.runs[RunId(0)].target


def test_an_open_run_that_is_asked_for_by_force_does_not_reuse(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), ask("clean", forced=True))
    assert machine.runs[RunId(1)].forced


def test_an_open_run_that_only_confirmed_tells_the_tasks_state_once_it_is_asked_for(machine):
    for event in (CHAIN, ask("load"), cancel(), ask("clean"), cancel("clean"), ask("load")):
        machine.handle(event)
    assert machine.runs.latest["load"] == RunId(1)


def test_what_has_ended_is_confirmed(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("load"), done(0), ask("clean"))
    assert made(machine) == ["load", "load", "clean"]


def test_what_has_ended_stands_where_nothing_need_be_confirmed(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("load"), done(0), ask("clean", confirm=False))
    assert made(machine) == ["load", "clean"]


def test_a_target_never_stands(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), done(0), ask("load", confirm=False))
    assert made(machine) == ["load", "load"]


def test_what_reads_from_another_task_now_does_not_stand(machine):
    play(machine, document(task("a"), task("b"), task("c", "a"), task("d", "c")), ONE_ENGINE)
    play(machine, ask("c"), done(0), done(1))
    play(machine, document(task("a"), task("b"), task("c", "b"), task("d", "c")), ask("d", confirm=False))
    assert made(machine) == ["a", "c", "b", "c", "d"]


def test_what_was_edited_since_does_not_stand(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), done(1))
    newer = document(task("load"), task("clean", "load", code="clean2"), task("fit", "clean"))
    play(machine, newer, ask("fit", confirm=False))
    assert made(machine) == ["load", "clean", "clean", "fit"]


def test_what_read_an_older_run_does_not_stand(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), done(1), ask("load", forced=True), done(2))
    play(machine, ask("fit", confirm=False))
    assert made(machine) == ["load", "clean", "load", "clean", "fit"]


def test_what_came_after_an_older_run_does_not_stand(machine):
    play(machine, document(task("a"), task("b", after=["a"]), task("c", "b")), ONE_ENGINE)
    play(machine, ask("b"), done(0), done(1), ask("a", forced=True), done(2), ask("c", confirm=False))
    assert made(machine) == ["a", "b", "a", "b", "c"]


def test_newer_code_supersedes_all_that_waits_for_the_older(machine):
    newer = document(task("load", code="load2"), task("clean", "load"), task("fit", "clean"))
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), newer, ask("load"))
    assert [run.state for run in machine.ever.values()][:3] == [RunState.CANCELLED] * 3
    assert made(machine)[3:] == ["load", "clean", "fit"]


def test_newer_code_above_an_open_run_supersedes_it(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0))
    play(machine, document(task("load", code="load2"), task("clean", "load"), task("fit", "clean")), ask("fit"))
    assert states(machine) == {"load": "ready", "clean": "waiting", "fit": "waiting"}
    assert machine.ever[RunId(1)].state is RunState.CANCELLED


def test_newer_values_supersede_a_run_that_holds_older_ones(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), ask("load", renewed=["load"]))
    assert made(machine) == ["load", "clean", "load", "clean"]
    assert [run.state for run in machine.ever.values()][:2] == [RunState.CANCELLED] * 2


def test_a_run_that_is_older_than_one_superseded_does_not_stand(machine):
    play(machine, CHAIN, ONE_ENGINE, engine("1"), ask("load"), done(0), ask("clean"))
    machine.handle(ask("clean"))
    for event in (cancel(), ask("clean"), ask("clean", confirm=False, renewed=["load"])):
        machine.handle(event)
    assert made(machine)[-2:] == ["load", "clean"]


def test_newer_values_are_no_matter_to_what_has_settled(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), done(0), ask("clean", confirm=False, renewed=["load"]))
    assert made(machine) == ["load", "clean"]


def proved(run: int, key: str) -> list[ev.Event]:
    return [ev.Captured(1.0, RunId(run)), ev.Proved(1.0, RunId(run), Key(key), None)]


def overtaken(machine: Machine, key: str) -> None:
    """Run 1, of clean, is open and read run 0, of load; run 2 is another run of load, with this key."""
    for event in (CHAIN, ONE_ENGINE, engine("1"), ask("clean"), *proved(0, "old"), done(0), *proved(1, "clean")):
        machine.handle(event)
    for event in (ask("load"), *proved(2, key)):
        machine.handle(event)


def test_a_newer_run_with_another_key_supersedes_what_reads_the_older(machine):
    overtaken(machine, "new")
    machine.handle(ask("clean"))
    assert made(machine) == ["load", "clean", "load", "clean"]
    assert machine.runs[RunId(3)].needs == {RunId(2)}


def test_a_newer_run_with_the_same_key_changes_nothing(machine):
    overtaken(machine, "old")
    machine.handle(ask("clean"))
    assert made(machine) == ["load", "clean", "load"]


def test_a_newer_run_that_ended_badly_changes_nothing(machine):
    overtaken(machine, "new")
    for event in (failed(2), ask("fit", confirm=False)):
        machine.handle(event)
    assert made(machine) == ["load", "clean", "load", "fit"]


def test_outdated_is_what_a_request_finds_out_too_late(machine):
    for event in (CHAIN, ONE_ENGINE, engine("1"), ask("clean"), *proved(0, "old"), done(0), *proved(1, "clean")):
        machine.handle(event)
    for event in (ask("fit"), *proved(2, "new")):
        machine.handle(event)
    assert outdated(machine.graph, machine.runs, [TaskName("fit"), TaskName("gone")]) == ("clean", "fit")


def test_what_was_found_out_too_late_is_planned_anew(machine):
    for event in (CHAIN, ONE_ENGINE, engine("1"), ask("clean"), *proved(0, "old"), done(0), *proved(1, "clean")):
        machine.handle(event)
    for event in (ask("fit"), *proved(2, "new"), ask("clean", "fit", confirm=False)):
        machine.handle(event)
    assert made(machine) == ["load", "clean", "load", "fit", "clean", "fit"]
    assert machine.runs[RunId(4)].needs == {RunId(2)}


def test_nothing_is_outdated_while_nothing_changes(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("fit"), done(0))
    assert outdated(machine.graph, machine.runs, [TaskName("fit")]) == ()


def test_an_edit_of_a_comment_supersedes_nothing(machine):
    play(machine, sourced(FIRST), ONE_ENGINE, ask("one"), sourced(FIRST + "  # the one"), ask("one"))
    assert made(machine) == ["one"]


def test_other_options_supersede(machine):
    play(machine, LOAD, ONE_ENGINE, ask("load"), document(task("load", cpus=2)), ask("load"))
    assert made(machine) == ["load", "load"]


def test_a_superseded_run_whose_task_is_gone_is_not_planned_anew(machine):
    play(machine, CHAIN, ONE_ENGINE, ask("clean"), document(task("load", code="load2")), ask("load"))
    assert made(machine) == ["load", "clean", "load"]


def test_what_is_planned_anew_rests_on_newer_code_only(machine):
    older = [task("a"), task("b"), task("c", "a", "b")]
    newer = [task("a", code="a2"), task("b", code="b2"), task("c", "a", "b")]
    play(machine, document(*older), ask("c"), document(*newer), ask("a"))
    open_codes = {run.task.body for run in machine.runs.by_id.values() if not run.settled}
    assert open_codes == {"a = a2()", "b = b2()", "c = c(a, b)"}


def test_what_is_planned_anew_is_still_wanted_as_it_was(machine):
    play(machine, CHAIN, ask("fit", forced=True), ev.Awaited(1.0, TaskName("fit")))
    play(machine, document(task("load", code="load2"), task("clean", "load"), task("fit", "clean")), ask("load"))
    fit = machine.runs[RunId(5)]
    assert (fit.target, fit.forced, fit.awaited) == (True, True, True)


def test_is_current_until_the_task_is_gone(machine):
    play(machine, THREE, ask("a"), document(task("b")))
    assert not is_current(machine.graph, machine.runs, machine.runs[RunId(0)])


def test_a_run_that_reads_from_another_task_now_is_not_current(machine):
    play(machine, sourced(FIRST, THIRD), ask("fit"), sourced(FIRST, SECOND, THIRD), ask("fit"))
    assert [run.state for run in machine.ever.values()][1] is RunState.CANCELLED
    assert made(machine) == ["one", "fit", "two", "fit"]


def test_remaining_is_the_longest_path(machine):
    play(machine, DIAMOND, ask("join", load=1.0, left=2.0, right=5.0, join=1.0))
    assert remaining(machine) == {"load": 7.0, "left": 3.0, "right": 6.0, "join": 1.0}


def test_remaining_grows_with_what_comes_to_hang_on_it(machine):
    play(machine, CHAIN, ask("load"), ask("clean"), ask("fit", fit=9.0))
    assert remaining(machine) == {"load": 11.0, "clean": 10.0, "fit": 9.0}


def test_a_shorter_path_changes_nothing(machine):
    play(machine, document(task("a"), task("b", "a"), task("c", "a")), ask("b", b=9.0), ask("c"))
    assert remaining(machine) == {"a": 10.0, "b": 9.0, "c": 1.0}


def test_a_ladder_of_open_runs_is_weighed_in_one_pass(machine):
    rungs = [task("s0")]
    for i in range(60):
        rungs += [task(f"l{i}", f"s{i}"), task(f"r{i}", f"s{i}"), task(f"s{i + 1}", f"l{i}", f"r{i}")]
    play(machine, document(*rungs, task("end", "s60")), ask("s60"), ask("end"))
    assert machine.runs[RunId(0)].remaining == 122.0


def test_what_has_settled_is_not_weighed(machine):
    play(machine, CHAIN, ONE_ENGINE, engine("1"), ask("load"), done(0), ask("fit", confirm=False))
    assert machine.runs[RunId(0)].remaining == 1.0


@pytest.mark.parametrize(
    ("held", "foreseen"),
    [(0, 0), (50 * MIB, 0), (100 * MIB, 104 * MIB), (104 * MIB, 104 * MIB), (15 * 1024 * MIB + 1, 16 * 1024 * MIB)],
)
def test_what_the_last_run_held_is_foreseen_in_steps(machine, held, foreseen):
    took = {TaskName("load"): Usage(3.0, held)}
    play(machine, CHAIN, ev.RunRequested(1.0, (TaskName("load"),), took=took))
    run = machine.runs[RunId(0)]
    assert (run.resources.foreseen, run.seconds) == (foreseen, 3.0)


def test_what_asks_for_memory_itself_has_none_foreseen(machine):
    asks = task("load", memory=5 * MIB)
    took = {TaskName("load"): Usage(3.0, 900 * MIB)}
    play(machine, document(asks), ev.RunRequested(1.0, (TaskName("load"),), took=took))
    assert machine.runs[RunId(0)].resources == Resources(memory=5 * MIB)


def test_of_what_runs_in_its_engine_s_own_process_none_is_foreseen(machine):
    inside = task("load", isolation="engine")
    took = {TaskName("load"): Usage(3.0, 900 * MIB)}
    play(machine, document(inside), ev.RunRequested(1.0, (TaskName("load"),), took=took))
    assert machine.runs[RunId(0)].resources == Resources()


def test_those_that_held_much_run_one_after_another_and_others_beside_them(machine):
    both = document(task("a"), task("b"), task("c"))
    took = {TaskName(name): Usage(1.0, 5 * GB) for name in "ab"}
    play(machine, both, *(engine(str(number)) for number in range(3)))
    play(machine, ev.RunRequested(1.0, tuple(map(TaskName, "abc")), took=took))
    assert states(machine) == {"a": "submitted", "b": "ready", "c": "submitted"}
    play(machine, done(0))
    assert states(machine)["b"] == "submitted"


def test_who_is_planned_anew_is_foreseen_as_it_was(machine):
    tasks = tuple(map(TaskName, "ab"))
    play(machine, document(task("a"), task("b")), engine("0"), engine("1"))
    play(machine, ev.RunRequested(1.0, tasks, took={name: Usage(7.0, 5 * GB) for name in tasks}))
    play(machine, ev.RunRequested(2.0, tasks, renewed=frozenset(tasks), confirm=False))
    found = [machine.runs[machine.runs.latest[name]] for name in tasks]
    assert [(run.seconds, run.resources.foreseen > 5 * GB) for run in found] == [(7.0, True)] * 2
    # What was superseded holds its memory until it has ended.
    assert sorted(run.state for run in found) == ["ready", "ready"]
    play(machine, failed(0))
    assert sorted(run.state for run in found) == ["ready", "submitted"]


def test_what_a_run_was_seen_to_take_is_foreseen_for_the_next(machine):
    play(machine, document(task("a")), ONE_ENGINE, ask("a"), replace(done(0), usage=Usage(3.0, GB)))
    play(machine, ask("a", forced=True))
    run = machine.runs[machine.runs.latest[TaskName("a")]]
    assert (run.seconds, run.resources.foreseen >= GB) == (3.0, True)
