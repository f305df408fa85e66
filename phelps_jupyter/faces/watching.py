"""What this kernel's plain cells use of the file system: watched while they run, noted when they have run well."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

from IPython.core.interactiveshell import InteractiveShell

from phelps_jupyter.adapters.cell_watch import CellWatch
from phelps_jupyter.adapters.project import project_of
from phelps_jupyter.core.model import Part


class Watching:
    """One per kernel. Cells may run within cells (`%phelps run`)."""

    def __init__(self, shell: InteractiveShell, base: str) -> None:
        self._shell = shell
        self._base = base
        self._watch: CellWatch | None = None
        self._folders: list[str] = []

    def begin(self, store: str) -> None:
        """A plain cell's code is about to run."""
        if self._watch is None:
            self._watch = CellWatch(self._base, project_of(self._base), store)
        self._folders.append(str(Path.cwd()))
        self._watch.begin()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done meanwhile is not the running cell's doing."""
        if self._watch is None:
            yield
            return
        with self._watch.apart():
            yield

    def end(self, source: str, reads: Iterable[str]) -> tuple[Part, ...]:
        """The cell has run: what it used. ``reads``: the names that it read."""
        assert self._watch is not None
        names = self._shell.user_ns
        inputs = {name: names[name] for name in reads if name in names}
        return self._watch.end(self._compiled(source), inputs, self._folders.pop())

    def _compiled(self, source: str) -> tuple[CodeType, ...]:
        try:
            return (compile(self._shell.transform_cell(source), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT),)
        except (SyntaxError, ValueError):
            return ()
