"""The project that a notebook belongs to: a folder, by what lies in the folders above. Reads no file."""

from __future__ import annotations

import os
from collections.abc import Iterator


def project_of(folder: str) -> str:
    """The git top level, else the nearest folder with a ``pyproject.toml``, else ``folder`` itself."""
    folders = list(_upwards(os.path.abspath(folder)))
    for mark in (".git", "pyproject.toml"):
        found = next((place for place in folders if os.path.exists(os.path.join(place, mark))), None)
        if found is not None:
            return found
    return folder


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        yield above
        folder = above
