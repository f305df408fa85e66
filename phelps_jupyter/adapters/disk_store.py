"""Content-addressed values in a folder on a disk. Knows files; what is in them is the business of `runtime.values`."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from contextlib import suppress

from phelps_jupyter.core.model import Digest, Version
from phelps_jupyter.errors import StoreError
from phelps_jupyter.runtime import objects, values
from phelps_jupyter.runtime.digests import digest as digest_of
from phelps_jupyter.runtime.digests import digest_bytes
from phelps_jupyter.runtime.members import members
from phelps_jupyter.runtime.summaries import summarise

_ABANDONED_AFTER = 86_400.0
"""Seconds after which a file that is still under its temporary name is a crash's leavings: no write takes a day."""


class DiskStore:
    """The folder `.phelps` beside a notebook; made when it isn't there, for its owner alone. Errors: StoreError."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._objects = os.path.join(folder, "objects")
        try:
            objects.make_folder(folder)
            _sweep(self._objects)
        except OSError as error:
            raise StoreError(_not_written("the store", folder, error)) from error

    def put(self, name: str, value: object) -> Version:
        """Digest a value and store it. Errors: StoreError; Unstorable if it can't be, with the part at fault."""
        digested = digest_of(value)
        try:
            size = values.write(value, digested.digest, self.folder)
        except OSError as error:
            raise StoreError(_not_written(f"`{name}`", self.folder, error)) from error
        return Version(
            name,
            Digest(digested.digest),
            size,
            summarise(value),
            opaque=digested.opaque,
            modules=digested.modules,
            members={key: Digest(member) for key, member in members(value).items()},
        )

    def get(self, digest: Digest) -> object:
        """The value, mapped copy-on-write. Errors: StoreError when it is not there or damaged."""
        try:
            return values.read(digest, self.folder)
        except (OSError, values.Unreadable) as error:
            raise StoreError(self._not_read(digest, error)) from error

    def has(self, digest: Digest) -> bool:
        """Whether the object is there in full length."""
        try:
            return objects.stored_size(digest, self.folder) > 0
        except OSError:
            return False

    def discard(self, digests: Sequence[Digest]) -> None:
        """Remove values; who has one mapped keeps it. Errors: StoreError."""
        for digest in digests:
            path = objects.object_path(digest, self.folder)
            try:
                with suppress(FileNotFoundError):
                    os.unlink(path)
            except OSError as error:
                raise StoreError(f"{path} can't be removed: {error.strerror}; look at the folder's owner") from error

    def put_bytes(self, data: bytes) -> str:
        """Store bytes under their own digest. Errors: StoreError."""
        digest = digest_bytes(data)
        try:
            values.write_bytes(data, digest, self.folder)
        except OSError as error:
            raise StoreError(_not_written(f"{len(data):,} bytes", self.folder, error)) from error
        return digest

    def get_bytes(self, digest: str) -> bytes:
        """The bytes. Errors: StoreError."""
        try:
            return values.read_bytes(digest, self.folder)
        except (OSError, values.Unreadable) as error:
            raise StoreError(self._not_read(digest, error)) from error

    def _not_read(self, digest: str, error: OSError | values.Unreadable) -> str:
        path = objects.object_path(digest, self.folder)
        if isinstance(error, FileNotFoundError):
            return f"the object {path} is gone; run the task that made it again"
        if isinstance(error, values.Damaged):
            return f"the object {path} can't be used: {error}; delete it and run the task that made it again"
        if isinstance(error, values.Unreadable):
            return f"the object {path} can't be used: {error}; install what is missing, or run its task again here"
        return f"the object {path} can't be read: {error.strerror}; look at the folder's owner and permissions"


def _sweep(folder: str) -> None:
    """Remove what writers left behind that crashed."""
    limit = time.time() - _ABANDONED_AFTER
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(objects.TEMPORARY):
                # It may be gone by now: its writer gives it its name, or another kernel sweeps too.
                with suppress(FileNotFoundError):
                    _remove_older(entry.path, limit)


def _remove_older(path: str, limit: float) -> None:
    if os.stat(path).st_mtime < limit:
        os.unlink(path)


def _not_written(what: str, folder: str, error: OSError) -> str:
    advice = {
        errno.ENOSPC: "free some space, or move the notebook to a larger disk",
        errno.EDQUOT: "your quota is used up: free some space, or move the notebook elsewhere",
        errno.EROFS: "the disk is read-only: copy the notebook to a folder that you may write to",
        errno.EACCES: "copy the notebook to a folder that you may write to, or correct this one's permissions",
        errno.EPERM: "copy the notebook to a folder that you may write to, or correct this one's permissions",
    }.get(error.errno or 0, "look at the folder and its disk")
    return f"{what} can't be written to {folder}: {error.strerror}; {advice}"
