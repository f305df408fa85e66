"""One body's use of files, from its begin to its end. Puts the parts together: who hears, who notes, who judges.

An order without a project is not watched: then only the files that it declares count.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable, Mapping
from types import CodeType
from typing import Any

from phelps_jupyter.runtime import keeping, unwatched
from phelps_jupyter.runtime.account import Account
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.hook import Hook
from phelps_jupyter.runtime.notes import Book
from phelps_jupyter.runtime.orders import Order, Sightings
from phelps_jupyter.runtime.witness import Witness


class Watch:
    """``folder``: of the attempt, for what forked processes note."""

    def __init__(self, order: Order, folder: str) -> None:
        base = order.base or order.folder
        self._order = order
        self._folder = folder
        self._ground = Ground(base, order.project or base, order.store, folder)
        self._book = Book(os.path.join(folder, "seen"))
        self._hook = Hook(Witness(self._ground, self._book))
        self._spawning = unwatched.SPAWNING.keys() - sys.modules.keys()
        self._began = 0

    def begin(self) -> None:
        """Right before the body."""
        if self._order.project:
            self._began = _tick(os.path.join(self._folder, "began"))
            self._book.watch_forks()
            self._hook.begin()

    def end(self) -> None:
        """Right after the body: what comes then is our doing."""
        self._hook.end()

    def sightings(self, code: Iterable[CodeType], inputs: Mapping[str, Any]) -> Sightings:
        """What was seen, with the files kept. ``code``: of the body; ``inputs``: as they were bound.

        Errors: `UnmetError` when a file that is declared is missing, or can't be stored.
        """
        declared = {self._ground.told(path) for path in keeping.declared(self._order)}
        account = Account(self._ground, self._began)
        if self._order.project:
            account.take(self._book.notes())
            self._add_unwatched(account, code, inputs)
        return self._keep(account.sightings(declared), declared)

    def _add_unwatched(self, account: Account, code: Iterable[CodeType], inputs: Mapping[str, Any]) -> None:
        at_hand = unwatched.code_at_hand(code, inputs)
        libraries = unwatched.used(unwatched.NATIVE, at_hand)
        if libraries:
            texts = [*at_hand.texts, *unwatched.texts_in(inputs.values())]
            named = [self._hand(account, candidate) for candidate in unwatched.candidates(texts)]
            if not any(named):
                self._miss(account, libraries)
        for library in unwatched.used(unwatched.DATABASES, at_hand):
            account.miss(f"the network ({library})")
        for module in self._spawning & sys.modules.keys():
            account.miss(unwatched.SPAWNING[module])

    def _hand(self, account: Account, candidate: str) -> bool:
        path = os.path.normpath(os.path.join(self._order.folder, os.path.expanduser(candidate)))
        found = [path] if os.path.exists(path) else unwatched.matches(path)
        names = [name for each in found if (name := self._ground.name(each)) is not None]
        return sum(account.hand(name) for name in names) > 0

    def _miss(self, account: Account, libraries: Iterable[str]) -> None:
        for library in libraries:
            # What pandas opens for it is seen.
            if library != "pyarrow" or not account.saw(unwatched.ENDINGS):
                account.miss(library)

    def _keep(self, sightings: Sightings, declared: set[str]) -> Sightings:
        files = [(self._ground.path(file.name), file) for file in sightings.wrote]
        asked = [(path, file) for path, file in files if file.name in declared]
        others = [(path, file) for path, file in files if file.name not in declared and not os.path.isabs(file.name)]
        store = self._order.store
        kept = [*keeping.keep(asked, store), *keeping.keep_small(others, store)]
        return dataclasses.replace(sightings, kept=tuple(sorted(kept)))


def _tick(path: str) -> int:
    """The time as the file system has it: its clock is coarser than the machine's."""
    with open(path, "wb"):
        return os.stat(path).st_ctime_ns
