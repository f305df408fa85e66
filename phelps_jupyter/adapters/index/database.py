"""Records by key, and the history of runs, in an SQLite database. Knows tables and transactions, and no value.

Several threads may use one `SqliteIndex`, several processes one file. Engines never write here: objects come first,
rows second, so that a crash leaves an object without a row, and never a row without its objects.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple
from itertools import count
from typing import TypeVar

from phelps_jupyter.adapters.index.rows import Row, failure_of, from_row, string, text, to_row
from phelps_jupyter.core.model import (
    Digest,
    Ended,
    Key,
    Record,
    RunState,
    TaskName,
)
from phelps_jupyter.errors import StoreError

_FORMAT = 1
_APPLICATION = 0x7068656C
_PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph", "gluster", "fuse.")
"""Beginnings of types of file systems that hosts share: they have no memory in common, which WAL needs."""

_TABLES = (
    """CREATE TABLE records (
        id INTEGER PRIMARY KEY, key TEXT, task TEXT, notebook TEXT, source TEXT, parts TEXT, outputs TEXT, usage TEXT,
        engine TEXT, at REAL, transcript TEXT, left_out TEXT, changed TEXT, reusable INTEGER, seed TEXT)""",
    "CREATE INDEX records_by_key ON records (key, reusable)",
    "CREATE INDEX records_by_task ON records (notebook, task)",
    "CREATE TABLE last (notebook TEXT, task TEXT, record INTEGER, PRIMARY KEY (notebook, task)) WITHOUT ROWID",
    "CREATE TABLE learned (code TEXT PRIMARY KEY, added TEXT, denied TEXT) WITHOUT ROWID",
    """CREATE TABLE ended (
        notebook TEXT, task TEXT, state TEXT, attempts INTEGER, engine TEXT, failure TEXT,
        PRIMARY KEY (notebook, task)) WITHOUT ROWID""",
    "CREATE TABLE memory (code TEXT PRIMARY KEY, nbytes INTEGER) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_FORMAT}",
)

_MARKS = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
    FROM pragma_application_id, pragma_user_version"""

_COLUMNS = """records.key, records.task, records.notebook, source, parts, outputs, usage, engine, at, transcript,
    left_out, changed, reusable, seed"""

_T = TypeVar("_T")


