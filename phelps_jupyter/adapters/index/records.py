"""Records by key, and the history of runs, in an SQLite database. Knows tables and transactions, and no value.

Several threads may use one `SqliteIndex`, several processes one file. Engines never write here: objects come first,
rows second, so that a crash leaves an object without a row, and never a row without its objects.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple

from phelps_jupyter.adapters.index import claims, holds
from phelps_jupyter.adapters.index.database import Database
from phelps_jupyter.adapters.index.rows import (
    Known,
    Row,
    code_of,
    conditions_as_lists,
    conditions_of,
    failure_of,
    from_row,
    parts_and_seen,
    string,
    text,
    to_row,
)
from phelps_jupyter.adapters.index.tables import COLUMNS, LAST_COLUMNS
from phelps_jupyter.core.graph import Learned
from phelps_jupyter.core.holds import Hold, HoldKind
from phelps_jupyter.core.model import Digest, Ended, Key, Part, Record, RunState, TaskName, Usage
from phelps_jupyter.ports import Stamp

_CANDIDATES = 50
"""Records of one key that are looked at: they differ in the files that their bodies saw."""


class SqliteIndex:
    """The database at ``path``, made when it isn't there. Errors of all methods: StoreError."""

    def __init__(self, path: str) -> None:
        self._database = Database(path)

    @property
    def path(self) -> str:
        """The file."""
        return self._database.path

    @property
    def notice(self) -> str:
        """What the user should be told: the database was damaged or too old, and a new one begun. Empty: nothing."""
        return self._database.notice

    def find(self, key: Key, seed: str) -> Sequence[Record]:
        """The reusable records of this key that hang on no seed, or on this one, newest first."""
        where = f"FROM records WHERE key = ? AND reusable = 1 AND seed IN ('', ?) ORDER BY id DESC LIMIT {_CANDIDATES}"
        return self._records(where, key, seed)

    def last(self, notebook: str, task: TaskName) -> Record | None:
        """The last record that this task of this notebook made or reused, as it was then."""
        select = f"SELECT {LAST_COLUMNS} FROM last JOIN records ON records.id = last.record"
        rows = self._rows(f"{select} WHERE last.notebook = ? AND last.task = ?", notebook, task)
        return from_row(rows[0]) if rows else None

    def lasts(self, notebook: str) -> Mapping[TaskName, Record]:
        """What ``last`` tells, for all tasks of a notebook that have such a record."""
        select = f"SELECT last.task, {LAST_COLUMNS} FROM last JOIN records ON records.id = last.record"
        rows = self._rows(f"{select} WHERE last.notebook = ?", notebook)
        known: Known = {}
        return {TaskName(string(task)): from_row(tuple(row), known) for task, *row in rows}

    def standing(self, notebook: str) -> tuple[Row, ...]:
        """What tells the last reusable records of a notebook's tasks from any others: task and number come first."""
        select = "SELECT last.task, last.record, key, at FROM last JOIN records ON records.id = last.record"
        return tuple(self._rows(f"{select} WHERE last.notebook = ? AND reusable = 1", notebook))

    def history(self, notebook: str, task: TaskName | None = None) -> Sequence[Record]:
        """Records of a notebook, newest first."""
        if task is None:
            return self._records("FROM records WHERE notebook = ? ORDER BY id DESC", notebook)
        return self._records("FROM records WHERE notebook = ? AND task = ? ORDER BY id DESC", notebook, task)

    def alike(self, codes: Iterable[Digest], most: int) -> Mapping[Digest, Sequence[Record]]:
        """The newest reusable records of tasks with these codes, in any notebook and by any name, newest first."""
        place = "row_number() OVER (PARTITION BY code ORDER BY id DESC) AS place"
        wanted = "reusable = 1 AND code IN (SELECT value FROM json_each(?))"
        newest = f"(SELECT *, {place} FROM records WHERE {wanted}) AS records WHERE place <= {most}"
        found: dict[Digest, list[Record]] = {}
        known: Known = {}
        for code, *row in self._rows(f"SELECT code, {COLUMNS} FROM {newest} ORDER BY id DESC", json.dumps([*codes])):
            found.setdefault(Digest(code), []).append(from_row(tuple(row), known))
        return found

    def add(self, record: Record) -> None:
        """Store a record, in one transaction, and make it the task's last."""
        row, names = (*to_row(record), code_of(record)), (text(record.notebook), text(record.task))

        def insert(connection: sqlite3.Connection) -> None:
            made = connection.execute(f"INSERT INTO records VALUES (NULL{', ?' * len(row)})", row)
            connection.execute("REPLACE INTO last VALUES (?, ?, ?, NULL, NULL)", (*names, made.lastrowid))
            # What was accepted is an older result; the task stands on this one.
            holds.end(connection, record.notebook, record.task, HoldKind.ACCEPT)

        self._database.change(insert)

    def use(self, notebook: str, task: TaskName, record: Record) -> None:
        """Note that the task now stands on this record (it was reused), its parts coming from where they do here."""
        parts, seen = parts_and_seen(record)
        row = text(notebook), text(task), parts, seen, record.number
        # Most are as they were made: that need not be kept twice.
        select = "SELECT ?, ?, id, nullif(?, parts), nullif(?, seen) FROM records WHERE id = ?"
        self._database.attempt(lambda connection: connection.execute(f"REPLACE INTO last {select}", row))

    def forget(self, notebook: str, task: TaskName) -> None:
        """Never reuse what this task of this notebook made, and let it be as if it had never run. History stays."""
        names = text(notebook), text(task)

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE records SET reusable = 0 WHERE notebook = ? AND task = ?", names)
            connection.execute("DELETE FROM last WHERE notebook = ? AND task = ?", names)
            connection.execute("DELETE FROM ended WHERE notebook = ? AND task = ?", names)
            holds.end(connection, notebook, task, *HoldKind)

        self._database.change(remove)

    def usages(self, notebook: str) -> dict[TaskName, Usage]:
        """What each task's last record took."""
        select = "SELECT last.task, usage FROM last JOIN records ON records.id = last.record WHERE last.notebook = ?"
        rows = self._rows(select, notebook)
        return {TaskName(string(task)): Usage(*json.loads(usage)) for task, usage in rows}

    def remember_learned(self, code: Digest, learned: Learned) -> None:
        """Note what runs of this code have shown."""
        row = (text(code), *(json.dumps(sorted(names)) for names in astuple(learned)))
        self._database.attempt(
            lambda connection: connection.execute(f"REPLACE INTO learned VALUES ({', '.join('?' * len(row))})", row)
        )

    def learned(self) -> dict[Digest, Learned]:
        """What was noted of each code, the latest."""
        rows = self._rows("SELECT * FROM learned")
        return {Digest(code): Learned(*(frozenset(json.loads(names)) for names in rest)) for code, *rest in rows}

    def remember_cell_sights(self, lineage: Digest, sets: Sequence[Sequence[Part]]) -> None:
        """Note what plain cells of this lineage were seen to use: one set of conditions for each time, latest first."""
        told = json.dumps([conditions_as_lists(conditions) for conditions in sets])
        self._database.attempt(
            lambda connection: connection.execute("REPLACE INTO cell_sights VALUES (?, ?)", (lineage, told))
        )

    def cell_sights(self) -> Mapping[Digest, Sequence[tuple[Part, ...]]]:
        """What was noted of plain cells, by lineage."""
        rows = self._rows("SELECT * FROM cell_sights")
        return {Digest(lineage): tuple(map(conditions_of, json.loads(told))) for lineage, told in rows}

    def stamps(self) -> Mapping[str, tuple[Stamp, Digest]]:
        """Digests of files by path, each with the stamp that the file had."""
        rows = self._rows("SELECT path, size, mtime, ctime, inode, digest FROM stamps")
        return {string(path): ((size, *times, inode), Digest(digest)) for path, size, *times, inode, digest in rows}

    def remember_stamps(self, stamps: Mapping[str, tuple[Stamp, Digest]]) -> None:
        """Note digests of files."""
        rows = [(text(path), *stamp, digest) for path, (stamp, digest) in stamps.items()]
        self._database.change(
            lambda connection: connection.executemany("REPLACE INTO stamps VALUES (?, ?, ?, ?, ?, ?)", rows)
        )

    def remember_memory(self, code: Digest, nbytes: int) -> None:
        """Note the bytes that a task with this code, having run out of memory, was found to need."""
        self._database.attempt(
            lambda connection: connection.execute("REPLACE INTO memory VALUES (?, ?)", (code, nbytes))
        )

    def memory(self, code: Digest) -> int | None:
        """Bytes that this code was found to need; None when it never ran out of memory."""
        rows = self._rows("SELECT nbytes FROM memory WHERE code = ?", code)
        return int(rows[0][0]) if rows else None

    def note_end(self, notebook: str, task: TaskName, ended: Ended) -> None:
        """Note how the task's last run ended."""
        failure = None if ended.failure is None else json.dumps(astuple(ended.failure))
        row = text(notebook), text(task), ended.state.value, ended.attempts, ended.engine, failure
        self._database.attempt(
            lambda connection: connection.execute("REPLACE INTO ended VALUES (?, ?, ?, ?, ?, ?)", row)
        )

    def ended(self, notebook: str, task: TaskName) -> Ended | None:
        """How the task's last run ended; None when it never did."""
        select = "SELECT state, attempts, engine, failure FROM ended WHERE notebook = ? AND task = ?"
        for state, attempts, engine, failure in self._rows(select, notebook, task):
            return Ended(
                RunState(state), attempts, engine, None if failure is None else failure_of(json.loads(failure))
            )
        return None

    def hold(self, notebook: str, task: TaskName, hold: Hold) -> None:
        """Note that a result of the task was accepted or frozen."""
        self._database.change(lambda connection: holds.put(connection, notebook, task, hold))

    def unhold(self, notebook: str, task: TaskName, kind: HoldKind) -> bool:
        """The task's result is no longer held in this way. Returns whether it was."""
        return self._database.change(lambda connection: holds.end(connection, notebook, task, kind))

    def holds(self, notebook: str) -> Mapping[TaskName, Sequence[Hold]]:
        """What was accepted and frozen of a notebook."""
        found: dict[TaskName, list[Hold]] = {}
        for task, *row in self._rows("SELECT task, kind, record, at, told FROM holds WHERE notebook = ?", notebook):
            found.setdefault(TaskName(string(task)), []).append(holds.from_row(*row))
        return found

    def record(self, number: int) -> Record | None:
        """The record of this number."""
        return next(iter(self._records("FROM records WHERE id = ?", str(number))), None)

    def named(self, digests: Iterable[Digest], notebook: str, tasks: Iterable[TaskName]) -> frozenset[Digest]:
        """Of these digests, the outputs in records of these tasks of this notebook, or of other notebooks."""
        named = (
            "SELECT DISTINCT json_extract(output.value, '$[1]') AS digest FROM records, json_each(outputs) AS output"
        )
        listed = "IN (SELECT value FROM json_each(?))"
        select = f"{named} WHERE digest {listed} AND (notebook <> ? OR task {listed})"
        rows = self._rows(select, json.dumps([*digests]), notebook, json.dumps([*tasks]))
        return frozenset(Digest(digest) for (digest,) in rows)

    def claim(self, key: Key, owner: str, at: float) -> str:
        """Claim a key, unless another owner has and has renewed it lately. Returns who has it now."""
        return self._database.change(lambda connection: claims.take(connection, key, owner, at))

    def beat(self, owner: str, at: float) -> None:
        """Renew what this owner has claimed."""
        self._database.change(lambda connection: claims.renew(connection, owner, at))

    def release(self, keys: Iterable[Key], owner: str) -> None:
        """Give back those of these keys that are still this owner's."""
        self._database.change(lambda connection: claims.release(connection, keys, owner))

    def close(self) -> None:
        """Close the database. Idempotent."""
        self._database.close()

    def _records(self, where: str, *arguments: str) -> list[Record]:
        return [from_row(row) for row in self._rows(f"SELECT {COLUMNS} {where}", *arguments)]

    def _rows(self, select: str, *arguments: str) -> list[Row]:
        texts = [text(each) for each in arguments]
        return self._database.attempt(lambda connection: connection.execute(select, texts).fetchall())
