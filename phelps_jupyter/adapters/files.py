"""The files that ``--reads`` names, and their digests. Knows globs and paths, nothing of tasks."""

from __future__ import annotations

import glob
import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime.digests import digest_bytes


def file_parts(patterns: Sequence[str], folder: str) -> tuple[Part, ...]:
    """One part for each file that the patterns name: files, folders (all below them), globs, relative to ``folder``.

    Errors: DeclarationError when a pattern names nothing.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        files = list(_files(pattern, folder))
        if not files:
            raise DeclarationError(f"--reads {pattern}: there is no such file or folder in {folder}")
        found.update({_name(file, folder): file for file in files})
    return tuple(Part(PartKind.FILE, name, file_digest(file)) for name, file in sorted(found.items()))


def _files(pattern: str, folder: str) -> Iterator[Path]:
    for match in glob.glob(pattern, root_dir=folder, recursive=True):
        path = Path(folder, match)
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        else:
            yield path


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
