"""The generators of a body: seeded right before it, and looked at after it. Knows ``random`` and numpy's global state.

Importing numpy only to seed it would cost each body 0.1 s: it is seeded when the body is the one to import it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from phelps_jupyter.runtime.import_watch import ImportWatch

_NUMPY = "numpy.random"

_Look = Callable[[], object]


class Generators:
    """Those of one body. ``seed``: None leaves them as they are."""

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self._looks: list[tuple[_Look, object]] = []

    def seed(self) -> None:
        """Right before the body: what was loaded may have drawn numbers."""
        if self._seed is not None:
            random.seed(self._seed)
        self._watch(random.getstate)
        numpy_random = sys.modules.get(_NUMPY)
        if numpy_random is None:
            ImportWatch({_NUMPY: lambda name: self.seed_numpy(sys.modules[name])}).install()
        else:
            self.seed_numpy(numpy_random)

    def seed_numpy(self, numpy_random: ModuleType) -> None:
        """numpy is there now."""
        if self._seed is not None:
            numpy_random.seed(self._seed % 2**32)
        self._watch(lambda: _plain(numpy_random.get_state()))

    def _watch(self, look: _Look) -> None:
        self._looks.append((look, look()))

    def drew(self) -> bool:
        """Whether the body drew from one of them, or seeded it anew."""
        return any(look() != before for look, before in self._looks)


def _plain(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """A state that compares by ==: its key is an array."""
    return tuple(part.tobytes() if hasattr(part, "tobytes") else part for part in state)
