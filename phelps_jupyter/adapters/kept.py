"""Files beside the index that keep what one look at a notebook found out for the next. Can be deleted any time.

Written with marshal: it is several times faster than JSON, knows frozen sets, and other than a pickle it runs no code.
A damaged file could still upset it, so a file counts only with its checksum, as ours, and as nobody else's to write.
"""

from __future__ import annotations

import marshal
import os
import secrets
import stat
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import xxhash

Plain = tuple[Any, ...]

_SUM = 16
"""Bytes of the checksum at the file's beginning."""


class KeptFile:
    """A file about one notebook in a store's folder. No method raises: what can't be read is as good as not there."""

    def __init__(self, folder: str, notebook: str, kind: str) -> None:
        self._path = os.path.join(folder, f"{kind}-{xxhash.xxh3_64_hexdigest(os.fsencode(notebook))}")

    def read(self) -> Plain | None:
        """What this version of Phelps, under this Python, has kept."""
        try:
            with open(self._path, "rb") as file:
                data = file.read() if _is_ours(os.fstat(file.fileno())) else b""
        except OSError:
            return None
        content = memoryview(data)[_SUM:]
        if data[:_SUM] != xxhash.xxh3_128_digest(content):
            return None
        by, plain = marshal.loads(content)
        return tuple(plain) if by == _maker() else None

    def write(self, plain: Plain) -> None:
        """Keep this instead; nothing where it can't be written."""
        content = marshal.dumps((_maker(), plain))
        temporary = f"{self._path}.{os.getpid()}-{secrets.token_hex(4)}"
        with suppress(OSError):
            try:
                with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(xxhash.xxh3_128_digest(content) + content)
                os.rename(temporary, self._path)
            except OSError:
                os.unlink(temporary)


def _is_ours(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@lru_cache(maxsize=1)
def _maker() -> str:
    """Who analyses: what is kept by other code, or under another Python, may say something else."""
    package = Path(__file__).parents[1]
    seen = tuple(sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in package.rglob("*.py")))
    return repr((sys.version, marshal.version, seen))
