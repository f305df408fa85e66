"""What an engine keeps for bodies that run in its own process: their modules, which the engine's user does not see, as
they do not see the user's.

Standard library alone: it is loaded by itself where an engine runs. Knows modules and their files; refuses to know what
a body is.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

PACKAGE = "phelps_jupyter"
INSTALLED = ("site-packages", "dist-packages")
STDLIB = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib")})
COARSE = 20_000_000
"""Nanoseconds by which a file system's clock may lag behind."""

Stamp = tuple[int, int, int, int]


class Quarters:
    """Of one kernel in one engine. ``runtime``: the folder of our code; ``ours``: what was imported of that, by all
    kernels that have it: what it puts in place in a process can't be taken out."""

    def __init__(self, runtime: str, ours: dict[str, ModuleType]) -> None:
        self._runtime = runtime
        self._ours = ours
        self._modules: dict[str, ModuleType] = {}
        """The project's, as bodies know them, and no library's: these everybody has."""
        self._stamps: dict[str, Stamp | None] = {}
        """Of their files when they were imported; None: not known."""
        self._guests: Any = None

    def take_in(self, folder: str) -> bool:
        """Run the body that waits in a zygote's folder; False when it waits no more. On the engine's main thread."""
        # Whoever wants to interrupt a body must not hit the engine's own work.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with self._own_modules():
                if self._guests is None:
                    self._guests = self._new_guests()
                stayed: bool = self._guests.take_in(folder, self.forget)
                return stayed
        finally:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)

    def forget(self) -> None:
        """While it runs: modules of the project are imported anew."""
        for name in [name for name in _apart() if not _is_ours(name)]:
            del sys.modules[name]

    def _new_guests(self) -> Any:
        sys.path.insert(0, self._runtime)
        try:
            return importlib.import_module(f"{PACKAGE}.runtime.guests").Guests()
        finally:
            sys.path.remove(self._runtime)

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        began = time.time_ns() - COARSE
        others = {name: sys.modules.pop(name) for name in _apart()}
        if any(_stamp(self._modules[name]) != stamp or stamp is None for name, stamp in self._stamps.items()):
            # Who has imported what changed holds what it was: all begin anew.
            self._modules.clear()
            self._stamps.clear()
        sys.modules.update(self._ours | self._modules)
        try:
            yield
        finally:
            apart = {name: sys.modules.pop(name) for name in _apart()}
            self._ours.update({name: module for name, module in apart.items() if _is_ours(name)})
            self._modules = {name: module for name, module in apart.items() if not _is_ours(name)}
            sys.modules.update(others)
            self._note(began)

    def _note(self, began: int) -> None:
        """What is new was imported since; if its file was changed since as well, nobody knows which came first."""
        known, self._stamps = self._stamps, {}
        for name, module in self._modules.items():
            stamp = _stamp(module)
            new = stamp if stamp is not None and stamp[2] < began else None
            self._stamps[name] = known.get(name, new)


def _apart() -> Sequence[str]:
    """The names of modules that are no library's."""
    return [name for name, module in list(sys.modules.items()) if _is_ours(name) or _is_project(name, module)]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == PACKAGE


def _is_project(name: str, module: ModuleType) -> bool:
    if name in ("__main__", "__mp_main__"):
        return False
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        # Compiled code can't be imported twice.
        return file.endswith(".py") and not _is_library(file)
    folders = list(getattr(module, "__path__", ()))
    return bool(folders) and not any(map(_is_library, folders))


def _is_library(path: str) -> bool:
    return path.startswith(STDLIB) or any(folder in path for folder in INSTALLED)


def _stamp(module: ModuleType) -> Stamp | None:
    file = getattr(module, "__file__", None)
    if file is None:
        # A folder without code of its own.
        return (0, 0, 0, 0)
    with suppress(OSError):
        found = os.stat(file)
        return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    return None
