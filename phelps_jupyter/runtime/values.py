"""Values as files: one format for what lies in the store and for what travels in a frame. Knows no task and no index.

A file is a head (magic, its own full length, Python's version, the size of each part), a pickle (protocol 5), and the
value's big buffers beside it, each on a 64-byte boundary, so that a reader maps them instead of copying.
"""

from __future__ import annotations

import mmap
import os
import pickle
import secrets
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from phelps_jupyter.runtime.objects import (
    HEAD,
    PICKLE,
    PLAIN,
    TEMPORARY,
    Damaged,
    Unreadable,
    checked_head,
    object_path,
    read_bytes,
    stored_size,
)
from phelps_jupyter.runtime.pickler import Pickler
from phelps_jupyter.runtime.unstorable import fault

__all__ = [
    "MAPPED_FROM",
    "Damaged",
    "Unreadable",
    "Unstorable",
    "dumps",
    "loads",
    "object_path",
    "read",
    "read_bytes",
    "stored_size",
    "write",
    "write_bytes",
]

MAPPED_FROM = 1_000_000
"""Buffers of this many bytes are mapped, smaller ones copied: Python keeps a descriptor open for each map."""

_ALIGNMENT = 64
_BUFFER = struct.Struct("<QQ")


class Unstorable(TypeError):
    """A value can't be pickled. ``path``: the way to the part at fault (``[3].handle``), empty for the value itself."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return self.told("")

    def told(self, name: str) -> str:
        """The message about the value of this name: ``rows[3].handle: _io.TextIOWrapper can't be stored``."""
        place = f"{name}{self.path}"
        return f"{place}: {self.reason}" if place else self.reason


def dumps(value: object) -> bytes:
    """A value as bytes. Errors: `Unstorable`."""
    return b"".join(_pieces(value))


def loads(data: bytes) -> object:
    """The value of `dumps`; none of its parts shares memory with ``data``. Errors: `Unreadable`."""
    return _load(memoryview(data), mapped_from=sys.maxsize)


def write(value: object, digest: str, store: str) -> int:
    """Put a value into a store under its digest, unless it is there in full length; its size in bytes.

    Errors: `Unstorable`; OSError, which leaves nothing behind.
    """
    return stored_size(digest, store) or _put(_pieces(value), digest, store)


def read(digest: str, store: str) -> object:
    """The value. Its big buffers are pages of the file, which are copied when they are written to.

    Errors: FileNotFoundError, `Unreadable`.
    """
    with open(object_path(digest, store), "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size < MAPPED_FROM:
            return _load(memoryview(file.read()), mapped_from=sys.maxsize)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return _load(memoryview(mapped), mapped_from=MAPPED_FROM)


def write_bytes(data: bytes, digest: str, store: str) -> int:
    """Put plain bytes into a store under their digest; size in bytes of the object."""
    length = HEAD.size + len(data)
    head = HEAD.pack(PLAIN, length, *sys.version_info[:2], 0, len(data))
    return stored_size(digest, store) or _put([head, data], digest, store)


def _pieces(value: object) -> list[Any]:
    """What is to be written, in order; big parts are the value's own memory."""
    stream: list[Any] = []
    buffers: list[memoryview] = []
    _pickled(value, stream.append, lambda buffer: buffers.append(buffer.raw()))
    stream_length = sum(map(len, stream))
    end = HEAD.size + _BUFFER.size * len(buffers) + stream_length
    contents = bytearray()
    aligned: list[Any] = []
    for buffer in buffers:
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        aligned += [bytes(start - end), buffer]
        contents += _BUFFER.pack(start, buffer.nbytes)
        end = start + buffer.nbytes
    head = HEAD.pack(PICKLE, end, *sys.version_info[:2], len(buffers), stream_length)
    return [head, contents, *stream, *aligned]


def _pickled(value: object, write: Callable[[bytes], object], keep: Callable[[pickle.PickleBuffer], None]) -> None:
    try:
        Pickler(write, keep).dump(value)
    except MemoryError:
        raise
    except Exception as error:
        # Code of users and libraries runs here: whatever it raises means that this value can't be stored.
        raise Unstorable(*fault(value, error)) from error


def _put(pieces: list[Any], digest: str, store: str) -> int:
    """Write under a name of its own, then rename: nobody sees half an object, and equal writers don't mind each other.

    No fsync: it takes longer than all the rest, and matters only when the machine crashes. File systems lengthen a file
    after its data is written: what a crash leaves is empty or too short, disagrees with its head, and counts as absent.
    """
    target = object_path(digest, store)
    temporary = f"{store}/objects/{TEMPORARY}{os.getpid()}-{secrets.token_hex(8)}"
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    try:
        with open(temporary, "xb") as file:
            for piece in pieces:
                file.write(piece)
            os.fchmod(file.fileno(), 0o444)
            size = file.tell()
        os.rename(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return size


def _load(view: memoryview, mapped_from: int) -> object:
    head = checked_head(view, PICKLE)
    start = HEAD.size + _BUFFER.size * head.buffers
    stream = view[start : start + head.stream]
    places = _BUFFER.iter_unpack(view[HEAD.size : start])
    # Which of the buffers were read-only the pickle says itself.
    buffers = [_buffer(view[at : at + length], mapped_from) for at, length in places]
    try:
        return pickle.loads(stream, buffers=buffers)
    except MemoryError:
        raise
    except Exception as error:
        # The pickle runs code of users and libraries.
        raise Unreadable(f"it can't be loaded here: {type(error).__name__}: {error}") from error


def _buffer(content: memoryview, mapped_from: int) -> memoryview | bytearray:
    return content if len(content) >= mapped_from else bytearray(content)
