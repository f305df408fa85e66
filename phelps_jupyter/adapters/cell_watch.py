"""What the kernel's plain cells use of the file system, seen as it is of bodies. Knows no cell, and judges nothing."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import Any

from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.orders import Sighting
from phelps_jupyter.runtime.watch import Watch


class CellWatch:
    """One cell at a time, and one more that runs from within it, apart (`%phelps run`).

    ``base``: the notebook's folder, which names are relative to. Threads that there were before a cell are not heard:
    neither ours nor the kernel's work for it.
    """

    def __init__(self, base: str, project: str, store: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="phelps-cells-")
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._ground = Ground(base, project, store, self._folder)
        self._watches: list[Watch] = []
        self._open = 0

    def begin(self) -> None:
        """A cell's code is about to run."""
        if self._open == len(self._watches):
            self._watches.append(Watch(self._ground, tempfile.mkdtemp(dir=self._folder)))
        self._watches[self._open].begin(_others())
        self._open += 1

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done meanwhile is not the cell's doing."""
        watch, before = (self._watches[self._open - 1] if self._open else None), _others()
        if watch is not None:
            watch.end()
        try:
            yield
        finally:
            if watch is not None:
                watch.go_on(_others() - before)

    def end(self, code: Iterable[CodeType], inputs: Mapping[str, Any], folder: str) -> tuple[Part, ...]:
        """The cell's code has run: what it used. ``inputs``: the values that it read; ``folder``: where it began.

        A file that changed meanwhile is told as one that is gone: nothing is known to stand on it.
        """
        self._open -= 1
        watch = self._watches[self._open]
        watch.end()
        account = watch.account(code, inputs, folder)
        torn = account.torn()
        return tuple(_part(sighting, torn) for sighting in account.conditions())


def _part(sighting: Sighting, torn: Iterable[str]) -> Part:
    digest = "" if sighting.kind == "file" and sighting.name in torn else sighting.digest
    return Part(PartKind(sighting.kind), sighting.name, Digest(digest))


def _others() -> frozenset[int]:
    """All threads but this one."""
    threads = (thread.ident for thread in threading.enumerate())
    return frozenset(ident for ident in threads if ident not in (None, threading.get_ident()))
