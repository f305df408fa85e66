"""Finds the source of modules and the versions of installed ones on ``sys.path``, importing nothing."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from pathlib import Path

from phelps_jupyter.core.modules import AbsentModule, InstalledModule, ProjectModule
from phelps_jupyter.errors import DeclarationError

Found = ProjectModule | InstalledModule | AbsentModule | None


class ModuleSources:
    """What module names stand for now. Make a new one for each look at the disk: it remembers what it found."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = list(path)
        self._specs: dict[str, ModuleSpec | None] = {}
        self._found: dict[str, Found] = {}

    def find(self, name: str) -> Found:
        """The project's source, an installed distribution, nothing at all, or None (standard library, extension).

        Whether there is a module within a package is not told.

        Errors: DeclarationError when the source can't be read.
        """
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> Found:
        top = name.partition(".")[0]
        if not top or top in sys.stdlib_module_names or top == "__main__":
            return None
        spec = self._spec(name)
        if spec is None and name == top:
            return AbsentModule()
        if spec is None or spec.origin is None:
            return None
        if _is_installed(spec.origin):
            return installed(top)
        if not spec.origin.endswith(".py"):
            return None
        return ProjectModule(_source(name, spec, spec.origin), spec.submodule_search_locations is not None)

    def _spec(self, name: str) -> ModuleSpec | None:
        if name not in self._specs:
            parent, _, _ = name.rpartition(".")
            self._specs[name] = self._search(name, parent)
        return self._specs[name]

    def _search(self, name: str, parent: str) -> ModuleSpec | None:
        if not parent:
            return PathFinder.find_spec(name, self._path) or _found_by_others(name)
        package = self._spec(parent)
        if package is None or package.submodule_search_locations is None:
            return None
        return PathFinder.find_spec(name, list(package.submodule_search_locations))


_ASKED = (PathFinder, BuiltinImporter, FrozenImporter)


def _found_by_others(name: str) -> ModuleSpec | None:
    """What the other finders know: packages installed with ``pip install -e`` may lie on no path."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if finder in _ASKED or find is None:
            continue
        try:
            spec = find(name, None)
        except Exception:  # anybody's code; importing the module will tell what is wrong with it
            continue
        if isinstance(spec, ModuleSpec):
            return spec
    return None


def _source(name: str, spec: ModuleSpec, origin: str) -> str:
    read = getattr(spec.loader, "get_data", None)
    try:
        data = read(origin) if read is not None else Path(origin).read_bytes()
        return importlib.util.decode_source(data)
    except (OSError, SyntaxError, UnicodeError) as error:
        raise DeclarationError(f"module {name} can't be read from {origin}: {error}") from error


@lru_cache(maxsize=1)
def _installed_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({str(Path(paths[key]).resolve()) for key in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_installed(origin: str) -> bool:
    place = str(Path(origin).resolve())
    return "site-packages" in place or "dist-packages" in place or place.startswith(_installed_roots())


@lru_cache(maxsize=512)
def installed(top: str) -> InstalledModule | None:
    """The distribution that a top-level package belongs to. Its version is read once per process, as imports are."""
    # It takes as long to import as a thousand tasks take to judge, and most plans need it not at all.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return InstalledModule(top, version(top))
    except PackageNotFoundError:
        names = _distributions().get(top, [])
    return InstalledModule(names[0], version(names[0])) if names else None


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    from importlib.metadata import packages_distributions

    return {top: sorted(names) for top, names in packages_distributions().items()}
