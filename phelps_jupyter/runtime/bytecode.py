"""Compiled files of the project's modules are not trusted: a body's process compiles them from their source.

Python takes a ``.pyc`` for good when its source has the same size and was changed in the same second: after a quick
edit, or one that keeps the time, a body would run code that its key does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from typing import Any

from phelps_jupyter.runtime.homes import Home, home_of_file


def distrust() -> None:
    """From now on, in this process."""
    # Without a time to compare, the loader neither reads compiled code nor writes any.
    SourceFileLoader.path_stats = _path_stats  # type: ignore[method-assign, assignment]  # mypy sees a bound method


_trusting = SourceFileLoader.path_stats


def _path_stats(loader: SourceFileLoader, path: str) -> Mapping[str, Any]:
    if home_of_file(path) is Home.PROJECT:
        raise OSError(f"{path} is compiled anew")
    return _trusting(loader, path)
