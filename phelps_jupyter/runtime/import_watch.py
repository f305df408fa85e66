"""Tells when a module has been imported: the outermost one of each import, and those asked for by name.

Refuses to know what is done about it. It stands in ``sys.meta_path`` before the finders that it asks.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType

Imported = Callable[[str], None]
Begin = Callable[[], Imported]
"""Called before an outermost module is executed; what it gives is called with the module's name afterwards."""


class ImportWatch(importlib.abc.MetaPathFinder):
    """``named``: modules to tell of wherever they are imported, each with what to do right after."""

    def __init__(
        self,
        named: dict[str, Imported],
        begin: Begin | None = None,
        wanted: Callable[[importlib.machinery.ModuleSpec], bool] = lambda _: True,
    ) -> None:
        self._named = named
        self._begin = begin
        self._wanted = wanted
        self._inside = threading.local()

    @property
    def names(self) -> Sequence[str]:
        """Those asked for by name."""
        return tuple(self._named)

    def install(self) -> None:
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        outermost = self._begin is not None and not getattr(self._inside, "any", False)
        if name not in self._named and (not outermost or name.partition(".")[0] in sys.stdlib_module_names):
            return None
        spec = self._found(name, path, target)
        if spec is None or not hasattr(spec.loader, "exec_module"):
            return None
        if name in self._named or self._wanted(spec):
            assert spec.loader is not None
            spec.loader = _Watched(spec.loader, self)
        return spec

    def _found(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> importlib.machinery.ModuleSpec | None:
        # Those before it have been asked already.
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec: importlib.machinery.ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                return spec
        return None

    def execute(self, loader: importlib.abc.Loader, module: ModuleType) -> None:
        """Execute the module, and tell."""
        name = module.__name__
        outermost = self._begin is not None and not getattr(self._inside, "any", False)
        imported = self._begin() if outermost and self._begin is not None else None
        self._inside.any = True
        try:
            loader.exec_module(module)
            if name in self._named:
                self._named[name](name)
        finally:
            self._inside.any = not outermost
            if imported is not None:
                imported(name)


class _Watched(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, watch: ImportWatch) -> None:
        self._loader = loader
        self._watch = watch

    def __getattr__(self, name: str) -> object:
        # Whoever only looks for the module (importlib.util.find_spec) asks its loader more.
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None:
            # Whoever looks at the module later finds its own loader there.
            spec.loader = module.__loader__ = self._loader
        self._watch.execute(self._loader, module)
