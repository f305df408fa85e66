"""One body's use of files, or a plain cell's, from its begin to its end: who hears, who notes, who judges."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from types import CodeType
from typing import Any

from phelps_jupyter.runtime import unwatched
from phelps_jupyter.runtime.account import Account
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.hook import Hook
from phelps_jupyter.runtime.notes import Book
from phelps_jupyter.runtime.witness import Witness


class Watch:
    """May begin again when it has ended. ``folder``: one of its own, outside of ``ground``."""

    def __init__(self, ground: Ground, folder: str) -> None:
        self.ground = ground
        self._folder = folder
        self._book = Book(os.path.join(folder, "seen"))
        self._hook = Hook()
        self._witness: Witness | None = None
        self._deaf: frozenset[int] = frozenset()
        self._loaded: frozenset[str] = frozenset()
        self._has_others = False
        self._began = 0

    def move(self, ground: Ground, folder: str, book: str) -> None:
        """Where it begins the next time, in a process that has other bodies as well. ``book``: a name for this one."""
        self.ground = ground
        self._folder = folder
        self._has_others = True
        self._book.move(os.path.join(folder, book))

    def begin(self, deaf: frozenset[int] = frozenset()) -> None:
        """Right before the code. ``deaf``: threads that have nothing to do with it."""
        if self._witness is None:
            self._book.watch_forks()
        self._book.begin_anew()
        self._loaded = frozenset(module for module in unwatched.SPAWNING if module in sys.modules)
        self._began = _tick(os.path.join(self._folder, "began"))
        self._witness, self._deaf = Witness(self.ground, self._book), deaf
        self._hook.begin(self._witness, deaf)

    def end(self) -> None:
        """Right after the code, or in the midst of it: what comes then is our doing."""
        self._hook.end()

    def go_on(self, deaf: frozenset[int] = frozenset()) -> None:
        """After an `end` in the midst of the code. ``deaf``: threads that began since."""
        assert self._witness is not None
        self._deaf |= deaf
        self._hook.begin(self._witness, self._deaf)

    def account(self, code: Iterable[CodeType], inputs: Mapping[str, Any], folder: str) -> Account:
        """What follows from all that was noted. ``inputs``: as they were bound; ``folder``: where the code ran."""
        account = Account(self.ground, self._began)
        account.take(self._book.notes())
        at_hand = unwatched.code_at_hand(code, inputs)
        libraries = unwatched.used(unwatched.NATIVE, at_hand)
        if libraries:
            texts = [*at_hand.texts, *unwatched.texts_in(inputs.values())]
            named = [self._hand(account, candidate, folder) for candidate in unwatched.candidates(texts)]
            if not any(named):
                _miss(account, libraries)
        for library in unwatched.used(unwatched.DATABASES, at_hand):
            account.miss(f"the network ({library})")
        # What was there before may have been loaded by another body.
        known = frozenset() if self._has_others and unwatched.may_spawn(at_hand) else self._loaded
        for module in unwatched.SPAWNING:
            if module in sys.modules and module not in known:
                account.miss(unwatched.SPAWNING[module])
        return account

    def _hand(self, account: Account, candidate: str, folder: str) -> bool:
        path = os.path.normpath(os.path.join(folder, os.path.expanduser(candidate)))
        found = [path] if os.path.exists(path) else unwatched.matches(path)
        names = [name for each in found if (name := self.ground.name(each)) is not None]
        return sum(account.hand(name) for name in names) > 0


def _miss(account: Account, libraries: Iterable[str]) -> None:
    for library in libraries:
        # What pandas opens for it is seen.
        if library != "pyarrow" or not account.saw(unwatched.ENDINGS):
            account.miss(library)


def _tick(path: str) -> int:
    """The time as the file system has it: its clock is coarser than the machine's."""
    with open(path, "wb"):
        return os.stat(path).st_ctime_ns
