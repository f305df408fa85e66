"""Claims to keys, as rows of the index: who makes the result of a key now. Knows no process, and not who lives.

Owners are texts of the callers' own making. Whoever lives renews its claims; one that was not renewed for a while is
as good as none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

LAPSE = 30.0
"""Seconds after which a claim that was not renewed counts no more."""

_LAPSED = f"abs(beat - ?) > {LAPSE}"
"""By both sides: hosts' clocks differ, and a claim whose beat lies ahead must not stand until that time has come."""


def take(connection: sqlite3.Connection, key: str, owner: str, at: float) -> str:
    """Claim the key where nobody has; its owner from now on."""
    mine = f"DO UPDATE SET owner = excluded.owner, beat = excluded.beat WHERE owner = excluded.owner OR {_LAPSED}"
    done = connection.execute(f"INSERT INTO claims VALUES (?, ?, ?) ON CONFLICT (key) {mine}", (key, owner, at, at))
    if done.rowcount == 1:
        return owner
    (found,) = connection.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()
    return str(found)


def renew(connection: sqlite3.Connection, owner: str, at: float) -> None:
    """The owner lives. Claims that it has lost meanwhile stay lost; what others left for good is swept away."""
    connection.execute("UPDATE claims SET beat = ? WHERE owner = ?", (at, owner))
    connection.execute(f"DELETE FROM claims WHERE {_LAPSED}", (at,))


def release(connection: sqlite3.Connection, keys: Iterable[str], owner: str) -> None:
    """Give back those of these keys that are still the owner's."""
    connection.executemany("DELETE FROM claims WHERE key = ? AND owner = ?", [(key, owner) for key in keys])