class SqliteIndex:
    """The database at ``path``, made when it isn't there. Errors of all methods: StoreError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._notice = ""
        self._lock = threading.RLock()
        self._inode = 0
        self._connection = self._opened()

    @property
    def notice(self) -> str:
        """What the user should be told: the database was damaged and a new one begun. Empty: nothing."""
        return self._notice

    def find(self, key: Key, seed: str) -> Record | None:
        """The newest reusable record of this key that hangs on no seed, or on this one."""
        where = "FROM records WHERE key = ? AND reusable = 1 AND seed IN ('', ?) ORDER BY id DESC LIMIT 1"
        return next(iter(self._records(where, key, seed)), None)

    def last(self, notebook: str, task: TaskName) -> Record | None:
        """The last record that this task of this notebook made or reused."""
        where = "FROM last JOIN records ON records.id = last.record WHERE last.notebook = ? AND last.task = ?"
        return next(iter(self._records(where, notebook, task)), None)

    def history(self, notebook: str, task: TaskName | None = None) -> Sequence[Record]:
        """Records of a notebook, newest first."""
        if task is None:
            return self._records("FROM records WHERE notebook = ? ORDER BY id DESC", notebook)
        return self._records("FROM records WHERE notebook = ? AND task = ? ORDER BY id DESC", notebook, task)

    def add(self, record: Record) -> None:
        """Store a record, in one transaction, and make it the task's last."""
        row = to_row(record)

        def insert(connection: sqlite3.Connection) -> None:
            made = connection.execute(f"INSERT INTO records VALUES (NULL{', ?' * len(row)})", row)
            _set_last(connection, record.notebook, record.task, made.lastrowid)

        self._change(insert)

    def use(self, notebook: str, task: TaskName, key: Key, seed: str) -> None:
        """Note that the task now stands on this record (it was reused)."""

        def note(connection: sqlite3.Connection) -> None:
            select = "SELECT max(id) FROM records WHERE key = ? AND reusable = 1 AND seed IN ('', ?)"
            (found,) = connection.execute(select, (text(key), seed)).fetchone()
            if found is not None:
                _set_last(connection, notebook, task, found)

        self._change(note)

    def forget(self, notebook: str, task: TaskName) -> None:
        """Never reuse what this task of this notebook made, and let it be as if it had never run. History stays."""
        names = text(notebook), text(task)

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE records SET reusable = 0 WHERE notebook = ? AND task = ?", names)
            connection.execute("DELETE FROM last WHERE notebook = ? AND task = ?", names)
            connection.execute("DELETE FROM ended WHERE notebook = ? AND task = ?", names)

        self._change(remove)

    def seconds(self, notebook: str) -> dict[TaskName, float]:
        """Wall seconds that each task's last record took."""
        select = "SELECT last.task, usage FROM last JOIN records ON records.id = last.record WHERE last.notebook = ?"
        rows = self._rows(select, notebook)
        return {TaskName(string(task)): float(json.loads(usage)[0]) for task, usage in rows}

    def remember_learned(self, code: Digest, added: frozenset[str], denied: frozenset[str]) -> None:
        """Note what runs of this code have shown: names it changes in place unforeseen, and names it does not."""
        row = code, json.dumps(sorted(added)), json.dumps(sorted(denied))
        self._change(lambda connection: connection.execute("REPLACE INTO learned VALUES (?, ?, ?)", row))

    def learned(self) -> dict[Digest, tuple[frozenset[str], frozenset[str]]]:
        """What was noted of each code, the latest: names added, names denied."""
        rows = self._rows("SELECT code, added, denied FROM learned")
        return {Digest(code): (frozenset(json.loads(added)), frozenset(json.loads(no))) for code, added, no in rows}

    def remember_memory(self, code: Digest, nbytes: int) -> None:
        """Note the bytes that a task with this code, having run out of memory, was found to need."""
        self._change(lambda connection: connection.execute("REPLACE INTO memory VALUES (?, ?)", (code, nbytes)))

    def memory(self, code: Digest) -> int | None:
        """Bytes that this code was found to need; None when it never ran out of memory."""
        rows = self._rows("SELECT nbytes FROM memory WHERE code = ?", code)
        return int(rows[0][0]) if rows else None

    def note_end(self, notebook: str, task: TaskName, ended: Ended) -> None:
        """Note how the task's last run ended."""
        failure = None if ended.failure is None else json.dumps(astuple(ended.failure))
        row = text(notebook), text(task), ended.state.value, ended.attempts, ended.engine, failure
        self._change(lambda connection: connection.execute("REPLACE INTO ended VALUES (?, ?, ?, ?, ?, ?)", row))

    def ended(self, notebook: str, task: TaskName) -> Ended | None:
        """How the task's last run ended; None when it never did."""
        select = "SELECT state, attempts, engine, failure FROM ended WHERE notebook = ? AND task = ?"
        for state, attempts, engine, failure in self._rows(select, notebook, task):
            return Ended(
                RunState(state), attempts, engine, None if failure is None else failure_of(json.loads(failure))
            )
        return None

    def close(self) -> None:
        """Close the database. Idempotent."""
        with self._lock:
            self._connection.close()

    def _records(self, where: str, *arguments: str) -> list[Record]:
        return [from_row(row) for row in self._rows(f"SELECT {_COLUMNS} {where}", *arguments)]

    def _rows(self, select: str, *arguments: str) -> list[Row]:
        texts = [text(each) for each in arguments]
        return self._attempt(lambda connection: connection.execute(select, texts).fetchall())

    def _change(self, action: Callable[[sqlite3.Connection], object]) -> None:
        self._attempt(lambda connection: _transaction(connection, action))

    def _attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            try:
                return action(self._connection)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise StoreError(_explained(self.path, error)) from error
                self._connection.close()
                self._connection = self._begun_anew(error)
            return action(self._connection)

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StoreError(_explained(self.path, error)) from error
            return self._begun_anew(error)

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._inode = os.stat(self.path).st_ino
            _prepare(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begun_anew(self, error: sqlite3.DatabaseError) -> sqlite3.Connection:
        """Move the damaged database aside, unless another kernel has just done so."""
        try:
            if os.stat(self.path).st_ino == self._inode:
                aside = _moved_aside(self.path)
                self._notice = (
                    f"the database {self.path} was damaged ({error}); it is now {aside}, and a new one was begun: "
                    "tasks run once more before their results are reused"
                )
            return self._connected()
        except (OSError, sqlite3.DatabaseError) as again:
            raise StoreError(f"the database {self.path} is damaged and can't be moved aside: {again}") from again


def _set_last(connection: sqlite3.Connection, notebook: str, task: str, record: int | None) -> None:
    connection.execute("REPLACE INTO last VALUES (?, ?, ?)", (text(notebook), text(task), record))


def _transaction(connection: sqlite3.Connection, action: Callable[[sqlite3.Connection], object]) -> None:
    # IMMEDIATE: a transaction that reads first and then wants to write can't wait for another one.
    connection.execute("BEGIN IMMEDIATE")
    try:
        action(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if not _is_ours(connection, path):
        _transaction(connection, lambda each: _create(each, path))
    _set_journal(connection, path)
    connection.execute("PRAGMA synchronous = NORMAL")


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the tables are there; not, if the database is empty."""
    # One statement, one snapshot: another process may be making the tables right now.
    application, version, tables = connection.execute(_MARKS).fetchone()
    if application != _APPLICATION and (application or version or tables):
        raise StoreError(f"{path} is a database of another program; move it elsewhere, and Phelps will make its own")
    if version > _FORMAT:
        raise StoreError(
            f"{path} was written by a newer Phelps (format {version}, this one knows {_FORMAT}): update with "
            "`pip install -U phelps_jupyter`, or move the file elsewhere to begin anew"
        )
    return bool(application)


def _create(connection: sqlite3.Connection, path: str) -> None:
    if _is_ours(connection, path):
        # Another process was faster.
        return
    for statement in _TABLES:
        connection.execute(statement)


def _set_journal(connection: sqlite3.Connection, path: str) -> None:
    wanted = "truncate" if _on_network(path) else "wal"
    deadline = time.monotonic() + _PATIENCE
    mode = ""
    while not mode:
        try:
            (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
        except sqlite3.OperationalError as error:
            # To change the journal SQLite wants the file for itself, and doesn't always wait for it.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != wanted:
        connection.execute("PRAGMA journal_mode = TRUNCATE")


def _on_network(path: str) -> bool:
    """By the table of mounts; where there is none (macOS), SQLite's own judgement has to do."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
            mounts = [[field.replace("\\040", " ") for field in line.split()] for line in file]
    except OSError:
        return False
    place = os.path.realpath(path)
    around = [(len(mount[1]), mount[2]) for mount in mounts if place.startswith(mount[1].rstrip("/") + "/")]
    return max(around, default=(0, ""))[1].startswith(_NETWORK)


def _moved_aside(path: str) -> str:
    names = (f"{path}.damaged-{number}" for number in count(1))
    aside = next(name for name in names if not os.path.exists(name))
    os.rename(path, aside)
    for suffix in ("-wal", "-shm", "-journal"):
        if os.path.exists(path + suffix):
            os.rename(path + suffix, aside + suffix)
    return aside


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # Errors of the Python module itself (a closed connection) have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explained(path: str, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    advice = {
        sqlite3.SQLITE_FULL: "the disk is full: free some space",
        sqlite3.SQLITE_BUSY: "another process has held it for too long: close other kernels of this notebook's folder",
        sqlite3.SQLITE_READONLY: "it is read-only: correct the permissions of the file and its folder",
        sqlite3.SQLITE_CANTOPEN: "look at the folder's permissions, and whether it still exists",
        sqlite3.SQLITE_IOERR: "the disk failed: look at the disk, or at the connection to it",
    }.get(code, "close what uses it, and start the kernel anew")
    return f"the database {path} can't be used ({error}); {advice}"
