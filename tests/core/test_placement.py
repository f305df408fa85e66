"""Which engine takes what: hosts are shared, sizes and labels are kept to."""

from __future__ import annotations

import math

import pytest
from documents import GB, engine

from phelps_jupyter.core.events import EngineJoined
from phelps_jupyter.core.model import EngineId, HostId, Resources, RunId
from phelps_jupyter.core.placement import Fleet


def fleet(*joining: EngineJoined) -> Fleet:
    found = Fleet()
    for event in joining:
        found.join(event.engine, event.host)
    return found


def place(found: Fleet, run: int, needs: Resources | None = None) -> str | None:
    return found.place((RunId(run), 1), needs or Resources(), dict(found.open))


def test_an_engine_takes_one_attempt():
    found = fleet(engine("0"))
    assert [place(found, 1), place(found, 2)] == ["0", None]


def test_an_engine_that_is_released_takes_another():
    found = fleet(engine("0"))
    place(found, 1)
    found.release((RunId(1), 1))
    assert place(found, 2) == "0"


def test_the_engine_that_has_been_idle_longest_goes_first():
    found = fleet(engine("0"), engine("1"))
    place(found, 1)
    found.release((RunId(1), 1))
    assert place(found, 2) == "1"


def test_engines_of_a_host_share_its_cpus():
    found = fleet(engine("0"), engine("1"))
    assert [place(found, 1, Resources(cpus=3)), place(found, 2, Resources(cpus=2))] == ["0", None]


def test_engines_of_a_host_share_its_memory():
    found = fleet(engine("0"), engine("1"))
    assert [place(found, 1, Resources(memory=5 * GB)), place(found, 2, Resources(memory=4 * GB))] == ["0", None]


def test_what_is_foreseen_is_set_aside_beside_others():
    found, large = fleet(engine("0"), engine("1"), engine("2")), Resources(foreseen=5 * GB)
    assert [place(found, 1, large), place(found, 2, large), place(found, 3)] == ["0", None, "1"]
    found.release((RunId(1), 1))
    assert place(found, 2, large) == "2"


def test_an_empty_host_tries_what_is_foreseen_to_be_too_much():
    found, larger = fleet(engine("0"), engine("1")), Resources(foreseen=9 * GB)
    assert found.could_ever_fit(larger)
    assert [place(found, 1, larger), place(found, 2, Resources(foreseen=GB))] == ["0", None]


def test_beside_one_that_holds_more_than_there_is_only_the_little_start():
    found = fleet(engine("0"), engine("1"))
    place(found, 1, Resources(foreseen=9 * GB))
    assert [place(found, 2, Resources(memory=GB)), place(found, 3)] == [None, "1"]


def test_what_is_asked_for_counts_and_not_what_is_foreseen():
    found = fleet(engine("0"), engine("1"))
    assert [place(found, 1, Resources(memory=GB, foreseen=9 * GB)), place(found, 2, Resources(memory=7 * GB))] == [
        "0",
        "1",
    ]


def test_a_host_is_free_for_what_is_foreseen_when_others_have_ended():
    found, half = fleet(engine("0"), engine("1"), engine("2")), Resources(foreseen=4 * GB)
    for run, seconds in ((1, 2.0), (2, 5.0)):
        found.place((RunId(run), 1), half, dict(found.open), 0.0, seconds)
    assert found.soonest(half, 0.0) == (2.0, HostId("box"))
    assert found.soonest(Resources(foreseen=20 * GB), 0.0) == (5.0, HostId("box"))


def test_attempts_of_a_host_have_different_gpus():
    found = fleet(engine("0", gpus="01"), engine("1", gpus="01"), engine("2", gpus="01"))
    assert [place(found, run, Resources(gpus=1)) for run in range(3)] == ["0", "1", None]
    assert found.gpus_held == {(RunId(0), 1): ("0",), (RunId(1), 1): ("1",)}


