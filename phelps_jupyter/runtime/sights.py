"""What a path of the file system holds at this moment, as a digest. Looks; remembers nothing, and knows no body."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Iterator
from typing import Literal

import xxhash

TOOL_FOLDERS = frozenset({".phelps", ".git", "__pycache__", ".ipynb_checkpoints"})
"""Folders that tools keep beside the user's files: they change by themselves, and no body means them."""
YOUNG = 2_000_000_000
"""Nanoseconds. Clocks of file systems are coarse: a younger file may be changed again without a change of its times."""

MOST_BELOW = 10_000
"""Files below one folder that are looked at."""

Kind = Literal["file", "folder", "path"]
Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode."""

_PORTION = 1 << 20
_stat = os.stat
"""In a body's process the name in ``os`` may stand for a call that is watched."""


def watched_digest(kind: Kind, path: str, without: frozenset[str] = frozenset()) -> str:
    """The digest of what a path holds now.

    ``file``: of its content, as ``digest_bytes`` has it; empty where there is no regular file that can be read.
    ``folder``: of the names in it, without those of tools and those in ``without`` (see `own_names`); empty where there
    is none. ``path``: of one of the words ``file``, ``folder`` and ``absent``.
    """
    match kind:
        case "file":
            return file_digest(path)
        case "folder":
            names = listed(path)
            return "" if names is None else names_digest(names, without)
        case "path":
            return word_digest(standing(path))


def stamp(path: str) -> Stamp | None:
    """What tells a regular file from its later self; None where that can't be relied on: no file, or a young one."""
    found = stamp_now(path)
    # A time in the future tells nothing about the next change either.
    return None if found is None or max(found[1:3]) > time.time_ns() - YOUNG else found


def stamp_now(path: str) -> Stamp | None:
    """The stamp of a regular file, however young."""
    try:
        found = _stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def file_digest(path: str) -> str:
    """Digest of a file's content. Read, not mapped: who reads a map of a file that another one cuts is killed."""
    if stamp_now(path) is None:
        return ""
    whole = xxhash.xxh3_128()
    try:
        with open(path, "rb", buffering=0) as file:
            while portion := file.read(_PORTION):
                whole.update(portion)
    except OSError:
        return ""
    return str(whole.hexdigest())


def listed(path: str) -> tuple[str, ...] | None:
    """The names in a folder, sorted, without those of tools; None where there is none that can be listed."""
    try:
        return tuple(sorted(name for name in os.listdir(path) if name not in TOOL_FOLDERS))
    except (OSError, ValueError):
        return None


def names_digest(names: Iterable[str], without: frozenset[str] = frozenset()) -> str:
    """The digest of a folder with these names."""
    return xxhash.xxh3_128_hexdigest(b"\0".join(os.fsencode(name) for name in sorted(names) if name not in without))


def files_below(folder: str) -> Iterator[str]:
    """The files in a folder and in those below, up to a bound."""
    left = MOST_BELOW
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(folders)[:left]
        found = sorted(files)[:left]
        left -= len(found)
        yield from (os.path.join(place, file) for file in found)


def own_names(folder: str, wrote: Iterable[str]) -> frozenset[str]:
    """What a listing of ``folder`` shows of the files that a body ``wrote`` itself: all named as sightings are.

    A body's own outputs are no condition of its result: both who records a listing and who looks again leave them out.
    Where it wrote into a folder below, that folder is left out.
    """
    if folder == ".":
        return frozenset(name.partition("/")[0] for name in wrote if not name.startswith(("/", "../")))
    start = folder.rstrip("/") + "/"
    return frozenset(name[len(start) :].partition("/")[0] for name in wrote if name.startswith(start))


def standing(path: str) -> str:
    """``file`` (of any kind), ``folder`` or ``absent``."""
    try:
        found = _stat(path)
    except (OSError, ValueError):
        return "absent"
    return "folder" if stat.S_ISDIR(found.st_mode) else "file"


def word_digest(word: str) -> str:
    """The digest of a path that is a ``file``, a ``folder`` or ``absent``."""
    return xxhash.xxh3_128_hexdigest(word.encode())
