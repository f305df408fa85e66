"""Claims to keys: of several that want one, exactly one has it, and who is gone or silent keeps nobody waiting."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from phelps_jupyter import claims as module
from phelps_jupyter import taking_over
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.claims import Claims, gone, ourselves
from phelps_jupyter.core.model import Key, RunId
from phelps_jupyter.runtime import attempts
from phelps_jupyter.runtime.host import boot, place
from phelps_jupyter.taking_over import Estate

KEY, OTHER = Key("k1"), Key("k2")
FIRST, SECOND = RunId(1), RunId(2)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.db")


@pytest.fixture
def index(path: str) -> Iterator[SqliteIndex]:
    with closing(SqliteIndex(path)) as made:
        yield made


@pytest.fixture
def said() -> list[Exception]:
    return []


@pytest.fixture
def kernels(path: str, said: list[Exception]) -> Iterator[tuple[Claims, Claims]]:
    """Two sessions with a connection each to one file."""
    with closing(SqliteIndex(path)) as one, closing(SqliteIndex(path)) as other:
        yield tuple(Claims(each, Estate(path + "-store", each, str), said.append) for each in (one, other))  # type: ignore[misc]


def test_a_free_key_is_given_to_who_asks_first(index: SqliteIndex) -> None:
    assert [index.claim(KEY, owner, 100.0) for owner in ("a", "b", "a")] == ["a", "a", "a"]


def test_another_key_is_free(index: SqliteIndex) -> None:
    index.claim(KEY, "a", 100.0)
    assert index.claim(OTHER, "b", 100.0) == "b"


# at what time the owner's last beat was, and who has the key at 1000
BEATS = [(999.0, "a"), (970.5, "a"), (969.0, "b"), (1029.0, "a"), (1031.0, "b")]


@pytest.mark.parametrize(("beat", "expected"), BEATS)
def test_a_claim_lapses_when_its_owner_is_silent(index: SqliteIndex, beat: float, expected: str) -> None:
    index.claim(KEY, "a", 900.0)
    index.beat("a", beat)
    assert index.claim(KEY, "b", 1000.0) == expected


def test_what_others_left_for_good_is_swept_away(index: SqliteIndex, path: str) -> None:
    index.claim(KEY, "a", 100.0)
    index.beat("b", 200.0)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_asking_again_renews_a_claim(index: SqliteIndex) -> None:
    index.claim(KEY, "a", 980.0)
    index.claim(KEY, "a", 1000.0)
    assert index.claim(KEY, "b", 1025.0) == "a"


def test_a_beat_does_not_bring_back_what_was_lost(index: SqliteIndex) -> None:
    index.claim(KEY, "a", 900.0)
    index.claim(KEY, "b", 1000.0)
    index.beat("a", 1000.0)
    assert index.claim(KEY, "a", 1000.0) == "b"


def test_a_released_key_is_free(index: SqliteIndex) -> None:
    index.claim(KEY, "a", 100.0)
    index.claim(OTHER, "a", 100.0)
    index.release([KEY, OTHER], "a")
    assert [index.claim(key, "b", 100.0) for key in (KEY, OTHER)] == ["b", "b"]


def test_nobody_releases_what_another_one_has(index: SqliteIndex) -> None:
    index.claim(KEY, "a", 100.0)
    index.release([KEY], "b")
    assert index.claim(KEY, "b", 100.0) == "a"


def test_of_many_threads_one_wins_each_key(index: SqliteIndex) -> None:
    def claim(number: int) -> list[str]:
        return [index.claim(Key(f"k{key}"), f"owner {number}", 100.0) for key in range(50)]

    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(claim, range(8)))
    assert all(owners == seen[0] for owners in seen)


CLAIM_200 = """
import sys
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.model import Key
index = SqliteIndex(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(index.claim(Key(f"k{number}"), sys.argv[2], 100.0) == sys.argv[2] for number in range(200)))
"""


def test_of_several_processes_one_wins_each_key(path: str) -> None:
    command = [sys.executable, "-c", CLAIM_200, path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen([*command, name], **pipes) for name in "abc"]  # type: ignore[call-overload]  # pipes
    assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 3
    won = [int(racer.communicate("go\n", timeout=60)[0]) for racer in racers]
    assert sum(won) == 200


def test_a_run_waits_while_another_kernel_has_its_key(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    assert (one.take(FIRST, KEY), other.take(FIRST, KEY)) == (True, False)
    assert (one.waited_for(FIRST), other.waited_for(FIRST)) == ("", module.ELSEWHERE)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(module, "BEAT_EVERY", 0.0)
    monkeypatch.setattr(taking_over, "EVERY", 0.0)


@pytest.mark.usefixtures("at_once")
def test_who_waits_is_told_when_the_key_is_given_back(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    one.take(FIRST, KEY)
    other.take(SECOND, KEY)
    assert other.due() == []
    one.drop(FIRST)
    assert other.due() == [SECOND]
    assert (other.waited_for(SECOND), one.take(FIRST, KEY)) == ("", False)


@pytest.mark.usefixtures("at_once")
def test_a_run_that_was_cancelled_while_it_waited_is_not_told_of(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    one.take(FIRST, KEY)
    other.take(SECOND, KEY)
    other.drop(SECOND)
    one.drop(FIRST)
    assert other.due() == []
    assert other.patience(None) is None


def test_a_key_is_kept_until_the_last_of_its_runs_has_settled(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    assert [one.take(run, KEY) for run in (FIRST, SECOND)] == [True, True]
    one.drop(FIRST)
    assert not other.take(FIRST, KEY)
    one.drop(SECOND)
    assert other.take(FIRST, KEY)


def test_a_run_with_another_key_gives_its_first_one_back(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    one.take(FIRST, KEY)
    one.take(FIRST, OTHER)
    assert (other.take(FIRST, KEY), other.take(SECOND, OTHER)) == (True, False)


def test_who_closes_gives_all_back(kernels: tuple[Claims, Claims]) -> None:
    one, other = kernels
    one.take(FIRST, KEY)
    one.take(SECOND, OTHER)
    one.close()
    assert (other.take(FIRST, KEY), other.take(SECOND, OTHER)) == (True, True)


@pytest.mark.usefixtures("at_once")
def test_a_beat_renews_what_is_held(kernels: tuple[Claims, Claims], index: SqliteIndex) -> None:
    one, _ = kernels
    one.take(FIRST, KEY)
    index.beat(one.owner, time.time() - 20)
    one.due()
    assert index.claim(KEY, "b", time.time() + 20) == one.owner


# held by the kernel, wanted by a run that waits, cards to draw; whether a time is set
PATIENCE = [(False, False, None, None), (False, False, 0.1, 0.1), (True, False, None, 5.0), (True, True, None, 0.5)]


@pytest.mark.parametrize(("holds", "waits", "most", "expected"), PATIENCE)
def test_nothing_is_looked_at_while_nothing_is_held_or_wanted(
    kernels: tuple[Claims, Claims], holds: bool, waits: bool, most: float | None, expected: float | None
) -> None:
    one, other = kernels
    if holds:
        one.take(FIRST, KEY)
    if waits:
        other.take(FIRST, OTHER)
        one.take(SECOND, OTHER)
    assert one.patience(most) == pytest.approx(expected, abs=0.4)
    assert one.due() == []


@pytest.fixture
def left(path: str) -> Iterator[subprocess.Popen[bytes]]:
    """What a kernel that is gone has left running, and makes the result of the key."""
    folder = Path(path + "-store", "engines", "zygote-1")
    folder.mkdir(parents=True)
    (folder / "owner.json").write_text(json.dumps(json.loads(attempts.owner()) | {"began": 1.0}))
    (folder / "note.json").write_text(json.dumps({"key": KEY}))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as zygote:
        (folder / "pid").write_text(json.dumps({"pid": zygote.pid, "place": place(), "boot": boot()}))
        yield zygote
        zygote.kill()


@pytest.mark.usefixtures("at_once")
def test_a_run_waits_for_what_a_kernel_that_is_gone_has_left_running(
    path: str, kernels: tuple[Claims, Claims], left: subprocess.Popen[bytes]
) -> None:
    one, _ = kernels
    assert (one.take(FIRST, KEY), one.take(SECOND, OTHER)) == (False, True)
    assert (one.waited_for(FIRST), one.due()) == (module.LEFT, [])
    left.kill()
    left.wait()
    assert (one.due(), one.waited_for(FIRST)) == ([FIRST], "")
    assert list(Path(path + "-store", "engines").iterdir()) == []


def drop(claims: Claims) -> None:
    claims.drop(FIRST)


@pytest.mark.usefixtures("at_once", "left")
@pytest.mark.parametrize("end", [drop, Claims.close])
def test_who_waits_no_more_for_what_was_left_running_keeps_no_other_kernel_waiting(
    kernels: tuple[Claims, Claims], index: SqliteIndex, end: Callable[[Claims], None]
) -> None:
    one, _ = kernels
    assert not one.take(FIRST, KEY)
    assert one.due() == []
    assert index.claim(KEY, "b", time.time()) == one.owner
    end(one)
    assert index.claim(KEY, "b", time.time()) == "b"


LEAVE = """
import sys
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.claims import Claims
from phelps_jupyter.runtime import attempts
from phelps_jupyter.taking_over import Estate
index = SqliteIndex(sys.argv[1])
claims = Claims(index, Estate(sys.argv[1] + "-store", index, str), print)
claims.take(1, "k1")
print(attempts.owner(), flush=True)
sys.stdin.readline()
claims.close([1])
"""


@pytest.mark.usefixtures("at_once")
def test_what_a_kernel_leaves_running_when_it_closes_is_waited_for(
    path: str, kernels: tuple[Claims, Claims], left: subprocess.Popen[bytes]
) -> None:
    one, _ = kernels
    folder = Path(path + "-store", "engines", "zygote-1")
    (folder / "owner.json").write_text(attempts.owner())
    leaving = subprocess.Popen([sys.executable, "-c", LEAVE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with leaving:
        assert leaving.stdout is not None
        (folder / "owner.json").write_bytes(leaving.stdout.readline())
        # Nothing was left running when this was asked.
        assert (one.take(SECOND, OTHER), one.take(FIRST, KEY)) == (True, False)
        leaving.communicate(b"\n")
    assert (one.due(), one.waited_for(FIRST)) == ([], module.LEFT)
    left.kill()
    left.wait()
    assert one.due() == [FIRST]


CLAIM = """
import sys
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.claims import Claims
from phelps_jupyter.runtime import attempts
from phelps_jupyter.taking_over import Estate
index = SqliteIndex(sys.argv[1])
print(Claims(index, Estate(sys.argv[1] + "-store", index, str), print).take(1, "k1"), flush=True)
sys.stdin.readline()
"""


def test_the_claims_of_a_process_that_is_gone_are_free(path: str, kernels: tuple[Claims, Claims]) -> None:
    _, other = kernels
    holder = subprocess.Popen([sys.executable, "-c", CLAIM, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert not other.take(FIRST, KEY)
        holder.kill()
    assert other.take(SECOND, KEY)


def edited(**changes: object) -> str:
    return json.dumps(json.loads(ourselves()) | changes)


# how an owner differs from this process, and whether it is known to be gone
OWNERS: list[tuple[Callable[[], str], bool]] = [
    (ourselves, False),
    (lambda: edited(began=1.0), True),
    (lambda: edited(host="elsewhere", began=1.0), False),
    (lambda: edited(boot="another", began=1.0), False),
]


@pytest.mark.parametrize(("owner", "expected"), OWNERS, ids=["this process", "its pid again", "a host", "a boot"])
def test_only_of_this_host_the_dead_are_known(owner: Callable[[], str], expected: bool) -> None:
    assert gone(owner()) is expected


def test_with_an_index_that_fails_runs_go_on_unclaimed(kernels: tuple[Claims, Claims], said: list[Exception]) -> None:
    one, _ = kernels
    one.index.close()
    assert one.take(FIRST, KEY)
    one.drop(FIRST)
    one.close()
    assert [type(error).__name__ for error in said] == ["StoreError"]
    assert one.patience(None) is None