def test_gpus_that_are_given_back_are_given_again():
    found = fleet(engine("0", gpus="01"), engine("1", gpus="01"))
    place(found, 0, Resources(gpus=2))
    assert place(found, 1, Resources(gpus=1)) is None
    found.release((RunId(0), 1))
    assert place(found, 1, Resources(gpus=2)) == "1"
    assert sorted(found.gpus_held[RunId(1), 1]) == ["0", "1"]


def test_engines_of_a_host_may_each_have_been_given_one_gpu():
    found = fleet(engine("0", gpus="0"), engine("1", gpus="1"))
    assert found.could_ever_fit(Resources(gpus=2))
    assert place(found, 0, Resources(gpus=2)) == "0"
    assert found.gpus_held == {(RunId(0), 1): ("0", "1")}


@pytest.mark.parametrize("gpus", [None, 0])
def test_who_asks_for_no_gpu_takes_none(gpus):
    found = fleet(engine("0", gpus="0"), engine("1", gpus="0"))
    place(found, 0, Resources(gpus=gpus))
    assert place(found, 1, Resources(gpus=1)) == "1"


def test_all_cpus_takes_the_whole_host():
    found = fleet(engine("0"), engine("1"))
    assert [place(found, 1, Resources(cpus="all")), place(found, 2)] == ["0", None]


def test_who_is_to_be_alone_takes_the_whole_host_if_it_would_fit():
    found = fleet(engine("0"), engine("1"))
    assert [place(found, 1, Resources(alone=True)), place(found, 2)] == ["0", None]
    assert not found.could_ever_fit(Resources(cpus=5, alone=True))


def test_what_is_released_is_free_for_others():
    found = fleet(engine("0"), engine("1"))
    place(found, 1, Resources(cpus="all", memory=8 * GB))
    found.release((RunId(1), 1))
    assert place(found, 2, Resources(cpus=4, memory=8 * GB)) == "1"


@pytest.mark.parametrize("label", ["gpu", "rack"])
def test_a_label_is_an_engines_or_a_hosts_name(label):
    found = fleet(engine("0"), engine("1", "rack", "gpu"))
    assert place(found, 1, Resources(label=label)) == "1"


def test_another_engine_is_tried_when_the_first_has_no_room():
    found = fleet(engine("0"), engine("1", "big", cpus=16))
    assert place(found, 1, Resources(cpus=8)) == "1"


def test_an_engine_joins_once():
    found = fleet(engine("0"), engine("0"))
    assert [place(found, 1), place(found, 2)] == ["0", None]


def test_an_engine_that_leaves_tells_what_it_held():
    found = fleet(engine("0"))
    place(found, 1)
    assert found.leave(EngineId("0")) == (RunId(1), 1)


def test_an_engine_that_leaves_gives_its_share_back():
    found = fleet(engine("0"), engine("1"))
    place(found, 1, Resources(cpus=4))
    found.leave(EngineId("0"))
    assert place(found, 2, Resources(cpus=4)) == "1"


def test_a_host_leaves_with_its_last_engine():
    found = fleet(engine("0"), engine("1"))
    found.leave(EngineId("0"))
    assert list(found.hosts) == ["box"]
    found.leave(EngineId("1"))
    assert list(found.hosts) == []


def test_an_unknown_engine_leaves_without_a_word():
    assert fleet(engine("0")).leave(EngineId("9")) is None


def test_releasing_what_nobody_holds_is_nothing():
    found = fleet(engine("0"))
    found.release((RunId(1), 1))
    assert place(found, 1) == "0"


@pytest.mark.parametrize(
    ("needs", "fits"),
    [
        (Resources(cpus=4, memory=8 * GB), True),
        (Resources(cpus="all"), True),
        (Resources(cpus=5), False),
        (Resources(memory=9 * GB), False),
        (Resources(label="gpu"), False),
        (Resources(gpus=0), True),
        (Resources(gpus=1), False),
    ],
)
def test_what_could_ever_fit_is_asked_of_idle_hosts(needs, fits):
    found = fleet(engine("0"))
    place(found, 1, Resources(cpus=4))
    assert found.could_ever_fit(needs) is fits


