"""Who gives way when a machine runs out of memory. What it has left is told by the tests; nothing is exhausted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phelps_jupyter.runtime import host
from phelps_jupyter.runtime.pressure import SETTLING, HostGuard, is_short
from phelps_jupyter.runtime.shipment import private_folder

GB = 1_000_000_000
PLENTY, SHORT, NOTHING = 10 * GB, GB // 2, GB // 10
BIG = 2 * GB


class Machine:
    """Of 16 GB, with as much left as the test says."""

    left: int | None = PLENTY


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    machine = Machine()
    monkeypatch.setattr(host, "memory", lambda: 16 * GB)
    monkeypatch.setattr(host, "available", lambda: machine.left)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    return machine


def claims(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.glob("phelps-*/giving-way/*"))


def test_claims_lie_in_a_folder_that_others_of_ours_can_use(machine: Machine, tmp_path: Path) -> None:
    machine.left = SHORT
    HostGuard(alone=False).gives_way(BIG, 10.0, 5.0)
    assert (len(claims(tmp_path)), Path(private_folder()).parent) == (1, tmp_path)


@pytest.mark.parametrize(("left", "held"), [(PLENTY, BIG), (None, BIG), (SHORT, 1_000_000)])
def test_nobody_stops_while_there_is_enough_or_for_next_to_nothing(
    machine: Machine, tmp_path: Path, left: int | None, held: int
) -> None:
    machine.left = left
    guard = HostGuard(alone=False)
    assert [guard.gives_way(held, now, 1.0) for now in (10.0, 20.0)] == [False, False]
    assert claims(tmp_path) == []


def test_the_newest_gives_way_when_all_had_time_to_look(machine: Machine) -> None:
    machine.left = SHORT
    older, newer = HostGuard(alone=False), HostGuard(alone=False)
    looks = [(guard, began) for guard, began in ((older, 5.0), (newer, 6.0))]
    first = [guard.gives_way(BIG, 10.0, began) for guard, began in looks]
    later = [guard.gives_way(BIG, 10.0 + 1.5 * SETTLING, began) for guard, began in looks]
    last = [guard.gives_way(BIG, 10.0 + 3 * SETTLING, began) for guard, began in looks]
    assert first == [False, False]
    assert later == [False, True]
    assert last == [False, True]
    assert newer.left == SHORT


def test_the_next_one_waits_for_what_the_newest_gives_back(machine: Machine) -> None:
    machine.left = SHORT
    older, newer = HostGuard(alone=False), HostGuard(alone=False)
    for guard, began in ((newer, 6.0), (older, 5.0)):
        guard.gives_way(BIG, 10.0, began)
    newer.close()
    assert not older.gives_way(BIG, 20.0, 5.0)
    machine.left = PLENTY
    assert not older.gives_way(BIG, 21.0, 5.0)
    machine.left = SHORT
    assert [older.gives_way(BIG, now, 5.0) for now in (30.0, 30.0 + 2 * SETTLING)] == [False, True]


def test_claims_of_the_dead_hold_nobody_up(machine: Machine, tmp_path: Path) -> None:
    machine.left = SHORT
    guard = HostGuard(alone=False)
    guard.gives_way(BIG, 10.0, 5.0)
    (place,) = tmp_path.glob("phelps-*/giving-way")
    (place / f"{9.0:020.6f} {os.getpid()} 1.0").touch()
    assert [guard.gives_way(BIG, now, 5.0) for now in (11.0, 12.0)] == [True, True]
    assert len(claims(tmp_path)) == 1


def test_what_is_no_claim_is_let_be(machine: Machine, tmp_path: Path) -> None:
    machine.left = SHORT
    guard = HostGuard(alone=False)
    guard.gives_way(BIG, 10.0, 5.0)
    (place,) = tmp_path.glob("phelps-*/giving-way")
    (place / ".nfs0001").touch()
    assert [guard.gives_way(BIG, now, 5.0) for now in (11.0, 12.0)] == [True, True]


def test_who_runs_alone_is_stopped_only_at_the_last_moment(machine: Machine) -> None:
    guard = HostGuard(alone=True)
    machine.left = SHORT
    assert [guard.gives_way(BIG, now, 5.0) for now in (10.0, 20.0)] == [False, False]
    machine.left = NOTHING
    assert [guard.gives_way(BIG, now, 5.0) for now in (30.0, 40.0)] == [False, True]


def test_a_claim_that_cannot_be_written_stops_the_one_that_makes_it(machine: Machine, tmp_path: Path) -> None:
    machine.left = SHORT
    (tmp_path / f"phelps-{os.getuid()}").write_text("no folder")
    guard = HostGuard(alone=False)
    assert [guard.gives_way(BIG, now, 5.0) for now in (10.0, 20.0)] == [False, True]


def test_one_that_is_frozen_holds_nobody_up_until_it_goes_on(machine: Machine, tmp_path: Path) -> None:
    machine.left = SHORT
    older, newer = HostGuard(alone=False), HostGuard(alone=False)
    newer.gives_way(BIG, 10.0, 6.0)
    (frozen,) = tmp_path.glob("phelps-*/giving-way/*")
    os.utime(frozen, (frozen.stat().st_atime, frozen.stat().st_mtime - 5.0))
    assert [older.gives_way(BIG, 11.0 + step * SETTLING, 5.0) for step in (0, 2)] == [False, True]
    assert not newer.gives_way(BIG, 20.0, 6.0)
    assert [older.gives_way(BIG, 20.0 + step * SETTLING, 5.0) for step in (0, 2)] == [False, False]


@pytest.mark.parametrize(("left", "short"), [(PLENTY, False), (SHORT, True), (None, False)])
def test_a_machine_is_short_when_less_is_left_than_is_to_stay_free(
    machine: Machine, left: int | None, short: bool
) -> None:
    machine.left = left
    assert is_short() is short
