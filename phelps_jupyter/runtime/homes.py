"""Where code lives: in the notebook, in the user's project, or in a library. Knows modules by name only."""

from __future__ import annotations

import functools
import importlib.metadata
import itertools
import sys
import sysconfig
from enum import Enum
from typing import Any


class Home(Enum):
    """Who writes the code: the notebook and the project change while people work, a library by its version."""

    NOTEBOOK = "notebook"
    PROJECT = "project"
    LIBRARY = "library"


_INSTALLED = ("site-packages", "dist-packages")
_STDLIB = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib")})
_known: dict[str, Home] = {}


def home_of_module(name: object) -> Home:
    """The home of a module, by its name."""
    if name == "__main__":
        return Home.NOTEBOOK
    if not isinstance(name, str):
        return Home.PROJECT
    return _known.get(name) or _find(name)


def _find(name: str) -> Home:
    if name.partition(".")[0] in sys.stdlib_module_names:
        home = Home.LIBRARY
    elif name not in sys.modules:
        # It may be imported yet, so this is not remembered.
        return Home.PROJECT
    else:
        home = home_of_file(getattr(sys.modules[name], "__file__", None))
    return _known.setdefault(name, home)


class _LookedAt:
    """What was loaded when a zygote had begun. Its bodies don't touch the names of all that again: each would cost
    them a page of memory."""

    last: str | None = None
    outside: tuple[str, ...] = ()


def look_at_loaded() -> None:
    """From now on `outside_libraries` looks only at what is loaded after this."""
    _LookedAt.outside = tuple(outside_libraries())
    _LookedAt.last = next(reversed(sys.modules))


def outside_libraries() -> list[str]:
    """The names of all loaded modules that are no library's."""
    new = list(itertools.takewhile(lambda name: name != _LookedAt.last, reversed(sys.modules)))
    before = _LookedAt.outside if len(new) < len(sys.modules) else ()
    unknown = [name for name in reversed(new) if _known.get(name) is not Home.LIBRARY]
    return [*before, *(name for name in unknown if home_of_module(name) is not Home.LIBRARY)]


def home_of_file(path: object) -> Home:
    """The home of the code in a file."""
    if not isinstance(path, str):
        return Home.PROJECT
    installed = path.startswith(_STDLIB) or any(folder in path for folder in _INSTALLED)
    return Home.LIBRARY if installed else Home.PROJECT


def home_of_class(cls: type) -> Home:
    """The home of a class."""
    return home_of_module(type.__getattribute__(cls, "__module__"))


def home_of_function(function: Any) -> Home:
    """The home of a function's code: a decorator of a library may call itself ``__main__``, its globals do not."""
    return home_of_module(function.__globals__.get("__name__"))


@functools.cache
def version_of(module: str) -> str:
    """The version of the library that a module belongs to; Python's minor version for the standard library; or ""."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    version = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(version, str):
        return version
    try:
        return importlib.metadata.version(top)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""
