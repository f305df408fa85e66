"""What one body used of the file system, and the files that it leaves, kept in the store.

An order without a project is not watched: then only the files that it declares count.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Iterable, Mapping
from types import CodeType
from typing import Any

from phelps_jupyter.runtime import keeping
from phelps_jupyter.runtime.account import Account
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.orders import Order, Sightings
from phelps_jupyter.runtime.watch import Watch


class BodyWatch:
    """``folder``: of the attempt. ``watch``: the one of this process, where that has bodies after one another."""

    def __init__(self, order: Order, folder: str, watch: Watch | None = None) -> None:
        base = order.base or order.folder
        self._order = order
        self._ground = Ground(base, order.project or base, order.store, folder)
        self._watch = (watch or Watch(self._ground, folder)) if order.project else None
        self._deaf: frozenset[int] = frozenset()
        if self._watch is not None and watch is not None:
            self._watch.move(self._ground, os.path.join(folder, "guest"), f"seen-{order.run}-{order.attempt}")
            # What was there before it, the engine's own threads for one, is not its doing.
            others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
            self._deaf = frozenset(ident for ident in others if ident is not None)

    def begin(self) -> None:
        """Right before the body."""
        if self._watch is not None:
            self._watch.begin(self._deaf)

    def end(self) -> None:
        """Right after the body: what comes then is our doing."""
        if self._watch is not None:
            self._watch.end()

    def names(self, code: Iterable[CodeType], inputs: Mapping[str, Any]) -> Sightings:
        """What a body that failed has used, by name alone. Arguments as below."""
        return Sightings() if self._watch is None else self._watch.account(code, inputs, self._order.folder).names()

    def sightings(self, code: Iterable[CodeType], inputs: Mapping[str, Any]) -> Sightings:
        """What was seen, with the files kept. ``code``: of the body; ``inputs``: as they were bound.

        Errors: `UnmetError` when a file that is declared is missing, or can't be stored.
        """
        declared = {self._ground.told(path) for path in keeping.declared(self._order)}
        watch = self._watch
        account = Account(self._ground, 0) if watch is None else watch.account(code, inputs, self._order.folder)
        return self._keep(account.sightings(declared), declared)

    def _keep(self, sightings: Sightings, declared: set[str]) -> Sightings:
        files = [(self._ground.path(file.name), file) for file in sightings.wrote]
        asked = [(path, file) for path, file in files if file.name in declared]
        others = [(path, file) for path, file in files if file.name not in declared and not os.path.isabs(file.name)]
        store = self._order.store
        kept = [*keeping.keep(asked, store), *keeping.keep_small(others, store)]
        return dataclasses.replace(sightings, kept=tuple(sorted(kept)))
