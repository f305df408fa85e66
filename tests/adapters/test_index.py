"""The index: what goes in comes out, whatever the threads, processes, damages and versions around it."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phelps_jupyter.adapters.index import SqliteIndex, from_row, to_row
from phelps_jupyter.adapters.index import database as module
from phelps_jupyter.core.graph import Learned
from phelps_jupyter.core.holds import Hold, HoldKind
from phelps_jupyter.core.model import (
    Digest,
    Ended,
    Failure,
    FailureKind,
    Key,
    Part,
    PartKind,
    Record,
    RunState,
    Seen,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Index

FIT = TaskName("fit")
BOOK = "/home/ada/flights.ipynb"
RECORD = Record(
    key=Key("k1"),
    task=FIT,
    notebook=BOOK,
    source="%%task fit\nx = 'é\U0001f600'\n",
    parts=(Part(PartKind.CODE, "fit", Digest("c0")), Part(PartKind.VERSION, "numpy", Digest("v0"), "2.1")),
    outputs=(
        Version("model", Digest("d0"), 123, "LinearRegression()", "i", "model.lock: _thread.lock", ("m", "m.sub")),
    ),
    usage=Usage(0.1 + 0.2, 2**40, 1e-300, 2**50, None),
    engine="e0",
    at=1_700_000_000.123456789,
    transcript="t0",
    left_out={"handle": "an open file"},
    changed=("df",),
    seen=Seen(
        (Part(PartKind.FILE, "d.csv", Digest("f0")), Part(PartKind.PATH, "\udcff", Digest("p0"))),
        (Part(PartKind.FILE, "out.csv", Digest("f1")),),
        frozenset({"out.csv"}),
        ("pyarrow",),
        ("d.csv",),
    ),
    writes=("out.csv",),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.db")


@pytest.fixture
def index(path: str) -> Iterator[SqliteIndex]:
    made = SqliteIndex(path)
    yield made
    made.close()


def test_it_is_an_index(index: SqliteIndex) -> None:
    port: Index = index
    assert port.history(BOOK) == []


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        replace(RECORD, parts=(), outputs=(), transcript="", left_out={}, changed=(), reusable=False),
        replace(RECORD, usage=Usage(math.inf, 0, 5e-324), at=0.1),
        replace(RECORD, notebook="/home/ada/\udcff.ipynb", source="s = '\ud800'", left_out={"\ud800": "why"}),
    ],
    ids=["full", "empty", "floats", "surrogates"],
)
def test_a_record_comes_back_as_it_was(index: SqliteIndex, record: Record) -> None:
    index.add(record)
    assert index.history(record.notebook, FIT) == [record]
    assert index.last(record.notebook, FIT) == record


def test_the_outputs_are_named_of_tasks_that_keep_them_and_of_other_notebooks(index: SqliteIndex) -> None:
    def made(task: str, digest: str, notebook: str = BOOK) -> None:
        output = replace(RECORD.outputs[0], digest=Digest(digest))
        index.add(replace(RECORD, task=TaskName(task), notebook=notebook, outputs=(output,)))

    made("big", "d1")
    made("keeps", "d2")
    made("keeps", "d3")
    made("big", "d4", "/home/ada/\udcff.ipynb")
    made("gone", "d5")
    asked = [Digest(f"d{number}") for number in range(1, 7)]
    assert index.named(asked, BOOK, [TaskName("keeps")]) == {"d2", "d3", "d4"}
    assert index.named(asked, "/home/ada/\udcff.ipynb", [TaskName("keeps")]) == {"d1", "d2", "d3", "d5"}
    assert index.named([], BOOK, [TaskName("keeps")]) == frozenset()


def test_rows_and_records_are_each_others_inverse() -> None:
    assert from_row((7, *to_row(RECORD))) == RECORD


def test_the_reusable_records_of_a_key_are_found_newest_first(index: SqliteIndex) -> None:
    for at, reusable in ((1.0, True), (2.0, True), (3.0, False)):
        index.add(replace(RECORD, at=at, reusable=reusable))
    assert [record.at for record in index.find(Key("k1"), "")] == [2.0, 1.0]


def test_the_newest_reusable_records_of_codes_are_found_by_any_name_in_any_notebook(index: SqliteIndex) -> None:
    def made(code: str, at: float, **others: Any) -> None:
        index.add(replace(RECORD, parts=(Part(PartKind.CODE, "", Digest(code)), *RECORD.parts), at=at, **others))

    made("c1", 1.0)
    made("c1", 2.0, notebook="other.ipynb")
    made("c2", 3.0)
    made("c1", 4.0, task=TaskName("train"))
    made("c1", 5.0, reusable=False)
    made("c3", 6.0)
    found = index.alike([Digest("c1"), Digest("c2"), Digest("c4")], 2)
    assert {code: [record.at for record in records] for code, records in found.items()} == {
        "c1": [4.0, 2.0],
        "c2": [3.0],
    }
    assert index.alike([Digest("fit")], 2) == {}


def test_an_unknown_key_is_not_found(index: SqliteIndex) -> None:
    index.add(RECORD)
    assert index.find(Key("k2"), "") == []


def test_a_reused_record_is_the_tasks_last(index: SqliteIndex) -> None:
    index.add(RECORD)
    index.add(replace(RECORD, key=Key("k2")))
    index.use(BOOK, FIT, index.find(Key("k1"), "")[0])
    assert index.last(BOOK, FIT) == RECORD


def test_a_reused_record_is_the_tasks_as_it_was_used_and_the_keys_as_it_was_made(index: SqliteIndex) -> None:
    index.add(RECORD)
    made = index.find(Key("k1"), "")[0]
    parts = tuple(replace(part, origin="cell:new") for part in made.parts)
    conditions = tuple(replace(part, origin="cell:new") for part in made.seen.conditions)
    index.use(BOOK, FIT, replace(made, parts=parts, seen=replace(made.seen, conditions=conditions)))
    for used in (index.last(BOOK, FIT), index.lasts(BOOK)[FIT]):
        assert used is not None
        assert {part.origin for part in (*used.parts, *used.seen.conditions)} == {"cell:new"}
    for kept in (*index.find(Key("k1"), ""), *index.history(BOOK, FIT), index.record(made.number)):
        assert kept is not None
        assert {part.origin for part in (*kept.parts, *kept.seen.conditions)} == {""}
    index.add(RECORD)
    last = index.last(BOOK, FIT)
    assert last is not None
    assert {part.origin for part in last.parts} == {""}


def test_another_notebook_may_reuse_a_record(index: SqliteIndex) -> None:
    index.add(RECORD)
    index.use("other.ipynb", TaskName("train"), index.find(Key("k1"), "")[0])
    assert index.last("other.ipynb", TaskName("train")) == RECORD


def test_history_is_newest_first_and_of_one_notebook(index: SqliteIndex) -> None:
    for name, book in (("load", BOOK), ("fit", BOOK), ("load", "other.ipynb"), ("load", BOOK)):
        index.add(replace(RECORD, task=TaskName(name), notebook=book))
    assert [record.task for record in index.history(BOOK)] == ["load", "fit", "load"]
    assert [record.task for record in index.history(BOOK, FIT)] == ["fit"]


def test_a_forgotten_task_has_a_history_and_nothing_to_reuse(index: SqliteIndex) -> None:
    index.add(RECORD)
    index.forget(BOOK, FIT)
    assert index.find(Key("k1"), "") == []
    assert index.last(BOOK, FIT) is None
    assert [record.reusable for record in index.history(BOOK)] == [False]


def test_usages_are_those_of_each_tasks_last_record(index: SqliteIndex) -> None:
    for name, seconds in (("load", 1.5), ("fit", 2.0), ("load", 0.25)):
        index.add(replace(RECORD, task=TaskName(name), usage=Usage(seconds)))
    assert index.usages(BOOK) == {"load": Usage(0.25), "fit": Usage(2.0)}
    assert index.usages("other.ipynb") == {}


def test_what_runs_have_shown_is_remembered(index: SqliteIndex) -> None:
    index.remember_learned(Digest("c"), Learned(frozenset("x")))
    found = Learned(frozenset("xy"), frozenset("z"), frozenset({"d.csv"}), frozenset({"\udcff.csv"}))
    index.remember_learned(Digest("c"), found)
    assert index.learned() == {"c": found}


def test_digests_of_files_are_remembered_with_their_stamps(index: SqliteIndex) -> None:
    index.remember_stamps({"/d.csv": ((1, 2, 3, 2**62), Digest("old")), "/\udcff": ((0, 0, 0, 0), Digest("e"))})
    index.remember_stamps({"/d.csv": ((1, 2, 3, 2**62), Digest("new"))})
    assert index.stamps() == {"/d.csv": ((1, 2, 3, 2**62), "new"), "/\udcff": ((0, 0, 0, 0), "e")}


def test_the_memory_that_a_task_needed_is_remembered(index: SqliteIndex) -> None:
    index.remember_memory(Digest("c"), 10)
    index.remember_memory(Digest("c"), 2**40)
    assert index.memory(Digest("c")) == 2**40
    assert index.memory(Digest("d")) is None


@pytest.mark.parametrize(
    "failure", [None, Failure(FailureKind.CODE, "wrong", "ValueError", 3, "...", "exit 1", ((0.5, 7), (1.0, 9)))]
)
def test_how_a_task_ended_is_kept_until_it_ends_again_or_is_forgotten(
    index: SqliteIndex, failure: Failure | None
) -> None:
    index.note_end(BOOK, FIT, Ended(RunState.CANCELLED, 1, "e0", None))
    index.note_end(BOOK, FIT, Ended(RunState.FAILED, 2, "e1", failure))
    assert index.ended(BOOK, FIT) == Ended(RunState.FAILED, 2, "e1", failure)
    index.forget(BOOK, FIT)
    assert index.ended(BOOK, FIT) is None


def test_everything_outlives_the_process(path: str, index: SqliteIndex) -> None:
    index.add(RECORD)
    index.close()
    again = SqliteIndex(path)
    assert again.find(Key("k1"), "") == [RECORD]
    again.close()


def test_closing_twice_is_closing_once(index: SqliteIndex) -> None:
    index.close()
    index.close()


def test_a_closed_index_says_so(index: SqliteIndex) -> None:
    index.close()
    with pytest.raises(StoreError, match="closed"):
        index.find(Key("k1"), "")


def test_many_threads_share_an_index(index: SqliteIndex) -> None:
    def add(number: int) -> bool:
        index.add(replace(RECORD, key=Key(f"k{number}")))
        return len(index.find(Key(f"k{number}"), "")) == 1

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(add, range(200)))
    assert len(index.history(BOOK)) == 200


ADD_200 = """
import sys
from dataclasses import replace
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.core.model import Key, Record, TaskName, Usage
index = SqliteIndex(sys.argv[1])
for number in range(200):
    index.add(Record(Key(f"{sys.argv[2]}{number}"), TaskName(sys.argv[2]), "book", "", (), (), Usage(), "e", 0.0))
