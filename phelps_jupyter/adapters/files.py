"""The files that ``--reads`` names, and their digests. Knows globs and paths, nothing of tasks."""

from __future__ import annotations

import glob
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime.digests import digest_bytes

_SKIPPED = frozenset({".phelps", ".git", "__pycache__", ".ipynb_checkpoints"})
"""Folders that tools keep beside the user's files: they change by themselves, and no body means them."""


def file_parts(patterns: Sequence[str], folder: str, start: str = "") -> tuple[Part, ...]:
    """One part for each file that the patterns name: files, folders (all below them), globs, relative to ``folder``.

    ``start``: the folder that readers of the parts start from; where it is another one, ``origin`` leads to ``folder``.
    Errors: DeclarationError when a pattern names nothing, or what can't be read.
    """
    found: dict[str, Digest] = {}
    for pattern in patterns:
        try:
            files = {_name(file, folder): file_digest(file) for file in _files(pattern, folder)}
        except OSError as error:
            raise DeclarationError(f"--reads {pattern} can't be read: {error}") from error
        if not files:
            raise DeclarationError(f"--reads {pattern}: there is no such file or folder in {folder}")
        found.update(files)
    origin = os.path.relpath(folder, start) if start not in ("", folder) else ""
    return tuple(Part(PartKind.FILE, name, digest, origin=origin) for name, digest in sorted(found.items()))


def _files(pattern: str, folder: str) -> Iterator[Path]:
    for match in glob.glob(pattern, root_dir=folder, recursive=True):
        path = Path(folder, match)
        yield from _below(path) if path.is_dir() else filter(Path.is_file, [path])


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        yield from (path for name in files if (path := Path(place, name)).is_file())


def _raise(error: OSError) -> None:
    raise error


def _name(file: Path, folder: str) -> str:
    resolved, root = file.resolve(), Path(folder).resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else str(resolved)


def file_digest(file: Path) -> Digest:
    """Digest of a file's content."""
    with file.open("rb") as stream:
        if file.stat().st_size == 0:
            return Digest(digest_bytes(b""))
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return Digest(digest_bytes(content))