@pytest.mark.parametrize(
    ("needs", "largest"),
    [
        (Resources(), 32 * GB),
        (Resources(label="box"), 8 * GB),
        (Resources(cpus=4), 8 * GB),
        (Resources(cpus=8), 0),
        (Resources(memory=64 * GB), 32 * GB),
        (Resources(gpus=1), 0),
    ],
)
def test_the_largest_memory_is_one_that_it_may_have(needs, largest):
    assert fleet(engine("0"), engine("1", "wide", cpus=2, memory=32 * GB)).largest_memory(needs) == largest


def test_there_is_no_memory_without_engines():
    assert Fleet().largest_memory(Resources()) == 0


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        (
            Resources(cpus=64),
            "--cpus 64: no host has that; the largest, big, has 16 cpus and 64 GB of memory",
        ),
        (
            Resources(cpus="all", memory=100 * GB),
            "--mem 100GB: no host has that; the largest, big, has 16 cpus and 64 GB of memory",
        ),
        (
            Resources(cpus=8, memory=GB // 2, label="box"),
            "--cpus 8 --mem 0.5GB --on box: no host has that; the largest, box, has 4 cpus and 8 GB of memory",
        ),
        (
            Resources(gpus=3, label="box"),
            "--cpus 1 --gpus 3 --on box: no host has that; the largest, box, has 4 cpus, 8 GB of memory and 2 gpus",
        ),
        (
            Resources(cpus="all", gpus=3),
            "--gpus 3: no host has that; the largest, box, has 4 cpus, 8 GB of memory and 2 gpus",
        ),
        (
            Resources(label="tpu"),
            "--on tpu: no engine has this label and no host this name; there are big, box, gpu",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_there_is(needs, text):
    found = fleet(engine("0", gpus="01"), engine("1", "big", "gpu", cpus=16, memory=64 * GB))
    assert found.shortcoming(needs) == text


def test_what_waits_for_memory_that_it_held_last_time_is_told_so():
    found, large = fleet(engine("0"), engine("1")), Resources(foreseen=5 * GB)
    place(found, 1, large)
    told = "1 cpus and the 5 GB that it held last time; 3 and 3 GB free"
    assert found.shortage(large) == told


def test_an_engine_is_named_with_its_host():
    assert fleet(engine("0", "rack")).name_of(EngineId("0")) == "rack:0"


def test_cpus_that_are_left_to_others_take_nothing_until_they_are_ours_again():
    found = fleet(*(engine(str(number)) for number in range(4)))
    assert [place(found, run) for run in range(2)] == ["0", "1"]
    found.allow(HostId("box"), 1)
    assert (place(found, 2), found.rooms[HostId("box")].cpus_held) == (None, 2)
    found.release((RunId(0), 1))
    assert place(found, 2) is None
    assert found.shortage(Resources()) == "1 cpus; 0 free, 3 left to other kernels"
    found.allow(HostId("box"), 3)
    assert [place(found, run) for run in (2, 3, 4)] == ["2", "3", None]
    found.allow(HostId("box"), 99)
    assert (place(found, 4), found.rooms[HostId("box")].cpus_held) == ("0", 4)


def test_who_is_told_of_a_machine_that_has_no_engines_of_ours_does_nothing():
    found = fleet(engine("0"))
    found.allow(HostId("elsewhere"), 1)
    assert place(found, 1) == "0"


def test_nobody_knows_when_others_give_their_cpus_back_but_that_they_do():
    found = fleet(engine("0"), engine("1"))
    place(found, 1)
    found.allow(HostId("box"), 1)
    room = found.rooms[HostId("box")]
    assert [room.free_at(Resources(cpus=cpus), 0.0) for cpus in (1, 2)] == [1.0, math.inf]
    assert [found.soonest(Resources(cpus=cpus), 0.0) for cpus in (2, 4)] == [(0.0, "box"), (1.0, "box")]
    found.allow(HostId("box"), 4)
    assert room.free_at(Resources(cpus=2), 0.0) == 0.0
