"""Which libraries an installed distribution may bring into a process, by what it says that it needs or can use."""

from __future__ import annotations

import importlib.metadata
import re
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_USED = {"pyarrow": ("pandas",), "pandas": ("matplotlib",)}
"""Used where they are installed, required or not."""


@lru_cache(maxsize=4096)
def may_reach(distribution: str, library: str) -> bool:
    """Whether it is or needs the library, itself or through others, or an extra of its own needs it.

    Extras of what it needs are left out: through tools for tests and documentation, all reach all.
    """
    start = _normal(distribution)
    seen = {start}
    stack = [start, *_requirements(start, extras=True)]
    while stack:
        name = stack.pop()
        if name == library:
            return True
        found = [one for one in _requirements(name, extras=False) if one not in seen]
        seen.update(found)
        stack += found
    return False


@lru_cache(maxsize=4096)
def _requirements(distribution: str, *, extras: bool) -> tuple[str, ...]:
    try:
        lines = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        lines = []
    found = (_NAME.match(line) for line in lines if extras or "extra ==" not in line)
    return (*(_normal(match.group()) for match in found if match), *_USED.get(distribution, ()))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
