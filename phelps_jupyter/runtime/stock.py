"""Libraries that a zygote has imported ahead of need. They lie out of sight until a body imports them: to it, and to
all that looks at what a body has loaded, the import is one like any other, only that it takes no time.

Knows modules and what they were imported under; refuses to know which body wants them.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from phelps_jupyter.runtime import surroundings
from phelps_jupyter.runtime.homes import Home, home_of_file
from phelps_jupyter.runtime.import_watch import ImportWatch
from phelps_jupyter.runtime.limits import anonymous
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.traces import Traces, taken_off
from phelps_jupyter.runtime.trial import around, sources, trial

LIBRARIES = (
    "numpy",
    "pyarrow",
    "pyarrow.parquet",
    "pandas",
    "scipy",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.sparse",
    "scipy.stats",
    "networkx",
    "xarray",
    "PIL.Image",
)
"""Of these it is known that what they keep from their import is the same in each process, but for numpy's generator;
and that they look at no file of the user's then, as matplotlib does. What else they do is tried."""
_SETS_VARIABLES = re.compile(
    r"environ\s*(\[[^\]]*\]\s*=[^=]|\.\s*(update|setdefault|pop|clear)|\|=)|putenv|%(set_)?env\b"
)
ENOUGH = 2
"""So many bodies have imported a library: to import it ahead takes as long as two of them did."""


class Stock(importlib.abc.MetaPathFinder):
    """Of one zygote. It stands in ``sys.meta_path`` in the zygote and in its bodies."""

    def __init__(self, libraries: Sequence[str] = LIBRARIES) -> None:
        self._libraries = libraries
        self._modules: dict[str, ModuleType] = {}
        self._brings: dict[str, tuple[str, ...]] = {}
        self._attributes: dict[str, Any] = {}
        """What a module is in its parent, where that was there without it."""
        self._traces: dict[str, Traces] = {}
        """Of each library."""
        self._wanted: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        self._environment: dict[str, str | None] = {}
        self._path: tuple[str, ...] = ()
        self._folders: dict[str, int] = {}
        self._called: list[Callable[..., object]] = []
        """What bodies have had registered for their end."""
        self._zygote = os.getpid()
        self._limits: Any = _hidden("threadpoolctl")
        """It is no body's that has not imported it."""
        self._order: Order | None = None
        self._threads: int | None = None
        """How many the next body's libraries are to have; None: as many as they make by themselves."""
        self.size = 0
        """Bytes that all this takes, which are no body's own."""
        sys.meta_path.insert(0, self)

    def suits(self, order: Order) -> bool:
        """Whether a body of this order would import the same; the next body that begins is this order's."""
        previous, self._order = self._order, order
        if previous is not None and (_environment(previous), previous.path) != (_environment(order), order.path):
            # Who comes next may want the one before: what is imported for one is of no use to the other.
            self._wanted.clear()
        self._threads = None if surroundings.is_number_of_threads_said(order) else order.cpus
        if not self._modules:
            return True
        if self._threads not in (None, 1) and self._limits is None:
            return False
        if _SETS_VARIABLES.search(order.body):
            # Libraries may read them when they are imported.
            return False
        if (_environment(order), order.path) != (self._environment, self._path):
            return False
        if previous is None or previous.folder != order.folder:
            self._folders |= dict.fromkeys(_folders(order) - self._folders.keys(), -1)
        now = sources(self._folders)
        changed = [folder for folder, at in now.items() if at != self._folders[folder]]
        if any(_is_library(folder) or self._is_shadowed(folder) for folder in changed):
            return False
        self._folders = now
        return True

    def note(self, loaded: Iterable[int]) -> None:
        """A body has imported these of the libraries, by their numbers."""
        names = [self._libraries[number] for number in loaded]
        self._wanted.update(name for name in names if name not in self._refused)

    def loaded(self) -> list[int]:
        """In a body: the numbers of those that it had to import by itself."""
        names = enumerate(self._libraries)
        return [number for number, name in names if name in sys.modules and name not in self._modules]

    def fill(self, least: int = ENOUGH) -> None:
        """Import one that at least so many bodies have imported: an order that comes meanwhile waits for no more."""
        name = next((name for name in self._libraries if self._wanted[name] >= least), None)
        if name is None:
            return
        del self._wanted[name]
        if name not in self._brings and self._order is not None and self.suits(self._order):
            # Here no library makes threads.
            self._threads = None
            self._take(name, self._order)
            gc.collect()
            gc.freeze()

    def _take(self, name: str, order: Order) -> None:
        found = trial(name, order)
        if found.why:
            self._refused[name] = found.why
            return
        known, before = set(sys.modules), anonymous(os.getpid())
        with around(order), taken_off() as self._traces[name]:
            importlib.import_module(name)
        # Here nothing stays.
        self._called.clear()
        if not self._modules:
            self._environment, self._path = _environment(order), order.path
            self._folders = sources(_folders(order))
        self._brings[name] = tuple(each for each in sys.modules if each not in known)
        self._hide(self._brings[name])
        self.size += max(0, anonymous(os.getpid()) - before)

    def _hide(self, names: Sequence[str]) -> None:
        new = [name for name in names if name not in self._modules]
        for name in new:
            parent, _, last = name.rpartition(".")
            held = vars(sys.modules[parent]) if parent in sys.modules and parent not in new else {}
            if last in held:
                self._attributes[name] = held.pop(last)
        for name in names:
            self._modules[name] = sys.modules.pop(name)
        for name in self._attributes:
            # One that was given to this import is in its parent once more.
            parent, _, last = name.rpartition(".")
            vars(self._modules.get(parent, sys.modules.get(parent))).pop(last, None)

    def _is_shadowed(self, folder: str) -> bool:
        """Whether something in this folder of the user's is called like a module of ours."""
        try:
            there = {name.partition(".")[0] for name in os.listdir(folder)}
        except OSError:
            return False
        return any(name.partition(".")[0] in there for name in self._modules)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path
        module = self._modules.get(name)
        own = None if module is None else module.__spec__
        if module is None or own is None or target is not None or not self._stands_for(name):
            # With a target it is to be executed again.
            return None
        spec = importlib.machinery.ModuleSpec(name, _Taken(module, own, self.give), origin=own.origin)
        spec.submodule_search_locations = own.submodule_search_locations
        return spec

    def _stands_for(self, name: str) -> bool:
        """Whether the import would find the same: a body may have changed ``sys.path``."""
        parent = name.rpartition(".")[0]
        if parent:
            return sys.modules.get(parent) is self._modules.get(parent, sys.modules.get(parent))
        if os.getpid() == self._zygote or tuple(sys.path) == self._path:
            return True
        # What comes with it may be found elsewhere now.
        return all(_is_found(self._modules[each]) for each in self._brings[self._library_of(name)] if "." not in each)

    def _library_of(self, name: str) -> str:
        return name if name in self._brings else next(each for each in self._brings if name in self._brings[each])

    def give(self, name: str) -> None:
        """A body imports this one: what comes with it is there from now on, as after any import of it.

        Of a module of Python itself, which only came along, only others of its kind.
        """
        library = self._library_of(name)
        heard = {each for finder in sys.meta_path if isinstance(finder, ImportWatch) for each in finder.names}
        is_pythons = _is_pythons(name)
        wanted = [each for each in self._brings[library] if not is_pythons or _is_pythons(each)]
        missing = [each for each in wanted if each not in sys.modules]
        for each in missing:
            if each not in heard:
                sys.modules[each] = self._modules[each]
        self._refresh(name)
        for each in missing:
            self._refresh(each)
            if each in heard:
                # Somebody waits for this one.
                importlib.import_module(each)
            if each in self._attributes:
                parent, _, last = each.rpartition(".")
                vars(sys.modules[parent])[last] = self._attributes[each]
        if not is_pythons:
            self._traces[library].put()
        self._traces[library].call_at_end(wanted, self._called)

    def _refresh(self, name: str) -> None:
        """What must not be the same in each process, and what hangs on the order."""
        if name == "numpy.random":
            vars(self._modules[name])["seed"]()
        if name == "numpy" and self._threads not in (None, 1):
            assert self._limits is not None
            self._limits.threadpool_limits(self._threads)


