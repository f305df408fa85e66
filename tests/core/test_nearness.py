"""Among hosts that fit, a run goes where most of what it reads lies already."""

from __future__ import annotations

from dataclasses import replace

import pytest
from documents import ask, document, done, engine, leaves, play, task, version

from phelps_jupyter.core import events as ev
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import RunId

FAR = [engine(name, f"host-{name}", cpus=1, apart=True) for name in "ab"]
NEAR = engine("c", "box", cpus=1)


def gave(run: int, **sizes: int) -> ev.AttemptDone:
    """It ended well, and made values of these sizes."""
    return replace(done(run), outputs=tuple(replace(version(name, name), size=size) for name, size in sizes.items()))


def where(machine: Machine, run: int) -> str:
    return machine.runs[RunId(run)].place


TWO_AND_THEIR_READER = document(task("x"), task("y"), task("both", "x", "y"))


@pytest.mark.parametrize(("sizes", "host"), [((8, 9), "host-b:b"), ((9, 8), "host-a:a")])
def test_a_reader_goes_where_most_of_its_inputs_lie(machine, sizes, host):
    play(machine, TWO_AND_THEIR_READER, *FAR, NEAR, ask("both"))
    assert (where(machine, 0), where(machine, 1)) == ("host-a:a", "host-b:b")
    play(machine, gave(0, x=sizes[0]), gave(1, y=sizes[1]))
    assert where(machine, 2) == host


TWO_READERS = document(task("x"), task("first", "x"), task("second", "x"))


def test_a_host_that_has_no_room_is_not_waited_for(machine):
    play(machine, TWO_READERS, *FAR, ask("x"), gave(0, x=100), ask("first", "second", confirm=False))
    assert [where(machine, 1), where(machine, 2)] == ["host-a:a", "host-b:b"]


def test_what_a_host_has_read_lies_there_as_well(machine):
    play(machine, TWO_READERS, *FAR, ask("x"), gave(0, x=100), leaves("a"), ask("first", confirm=False))
    # It has been idle for longer when the other one has done.
    play(machine, engine("d", "host-d", cpus=1, apart=True), gave(1, first=1), ask("second", confirm=False))
    assert [where(machine, 1), where(machine, 2)] == ["host-b:b", "host-b:b"]


def test_what_is_in_the_store_lies_nearest_to_those_that_see_it(machine):
    graph = document(task("x"), task("reader", "x"))
    play(machine, graph, NEAR, ask("x"), gave(0, x=100), *FAR, ask("reader", confirm=False))
    assert where(machine, 1) == "box:c"


def test_the_word_of_an_engine_that_is_gone_tells_of_no_place(machine):
    play(machine, document(task("x")), *FAR, ask("x"), leaves("a"))
    assert machine.runs[RunId(0)].kept_at == {}
