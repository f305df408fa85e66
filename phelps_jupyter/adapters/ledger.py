"""Which kernels of this user hold how many cpus of this machine: a file that they share, one at a time."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from phelps_jupyter.core.shares import Stake, allowance
from phelps_jupyter.errors import StoreError
from phelps_jupyter.runtime.shipment import private_folder

SILENCE = 10.0
"""Seconds after which who has not renewed its entry is taken to be gone."""
ENTRY = ("came", "seen", *Stake._fields)
"""What each kernel's entry has: numbers. Of another one's, as another version might write them, nothing is known."""


class Ledger:
    """Our entry among those of others. ``folder``: private to the user; it belongs to one machine. None: the runtime
    folder of this session of the user's, or a private one for temporary files."""

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._name = secrets.token_hex(8)

    def share(self, total: int, stake: Stake) -> int:
        """Note our stake in the ``total`` cpus; how many we may hold. Errors: StoreError."""
        answer: int = self._change(lambda entries: self._share(entries, total, stake))
        return answer

    def leave(self) -> None:
        """We hold nothing, and want nothing. Errors: StoreError."""
        self._change(lambda entries: entries.pop(self._name, None))

    def _share(self, entries: dict[str, Any], total: int, stake: Stake) -> int:
        now = time.monotonic()
        entry = entries[self._name] = {"came": entries.get(self._name, {}).get("came", now), "seen": now}
        entry |= stake._asdict()
        names = sorted(entries, key=lambda name: (entries[name]["came"], name))
        stakes = [Stake(**{field: entries[name].get(field, 0) for field in Stake._fields}) for name in names]
        allowed = allowance(total, stakes, names.index(self._name))
        # What begins from now on needs not be told before it counts; what does not is given back with the next look.
        wish = stake.held + max(stake.wanted, stake.wide)
        held = max(stake.held, min(allowed, wish))
        wide = stake.wide if held < stake.held + stake.wide else 0
        entry |= Stake(held, max(0, wish - held), wide, stake.since)._asdict()
        return allowed

    def _change(self, act: Callable[[dict[str, Any]], Any]) -> Any:
        try:
            path = Path(self._folder or _runtime_folder(), "phelps-ledger.json")
            with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
                # Released when it is closed, also by a process that dies.
                fcntl.flock(file, fcntl.LOCK_EX)
                entries = _living(_read(file))
                answer = act(entries)
                _write(file, json.dumps(entries))
                return answer
        except OSError as error:
            raise StoreError(f"cpus can't be shared with other kernels: {error}") from None


def _runtime_folder() -> str:
    """A container may name one that is not there, ``sudo -E`` one that is another user's."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named and os.path.isdir(named) and os.stat(named).st_uid == os.getuid() and os.access(named, os.W_OK | os.X_OK):
        return named
    return private_folder()


def _read(file: IO[str]) -> Mapping[str, Any]:
    """The entries that can be read. Of a new file, or one whose writer was killed, none: whoever lives writes again."""
    try:
        entries = json.load(file)
    except ValueError:
        return {}
    if not isinstance(entries, dict):
        return {}
    return {name: entry for name, entry in entries.items() if _is_entry(entry)}


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(part), int | float) for part in ENTRY)


def _write(file: IO[str], text: str) -> None:
    # A file that is made empty first is brought to the disk at once by some file systems, which takes milliseconds.
    file.seek(0)
    file.write(text)
    file.truncate()


def _living(entries: Mapping[str, Any]) -> dict[str, Any]:
    # The clock is one for all processes of the machine, and begins anew when it is booted.
    now = time.monotonic()
    return {name: entry for name, entry in entries.items() if 0 <= now - entry["seen"] < SILENCE}
