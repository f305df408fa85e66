"""One object on its way into a store: its bytes come in order, and it gets its name when all of them are right.

What has come so far stays, and the next one goes on from there. One process at a time brings an object; the others wait
for it, and find it there.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

import xxhash

from phelps_jupyter.runtime.objects import TEMPORARY, object_path, stored_size

PORTION = 1 << 20
_NAME = re.compile(r"\w[\w-]{7,}")


class Wrong(Exception):
    """What came is not what was promised. Nothing of it is left."""


class Unwritten(Exception):
    """It can't be written here, wherever it comes from."""


class Arrival:
    """Errors: ValueError, where ``digest`` can't be a digest; Unwritten."""

    def __init__(self, digest: str, store: str) -> None:
        if not _NAME.fullmatch(digest):
            raise ValueError(f"{digest!r} is no digest")
        self._digest = digest
        self._store = store
        self._lock: IO[bytes] | None = None
        self._part: IO[bytes] | None = None
        self._sum = ""
        self._summed = xxhash.xxh3_128()

    def __enter__(self) -> Self:
        path = self._path("lock")
        while True:
            lock = open(path, "ab")
            fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.fstat(lock.fileno()).st_ino == os.stat(path).st_ino:
                    self._lock = lock
                    return self
            # Whoever had it has removed it: another file is the lock now.
            lock.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None
        self._close()
        with suppress(FileNotFoundError):
            os.unlink(self._path("lock"))
        self._lock.close()

    @property
    def size(self) -> int:
        """Bytes of the object, if it is there by now; else 0."""
        return stored_size(self._digest, self._store)

    def begin(self, summed: str) -> int:
        """Make ready for a file with this sum of its bytes; how many of them are there already."""
        self._close()
        self._sum = summed
        self._summed = xxhash.xxh3_128()
        part = self._part = open(self._path(f"{summed}.part"), "a+b", buffering=0)  # noqa: SIM115  # more is to come
        part.seek(0)
        while data := part.read(PORTION):
            self._summed.update(data)
        return part.tell()

    def write(self, data: memoryview) -> None:
        """The next bytes."""
        assert self._part is not None
        self._summed.update(data)
        try:
            while data:
                data = data[self._part.write(data) :]
        except OSError as error:
            raise Unwritten(f"there is no place for it in {self._store}: {error.strerror}") from error

    def finish(self, length: int) -> int:
        """All has come: it gets its name, and is told its size. Errors: Wrong."""
        assert self._part is not None
        came, digest = self._part.tell(), self._summed.hexdigest()
        if came != length or digest != self._sum:
            self.discard()
            told = f"{came:,} bytes with sum {digest} came instead of {length:,} with sum {self._sum}"
            raise Wrong(f"the copy of {self._digest} is not what was promised: {told}")
        os.fchmod(self._part.fileno(), 0o444)
        target = object_path(self._digest, self._store)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        os.rename(self._path(f"{self._sum}.part"), target)
        self._close()
        if not self.size:
            os.unlink(target)
            raise Wrong(f"the copy of {self._digest} is no object that can be read here")
        return length

    def discard(self) -> None:
        """Throw away what has come."""
        self._close()
        with suppress(FileNotFoundError):
            os.unlink(self._path(f"{self._sum}.part"))

    def _close(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None

    def _path(self, ending: str) -> str:
        return f"{self._store}/objects/{TEMPORARY}{self._digest}.{ending}"


def sum_of(path: str) -> str:
    """Of a file's bytes. Errors: OSError."""
    summed = xxhash.xxh3_128()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(PORTION):
            summed.update(data)
    return summed.hexdigest()
