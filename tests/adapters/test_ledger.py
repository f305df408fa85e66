"""The ledger of cpus that kernels of one machine share: what one holds others see, and who is gone holds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from phelps_jupyter.adapters import ledger as module
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.core.shares import Stake
from phelps_jupyter.errors import StoreError

ALL, SOME, NONE = Stake(2, 5), Stake(0, 5), Stake(0, 0)


@pytest.fixture
def kernels(tmp_path: Path) -> tuple[Ledger, Ledger]:
    return Ledger(str(tmp_path)), Ledger(str(tmp_path))


def test_who_is_alone_may_have_all(kernels: tuple[Ledger, Ledger]) -> None:
    assert kernels[0].share(2, SOME) == 2


def test_two_share_and_who_leaves_leaves_all(kernels: tuple[Ledger, Ledger]) -> None:
    one, other = kernels
    one.share(4, Stake(4, 5))
    assert other.share(4, SOME) == 1
    assert one.share(4, Stake(3, 5)) == 2
    assert one.share(4, Stake(2, 5)) == 2
    assert other.share(4, Stake(1, 5)) == 2
    one.leave()
    assert other.share(4, Stake(2, 5)) == 4


def test_who_waits_for_many_is_given_way_until_it_may_begin(kernels: tuple[Ledger, Ledger]) -> None:
    one, other = kernels
    wide = Stake(0, 2, 2, 7.0)
    one.share(2, ALL)
    assert [other.share(2, wide), one.share(2, ALL), one.share(2, Stake(1, 5)), other.share(2, wide)] == [1, 1, 1, 2]
    # What it may begin counts as begun, and its turn is over.
    assert one.share(2, Stake(1, 5, 2, 8.0)) == 1


def test_who_is_silent_for_long_holds_nothing(kernels: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = kernels
    one.share(2, ALL)
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 2 * module.SILENCE)
    assert other.share(2, SOME) == 2


UNFIT = [
    "",
    "{",
    "[1]",
    '{"a": 3}',
    '{"a": {"held": 2, "seen": 1}}',
    '{"a": {"came": 1, "seen": "x", "held": 0, "wanted": 0}}',
]
OTHER_BOOT = '{"a": {"came": 9e9, "held": 2, "seen": 9e9, "wanted": 0}}'


@pytest.mark.parametrize("content", [*UNFIT, OTHER_BOOT])
def test_what_is_torn_or_unknown_or_of_another_boot_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "phelps-ledger.json").write_text(content)
    assert Ledger(str(tmp_path)).share(2, SOME) == 2
    assert len(json.loads((tmp_path / "phelps-ledger.json").read_text())) == 1


def test_where_it_can_not_be_written_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be shared with other kernels"):
        Ledger(str(tmp_path / "nowhere")).share(2, SOME)


@pytest.mark.parametrize("named", ["nowhere", "file", "shut"])
def test_a_runtime_folder_that_is_none_of_ours_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "shut").mkdir()
    monkeypatch.setattr(module.os, "access", lambda path, _: Path(path).name != "shut")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / named))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert Ledger().share(2, SOME) == 2
    assert len(json.loads(next(tmp_path.glob("phelps-*/phelps-ledger.json")).read_text())) == 1


KERNEL = """
import fcntl, os, random, sys
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.core.shares import Stake
ledger, held = Ledger(sys.argv[1]), 0
with open(sys.argv[1] + "/held", "a+b") as file:
    def note(begin):
        # All that runs, as a count of bytes.
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(file.seek(0, os.SEEK_END) + begin)
        assert file.seek(0, os.SEEK_END) <= 4 + 2, "more is held than there is, and one for each other kernel"
        fcntl.flock(file, fcntl.LOCK_UN)
    for _ in range(300):
        started = min(3, max(0, ledger.share(4, Stake(held, 3)) - held))
        note(started)
        ended = random.randint(0, held + started)
        note(-ended)
        held += started - ended
    note(-held)
ledger.leave()
"""


def test_several_processes_use_it_at_once(tmp_path: Path) -> None:
    kernels = [subprocess.Popen([sys.executable, "-c", KERNEL, str(tmp_path)]) for _ in range(3)]
    assert [kernel.wait(60) for kernel in kernels] == [0, 0, 0]
    assert json.loads((tmp_path / "phelps-ledger.json").read_text()) == {}
