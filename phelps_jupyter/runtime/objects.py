"""Where objects lie, how their files begin, and whether one is there in full length. Reads no content.

To look whether a result is at hand takes this file alone; to load it, `values`.
"""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from typing import NamedTuple

TEMPORARY = ".new-"
"""Beginning of the name of a file that is still being written."""

_FORMAT = 1
PICKLE = b"phelpsP" + bytes([_FORMAT])
PLAIN = b"phelpsB" + bytes([_FORMAT])
HEAD = struct.Struct("<8sQBBxxIQ")


class Unreadable(Exception):
    """An object needs something that is not here: a module, another Python."""


class Damaged(Unreadable):
    """A file is not what was written under its name."""


class Head(NamedTuple):
    magic: bytes
    length: int
    major: int
    minor: int
    buffers: int
    stream: int
    """Bytes of the pickle."""


def make_folder(store: str) -> None:
    """Make a store's folder where it isn't there: for its owner alone, and ignored by git."""
    os.makedirs(store, mode=0o700, exist_ok=True)
    os.makedirs(f"{store}/objects", mode=0o700, exist_ok=True)
    with suppress(FileExistsError), open(f"{store}/.gitignore", "x", encoding="ascii") as file:
        file.write("*\n")


def stored_size(digest: str, store: str) -> int:
    """Bytes of an object that is there in full length and can be read by this Python; 0 when there is none."""
    try:
        with open(object_path(digest, store), "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(HEAD.size)
    except FileNotFoundError:
        return 0
    return 0 if fault_of(head, size) else size


def read_bytes(digest: str, store: str) -> bytes:
    """The bytes. Errors: FileNotFoundError, `Unreadable`."""
    with open(object_path(digest, store), "rb", buffering=0) as file:
        data = file.read()
    checked_head(memoryview(data), PLAIN)
    return data[HEAD.size :]


def object_path(digest: str, store: str) -> str:
    """Where an object lies."""
    return f"{store}/objects/{digest[:2]}/{digest}"


def checked_head(view: memoryview, magic: bytes) -> Head:
    problem = fault_of(view[: HEAD.size], len(view))
    if problem is not None:
        raise problem
    head = Head(*HEAD.unpack_from(view))
    if head.magic != magic:
        raise Damaged("it is of another kind than expected")
    return head


def fault_of(start: bytes | memoryview, length: int) -> Unreadable | None:
    """What is wrong with a file that starts like this and is this long."""
    if len(start) < HEAD.size:
        return Damaged(f"it is damaged: {length:,} bytes long, too short for its head")
    head = Head(*HEAD.unpack(start))
    if head.magic not in (PICKLE, PLAIN):
        return Damaged("it is damaged, or written by another version of Phelps")
    if head.length != length:
        return Damaged(f"it is damaged: {length:,} bytes long instead of {head.length:,}")
    if head.magic == PICKLE and (head.major, head.minor) != sys.version_info[:2]:
        here = "{}.{}".format(*sys.version_info)
        return Unreadable(f"it was written by Python {head.major}.{head.minor}, and this is Python {here}")
    return None
