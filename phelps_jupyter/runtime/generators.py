"""The generators of a body: seeded right before it, and looked at after it. Knows ``random`` and numpy's global state.

Importing numpy only to seed it would cost each body 0.1 s: it is seeded when the body is the one to import it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import random
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

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
        numpy_random = sys.modules.get("numpy.random")
        if numpy_random is None:
            sys.meta_path.insert(0, _NumpyFinder(self))
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


class _NumpyFinder(importlib.abc.MetaPathFinder):
    def __init__(self, generators: Generators) -> None:
        self._generators = generators

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "numpy.random":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _NumpyLoader(spec.loader, self._generators)
        return spec


class _NumpyLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, generators: Generators) -> None:
        self._loader = loader
        self._generators = generators

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            # Whoever looks at the module later finds its own loader there.
            spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._generators.seed_numpy(module)
