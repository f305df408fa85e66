"""Which of the files that a body left are kept in the store, so that they can be brought back.

Knows ``--writes`` and sizes; refuses to know how it became known what was written.
"""

from __future__ import annotations

import glob
import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.harvest import UnmetError
from phelps_jupyter.runtime.orders import Order, Sighting
from phelps_jupyter.runtime.sights import TOOL_FOLDERS, stamp_now

LARGEST = 64 << 20
TOGETHER = 256 << 20
"""Bytes of files that nobody declared: who writes more of them by the way should not find the disk full of copies."""


def declared(order: Order) -> list[str]:
    """Absolute paths of all files that ``--writes`` names. Errors: `UnmetError` for a pattern that names none."""
    found: set[str] = set()
    for pattern in order.writes:
        matched = set(_matched(pattern, order.folder))
        if not matched:
            raise UnmetError(f"--writes {pattern}: the body ended without making it")
        found |= matched
    return sorted(found)


def _matched(pattern: str, folder: str) -> Iterator[str]:
    for match in glob.iglob(pattern, root_dir=folder, recursive=True):
        path = os.path.normpath(os.path.join(folder, match))
        yield from _below(path) if os.path.isdir(path) else filter(os.path.isfile, [path])


def _below(folder: str) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in TOOL_FOLDERS]
        yield from filter(os.path.isfile, (os.path.join(place, name) for name in files))


def keep(files: Iterable[tuple[str, Sighting]], store: str) -> Iterator[str]:
    """Put declared files into the store; their names. Errors: `UnmetError`."""
    for path, file in files:
        try:
            if _put(path, file.digest, store):
                yield file.name
        except OSError as error:
            raise UnmetError(f"--writes {file.name}: it could not be stored: {error}") from error


def keep_small(files: Iterable[tuple[str, Sighting]], store: str) -> Iterator[str]:
    """Put as many files into the store as the bounds allow, smallest first; their names."""
    left = TOGETHER
    for size, path, file in sorted((_size(path), path, file) for path, file in files):
        if size > min(LARGEST, left):
            return
        # Nobody asked for it: a full disk takes away the copy, not the result.
        with suppress(OSError):
            if _put(path, file.digest, store):
                left -= size
                yield file.name


def _size(path: str) -> int:
    found = stamp_now(path)
    return 0 if found is None else found[0]


def _put(path: str, digest: str, store: str) -> bool:
    """Whether the content that was digested is in the store."""
    before = stamp_now(path)
    if before is None or not digest:
        return False
    with open(path, "rb", buffering=0) as file:
        content: Any = file.read() if before[0] < values.MAPPED_FROM else None
        if content is None:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                values.write_bytes(content, digest, store)
        else:
            values.write_bytes(content, digest, store)
    return stamp_now(path) == before
