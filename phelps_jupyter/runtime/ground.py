"""Which paths of the file system are the user's, and what they are called. Knows folders by name; looks at no file."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Iterator

from phelps_jupyter.runtime.sights import TOOL_FOLDERS

CLOSED_NAMES = TOOL_FOLDERS | {"site-packages", "dist-packages"}
CLOSED = "\0"
"""Begins no name."""
CLOSED_ENDINGS = (".dist-info", ".egg-info")
SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/var/lib")
TEMPORARY = ("/tmp", "/var/tmp", "/var/folders", "/private/tmp", "/private/var/folders")
IN_HOME = (".cache", ".config", ".local/share", ".local/state", ".ipython", ".jupyter", ".matplotlib")
CACHES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MPLCONFIGDIR", "IPYTHONDIR")
"""Environment variables that name folders in which libraries keep what they like."""


class Ground:
    """Of all folders above a path that have a say, the nearest one decides whether the path counts.

    The project and ``base`` (the notebook's folder) count, the system's, the interpreter's and temporary folders
    don't, nor do those ``closed``; all else does. A temporary folder inside the project is the user's, and counts.
    """

    def __init__(self, base: str, project: str, *closed: str) -> None:
        self._bases = _spellings(base)
        self._projects = tuple(_spellings(project))
        ours = {*self._bases, *self._projects}
        self._above = {above for folder in ours for above in (folder, *_above(folder))}
        self._starts: dict[str, str] = {}
        temporary = [folder for folder in _temporary() if not any(_is_within(folder, root) for root in ours)]
        self._verdicts = {
            "/": True,
            **dict.fromkeys([*SYSTEM, *_interpreter(), *temporary, *_in_home()], False),
            **dict.fromkeys(ours, True),
            **{spelling: False for folder in closed for spelling in _spellings(folder)},
        }

    def name(self, path: str) -> str | None:
        """What an absolute, normal path is called; None if it doesn't count."""
        folder, _, last = path.rpartition("/")
        start = self._starts.get(folder)
        if start is None:
            start = self._starts[folder] = self._start(folder or "/")
        if path in self._verdicts:
            return self.told(path) if self._verdicts[path] else None
        return None if start == CLOSED or last in CLOSED_NAMES else start + last

    def told(self, path: str) -> str:
        """What an absolute, normal path is called: relative to ``base`` within it and within the project."""
        for base in self._bases:
            if path.startswith(base + "/"):
                return path[len(base) + 1 :]
            if path == base:
                return "."
        for base, project in zip(self._bases, self._projects, strict=False):
            if _is_within(path, project):
                return os.path.relpath(path, base)
        return path

    def path(self, name: str) -> str:
        """Where what is called ``name`` lies."""
        return os.path.normpath(os.path.join(self._bases[0], name))

    def is_above(self, path: str) -> bool:
        """Whether it is the project, ``base``, or a folder above: that these exist is no news."""
        return path in self._above

    def _start(self, folder: str) -> str:
        """What the names of all that lies in the folder begin with."""
        return os.path.join(self.told(folder), "").removeprefix("./") if self._counts(folder) else CLOSED

    def _counts(self, folder: str) -> bool:
        known = self._verdicts.get(folder)
        if known is None:
            above, _, last = folder.rpartition("/")
            closed = last in CLOSED_NAMES or last.endswith(CLOSED_ENDINGS)
            known = self._verdicts[folder] = not closed and self._counts(above or "/")
        return known


def _spellings(folder: str) -> list[str]:
    """A folder as it was named, and without symbolic links: the working directory knows only the second."""
    named = os.path.abspath(folder)
    return [named, os.path.realpath(named)]


def _above(folder: str) -> Iterator[str]:
    while folder != "/":
        folder = os.path.dirname(folder)
        yield folder


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@functools.cache
def _interpreter() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = (sys.prefix, sys.base_prefix, sys.exec_prefix, paths["stdlib"], paths["platstdlib"])
    spellings = (spelling for folder in folders for spelling in _spellings(folder))
    return (*spellings, os.path.dirname(os.path.abspath(__file__)))


def _temporary() -> Iterator[str]:
    # Not asked of tempfile: it would remember its answer, whatever the body sets.
    named = [os.environ.get(name, "") for name in (*CACHES, "TMPDIR", "TEMP", "TMP")]
    for folder in (*TEMPORARY, *filter(os.path.isabs, named)):
        yield from _spellings(folder)


def _in_home() -> Iterator[str]:
    # A notebook may lie in the home folder itself: even then these are not its files.
    home = os.path.expanduser("~")
    if os.path.isabs(home):
        for name in IN_HOME:
            yield from _spellings(os.path.join(home, name))
