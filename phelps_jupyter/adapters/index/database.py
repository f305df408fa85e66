"""An SQLite database that several threads and processes share: opened, prepared, locked, and begun anew if damaged.

Knows transactions, journals and what can go wrong with a file; no table's meaning.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from phelps_jupyter.adapters.index.tables import FORMAT, TABLES
from phelps_jupyter.errors import StoreError

_APPLICATION = 0x7068656C
_PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph", "gluster", "fuse.")
"""Beginnings of types of file systems that hosts share: they have no memory in common, which WAL needs."""

_MARKS = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
    FROM pragma_application_id, pragma_user_version"""

_T = TypeVar("_T")


class _OutdatedError(sqlite3.DatabaseError):
    """The database is of an older format: as good as damaged."""


class Database:
    """The database at ``path``, made when it isn't there. Errors of all methods: StoreError."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.notice = ""
        """What the user should be told: the database was damaged and a new one begun. Empty: nothing."""
        self._lock = threading.RLock()
        self._inode = 0
        self._connection = self._opened()

    def close(self) -> None:
        """Close the database. Idempotent."""
        with self._lock:
            self._connection.close()

    def change(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do this in one transaction. A single statement is one by itself: for that, ``attempt`` takes a third of the
        time."""
        return self.attempt(lambda connection: transaction(connection, action))

    def attempt(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do this; once more with a new database when this one is found damaged."""
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
        """Move the damaged or outdated database aside, unless another kernel has just done so."""
        try:
            if os.stat(self.path).st_ino == self._inode:
                aside = _moved_aside(self.path)
                self.notice = (
                    f"the database {self.path} can't be used ({error}); it is now {aside}, and a new one was begun: "
                    "tasks run once more before their results are reused"
                )
            return self._connected()
        except (OSError, sqlite3.DatabaseError) as again:
            raise StoreError(f"the database {self.path} can't be used and can't be moved aside: {again}") from again


def transaction(connection: sqlite3.Connection, action: Callable[[sqlite3.Connection], _T]) -> _T:
    """Commit what ``action`` does, or nothing of it."""
    # IMMEDIATE: a transaction that reads first and then wants to write can't wait for another one.
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = action(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return done


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    if not _is_ours(connection, path):
        transaction(connection, lambda each: _create(each, path))
    _set_journal(connection, path)
    connection.execute("PRAGMA synchronous = NORMAL")


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the tables are there; not, if the database is empty."""
    # One statement, one snapshot: another process may be making the tables right now.
    application, version, tables = connection.execute(_MARKS).fetchone()
    if application != _APPLICATION and (application or version or tables):
        raise StoreError(f"{path} is a database of another program; move it elsewhere, and Phelps will make its own")
    if version > FORMAT:
        raise StoreError(
            f"{path} was written by a newer Phelps (format {version}, this one knows {FORMAT}): update with "
            "`pip install -U phelps_jupyter`, or move the file elsewhere to begin anew"
        )
    if application and version < FORMAT:
        raise _OutdatedError(f"written by an older Phelps, in format {version}; this one's is {FORMAT}")
    return bool(application)


def _create(connection: sqlite3.Connection, path: str) -> None:
    if _is_ours(connection, path):
        # Another process was faster.
        return
    for statement in (*TABLES, f"PRAGMA application_id = {_APPLICATION}", f"PRAGMA user_version = {FORMAT}"):
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
    return isinstance(error, _OutdatedError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


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