class _Taken(importlib.abc.Loader):
    """Of a module that is there already."""

    def __init__(self, module: ModuleType, spec: importlib.machinery.ModuleSpec, give: Callable[[str], None]) -> None:
        self._module = module
        self._spec = spec
        self._give = give

    def __getattr__(self, name: str) -> object:
        # Whoever only looks for the module (importlib.util.find_spec) asks its loader more.
        return getattr(self._spec.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # Whoever looks at the module later finds its own there.
        module.__spec__, module.__loader__ = self._spec, self._spec.loader
        self._give(module.__name__)


def _hidden(name: str) -> ModuleType | None:
    """A module that is imported and not left in sight; None where it isn't installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    return sys.modules.pop(name, module)


def _is_found(module: ModuleType) -> bool:
    """Whether an import by ``sys.path`` as it is now finds this one, or any by none."""
    spec = module.__spec__
    if spec is None or spec.origin in ("built-in", "frozen"):
        return True
    found = importlib.machinery.PathFinder.find_spec(module.__name__)
    return found is not None and found.origin == spec.origin


def _is_pythons(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _environment(order: Order) -> dict[str, str | None]:
    """What the order's differs in from ours."""
    return {name: value for name, value in order.env.items() if os.environ.get(name) != value}


def _folders(order: Order) -> set[str]:
    return {folder or order.folder for folder in order.path}


def _is_library(folder: str) -> bool:
    return home_of_file(os.path.join(folder, "")) is Home.LIBRARY
