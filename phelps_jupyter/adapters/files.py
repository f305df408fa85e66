"""The files around a notebook as they are now: what ``--reads`` names, what bodies were seen to use and to write.

Knows paths, globs and digests, nothing of tasks. Digests are remembered by the file's stamp, here and in the index.
"""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from phelps_jupyter.core.freshness import Reason
from phelps_jupyter.core.model import Digest, Part, PartKind, Seen
from phelps_jupyter.errors import DeclarationError, StoreError
from phelps_jupyter.ports import Index, Stamp, Store
from phelps_jupyter.runtime.sights import TOOL_FOLDERS, file_digest, own_names, stamp, watched_digest, word_digest

ABSENT = Digest(word_digest("absent"))
_FILE = Digest(word_digest("file"))


class Files:
    """Names are relative to ``base``, the notebook's folder, or absolute."""

    def __init__(self, base: str, index: Index) -> None:
        self._base = base
        self._index = index
        self._known: dict[str, tuple[Stamp, Digest]] | None = None
        self._new: dict[str, tuple[Stamp, Digest]] = {}

    def path(self, name: str) -> str:
        """Where what is called ``name`` lies."""
        return os.path.normpath(os.path.join(self._base, name))

    def declared(self, patterns: Sequence[str], folder: str) -> tuple[Part, ...]:
        """One part for each file that the patterns name: files, folders (all below them), globs in ``folder``.

        The names of the parts are relative to ``folder``; where it is not the notebook's, ``origin`` leads to it.
        Errors: DeclarationError when a pattern names nothing, or what can't be read.
        """
        found: dict[str, Digest] = {}
        for pattern in patterns:
            try:
                files = {_name(file, folder): self._readable(str(file)) for file in _files(pattern, folder)}
            except OSError as error:
                raise DeclarationError(f"--reads {pattern} can't be read: {error}") from error
            if not files:
                raise DeclarationError(f"--reads {pattern}: there is no such file or folder in {folder}")
            found.update(files)
        origin = "" if folder == self._base else os.path.relpath(folder, self._base)
        return tuple(Part(PartKind.FILE, name, digest, origin=origin) for name, digest in sorted(found.items()))

    def now(self, condition: Part, wrote: Iterable[str] = ()) -> Digest:
        """The digest of a condition as it is now. ``wrote``: files that the body made itself, no news in a folder."""
        path = self.path(condition.name)
        match condition.kind:
            case PartKind.FILE:
                return self.digest(path)
            case PartKind.FOLDER:
                return Digest(watched_digest("folder", path, own_names(condition.name, wrote)))
            case _:
                return Digest(watched_digest("path", path))

    def not_left(self, file: Part) -> Reason:
        """That a file, or the absence of one, is not as the body has left it."""
        if file.kind is PartKind.PATH:
            told = f"{file.name} is {'there again' if file.digest == ABSENT else 'gone'}"
        else:
            told = f"its file {file.name} {'was edited' if self.now(file) else 'is gone'}"
        return Reason("output_missing", file.name, told)

    def broken(self, seen: Seen) -> Part | None:
        """The first condition that no longer holds, as it was; None when all hold."""
        wrote = [file.name for file in seen.files]
        return next((part for part in seen.conditions if self.now(part, wrote) != part.digest), None)

    def altered(self, seen: Seen) -> list[Part]:
        """The files that a body wrote and that are not now as it left them."""
        return [file for file in seen.files if self.now(file) != file.digest]

    def restore(self, files: Iterable[Part], store: Store) -> None:
        """Have files as they were: written from the store, or taken away. Errors: StoreError."""
        # What lies in a folder goes before the folder does.
        for file in sorted(files, key=lambda file: file.name, reverse=True):
            path = self.path(file.name)
            content = store.get_bytes(file.digest) if file.kind is PartKind.FILE else b""
            try:
                if file.kind is PartKind.FILE:
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                    _replace(path, content)
                elif file.digest == ABSENT:
                    _remove(path)
                else:
                    os.makedirs(path, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{file.name} can't be restored from the store: {error}") from error

    def digest(self, path: str) -> Digest:
        """The digest of a file's content; empty where there is none that can be read."""
        now = stamp(path)
        if now is None:
            return Digest(file_digest(path))
        if self._known is None:
            self._known = dict(self._index.stamps())
        known = self._known.get(path)
        if known is not None and known[0] == now:
            return known[1]
        found = Digest(file_digest(path))
        if found and stamp(path) == now:
            self._known[path] = self._new[path] = (now, found)
        return found

    def _readable(self, path: str) -> Digest:
        digest = self.digest(path)
        if not digest:
            raise OSError(f"{path} is there, and its content is refused")
        return digest

    def keep(self) -> None:
        """Note the digests that were taken since in the index. Errors: StoreError."""
        if self._new:
            self._index.remember_stamps(self._new)
            self._new = {}


def as_condition(left: Part, kind: PartKind) -> Digest:
    """What a condition of this kind finds where a body has left this: a file, a folder, or nothing."""
    if kind is left.kind:
        return left.digest
    return _FILE if kind is PartKind.PATH else Digest("")


def _files(pattern: str, folder: str) -> Iterator[Path]:
    for match in glob.glob(pattern, root_dir=folder, recursive=True):
        path = Path(folder, match)
        yield from _below(path) if path.is_dir() else filter(Path.is_file, [path])


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if name not in TOOL_FOLDERS]
        yield from (path for name in files if (path := Path(place, name)).is_file())


def _raise(error: OSError) -> None:
    raise error


def _name(file: Path, folder: str) -> str:
    resolved, root = file.resolve(), Path(folder).resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else str(resolved)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.unlink(path)


def _replace(path: str, content: bytes) -> None:
    """Whole or not at all: who opens the file meanwhile reads the former one."""
    mode = os.stat(path).st_mode & 0o7777 if os.path.exists(path) else 0o644
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".phelps-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
