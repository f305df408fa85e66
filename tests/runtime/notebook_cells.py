"""Runs cells as a notebook does: in a namespace that calls itself ``__main__``, with their source in linecache."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

_count = itertools.count()


def run(source: str, *, above: int = 0, kept: bool = True, **names: object) -> dict[str, Any]:
    """The namespace after a cell. ``above``: blank lines before it; ``kept``: whether its source can be found."""
    text = "\n" * above + source
    path = f"<cell {next(_count)}>"
    if kept:
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    namespace: dict[str, Any] = {"__name__": "__main__", **names}
    exec(compile(text, path, "exec", dont_inherit=True), namespace)
    return namespace
