"""Which of the libraries with settings of their own a body may reach. Errs towards yes: settings change rarely."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress

from phelps_jupyter.adapters.requirements import may_reach
from phelps_jupyter.core.dialect import to_python
from phelps_jupyter.core.model import Part, PartKind, Task
from phelps_jupyter.core.modules import imported
from phelps_jupyter.runtime.library_settings import NAMES

_LOADERS = frozenset(
    {"pickle", "shelve", "importlib", "runpy", "joblib", "dill", "cloudpickle", "__import__", "get_ipython"}
)
"""What loads libraries that nobody names: their values', or what a text says."""


def libraries_reached(task: Task, parts: Iterable[Part]) -> frozenset[str]:
    """By what the body imports, and by what its inputs come from; all where that can't be known."""
    listed = list(parts)
    if _loads_unknown(task) or any(part.kind is PartKind.INPUT and not _is_plain(part) for part in listed):
        return frozenset(NAMES)
    distributions = [part.name for part in listed if part.kind is PartKind.VERSION]
    return frozenset(library for library in NAMES if any(may_reach(name, library) for name in distributions))


def _loads_unknown(task: Task) -> bool:
    bindings = task.bindings
    return bindings.reads_everything or not _LOADERS.isdisjoint(bindings.reads | _imported(task.body))


def _imported(body: str) -> frozenset[str]:
    try:
        tree = ast.parse(body)
    except SyntaxError:
        tree = ast.parse(to_python(body))
    return frozenset(module.partition(".")[0] for module, _ in imported(tree))


def _is_plain(part: Part) -> bool:
    """A number, a text or an array: no object of a library that displays itself."""
    with suppress(ValueError, SyntaxError):
        ast.literal_eval(part.detail)
        return True
    return part.detail.startswith("array ")