index.close()
"""


def test_processes_that_open_and_fill_one_file_at_once_lose_nothing(path: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", ADD_200, path, name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    index = SqliteIndex(path)
    assert len(index.history("book")) == 800
    assert index.usages("book") == dict.fromkeys("abcd", Usage())
    index.close()


def test_a_failed_transaction_leaves_no_half_record(index: SqliteIndex, path: str) -> None:
    index.add(RECORD)
    other = sqlite3.connect(path)
    other.execute("CREATE TRIGGER refuse BEFORE INSERT ON last BEGIN SELECT raise(ABORT, 'no'); END")
    other.close()
    with pytest.raises(StoreError, match="no"):
        index.add(replace(RECORD, key=Key("k2")))
    assert [record.key for record in index.history(BOOK)] == ["k1"]


@pytest.mark.parametrize("damage", [b"this is no database at all, " * 40, b"SQLite format 3\0" + bytes(4000)])
def test_a_damaged_file_is_moved_aside_with_a_notice(path: str, damage: bytes) -> None:
    Path(path).write_bytes(damage)
    Path(f"{path}.damaged-1").write_bytes(b"an older one")
    index = SqliteIndex(path)
    index.add(RECORD)
    assert index.find(Key("k1"), "") == [RECORD]
    assert f"{path}.damaged-2" in index.notice
    assert Path(f"{path}.damaged-2").read_bytes() == damage
    index.close()


def test_a_file_damaged_while_in_use_is_moved_aside(path: str, index: SqliteIndex) -> None:
    index.close()
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'records'").fetchone()
    connection.close()
    content = bytearray(Path(path).read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    Path(path).write_bytes(content)
    damaged = SqliteIndex(path)
    assert damaged.notice == ""
    damaged.add(RECORD)
    assert damaged.find(Key("k1"), "") == [RECORD]
    assert "damaged" in damaged.notice
    damaged.close()


def test_a_database_that_another_kernel_has_replaced_is_not_moved_aside_again(path: str, tmp_path: Path) -> None:
    Path(path).write_bytes(b"no database" * 100)
    first = SqliteIndex(path)
    first.close()
    damaged = sqlite3.DatabaseError("malformed")
    second = module.Database(path)
    second.close()
    second._inode = 0
    second._connection = second._begun_anew(damaged)
    assert second.notice == ""
    assert sorted(each.name for each in tmp_path.iterdir() if "damaged" in each.name) == ["state.db.damaged-1"]
    second.close()


def test_a_sound_index_has_no_notice(index: SqliteIndex) -> None:
    assert index.notice == ""


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("PRAGMA user_version = 99", f"PRAGMA application_id = {0x7068656C}"), "newer Phelps .*pip install -U"),
        (("CREATE TABLE places (url TEXT)",), "another program; move it elsewhere"),
        (("PRAGMA application_id = 7",), "another program; move it elsewhere"),
    ],
)
def test_a_newer_or_foreign_database_is_left_alone(path: str, statements: tuple[str, ...], message: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    before = Path(path).read_bytes()
    with pytest.raises(StoreError, match=message):
        SqliteIndex(path)
    assert Path(path).read_bytes() == before


def test_a_folder_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder's permissions"):
        SqliteIndex(str(tmp_path / "gone" / "state.db"))


def test_a_damaged_database_that_cant_be_moved_is_an_error(path: str) -> None:
    database = module.Database(path)
    database.close()
    Path(path).unlink()
    with pytest.raises(StoreError, match="can't be moved aside"):
        database._begun_anew(sqlite3.DatabaseError("malformed"))


def test_a_database_of_an_older_format_is_moved_aside_with_a_notice(path: str, index: SqliteIndex) -> None:
    index.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    again = SqliteIndex(path)
    again.add(RECORD)
    assert again.find(Key("k1"), "") == [RECORD]
    assert "an older Phelps" in again.notice
    again.close()


@pytest.mark.parametrize(("network", "mode"), [(False, "wal"), (True, "truncate")])
def test_the_journal_suits_the_file_system(
    path: str, monkeypatch: pytest.MonkeyPatch, network: bool, mode: str
) -> None:
    if network:
        monkeypatch.setattr(module, "_NETWORK", ("",))
    SqliteIndex(path).close()
    connection = sqlite3.connect(path)
    if network:
        assert not Path(path + "-wal").exists()
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == {"wal": "wal", "truncate": "delete"}[mode]
    connection.close()


def test_a_database_in_memory_has_no_wal_and_works() -> None:
    connection = sqlite3.connect(":memory:")
    module._set_journal(connection, ":memory:")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "memory"
    connection.close()


def test_a_result_that_hangs_on_its_seed_is_found_by_that_seed_alone(index: SqliteIndex) -> None:
    index.add(replace(RECORD, seed="7"))
    assert index.find(RECORD.key, "8") == []
    assert index.find(RECORD.key, "7") == [replace(RECORD, seed="7")]


ACCEPTED = Hold(
    HoldKind.ACCEPT,
    1,
    1_700_000_000.5,
    ("its code changed", "file \udcff changed"),
    (Part(PartKind.CODE, "", Digest("c1")),),
    (Part(PartKind.VERSION, "numpy", Digest("v0"), "2.1"),),
    (Part(PartKind.FILE, "d.csv", Digest("f0"), origin="cell:L"),),
    Key("k2"),
)
FROZEN = Hold(HoldKind.FREEZE, 1, 5.0)


def test_what_is_held_comes_back_as_it_was(index):
    index.hold(BOOK, FIT, replace(ACCEPTED, key=None))
    index.hold(BOOK, FIT, ACCEPTED)
    index.hold(BOOK, FIT, FROZEN)
    assert {task: list(holds) for task, holds in index.holds(BOOK).items()} == {FIT: [ACCEPTED, FROZEN]}
    assert index.holds("elsewhere") == {}


def test_a_hold_is_ended_by_its_kind(index):
    index.hold(BOOK, FIT, ACCEPTED)
    index.hold(BOOK, FIT, FROZEN)
    assert index.unhold(BOOK, FIT, HoldKind.FREEZE)
    assert not index.unhold(BOOK, FIT, HoldKind.FREEZE)
    assert index.holds(BOOK) == {FIT: [ACCEPTED]}


def test_a_new_record_ends_an_acceptance_and_no_freeze(index):
    index.hold(BOOK, FIT, ACCEPTED)
    index.hold(BOOK, FIT, FROZEN)
    index.add(RECORD)
    assert index.holds(BOOK) == {FIT: [FROZEN]}


def test_what_is_forgotten_is_held_no_more(index):
    index.hold(BOOK, FIT, ACCEPTED)
    index.hold(BOOK, FIT, FROZEN)
    index.forget(BOOK, FIT)
    assert index.holds(BOOK) == {}


def test_a_record_is_found_by_its_number(index):
    index.add(RECORD)
    assert index.record(1) == RECORD
    assert index.record(2) is None
