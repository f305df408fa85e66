"""matplotlib's rcParams and pandas' options: what differs from the library's own, read in the kernel, set in a body.

Imports neither library: in a kernel that has not loaded it there is nothing to read, and in a body they are set when
the body, or one of its inputs, is the one to import it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from phelps_jupyter.runtime import values
from phelps_jupyter.runtime.import_watch import ImportWatch

MATPLOTLIB, PANDAS = "matplotlib", "pandas"
NAMES = {MATPLOTLIB: "matplotlib rcParams", PANDAS: "pandas options"}
"""Library -> what its settings are called."""

_OF_THE_FRONT_END = frozenset({"backend", "backend_fallback", "interactive"})
"""rcParams that follow from where figures are shown: a body has its own."""
_OF_A_NOTEBOOK: dict[str, dict[str, Any]] = {PANDAS: {"display.max_columns": 20}}
"""Defaults in a kernel. pandas takes the body's shell for a terminal."""


def changed(library: str) -> dict[str, Any]:
    """The options of a library that differ from those that it came with, sorted; none when it is not loaded."""
    pairs = _READERS[library]()
    return {name: value for name, value, default in sorted(pairs, key=lambda pair: pair[0]) if _differ(value, default)}


def _rc_params() -> Iterator[tuple[str, Any, Any]]:
    matplotlib: Any = sys.modules.get(MATPLOTLIB)
    now, own = getattr(matplotlib, "rcParams", None), getattr(matplotlib, "rcParamsOrig", None)
    if now is None or own is None:
        return
    # As dict's own: taking an item through rcParams may choose a backend, or warn.
    for name, value in list(dict.items(now)):
        if name not in _OF_THE_FRONT_END:
            yield name, value, dict.get(own, name)


def _pandas_options() -> Iterator[tuple[str, Any, Any]]:
    # Through get_option the deprecated ones would warn; and no public call tells the defaults.
    config: Any = sys.modules.get("pandas._config.config")
    registered = getattr(config, "_registered_options", None) or {}
    for name, option in list(registered.items()):
        yield name, _held(config._global_config, name), option.defval


def _held(tree: Any, name: str) -> Any:
    for step in name.split("."):
        tree = tree[step]
    return tree


_READERS: dict[str, Callable[[], Iterator[tuple[str, Any, Any]]]] = {MATPLOTLIB: _rc_params, PANDAS: _pandas_options}


def _differ(value: Any, default: Any) -> bool:
    if value is default:
        return False
    try:
        return type(value) is not type(default) or bool(value != default)
    except Exception:  # anybody's ==, an array's for one
        return True


@contextmanager
def given_back() -> Iterator[None]:
    """What is set from now on counts until the end of this, also of a library that is imported meanwhile."""
    before = {library: {name: value for name, value, _ in _READERS[library]()} for library in NAMES}
    try:
        yield
    finally:
        for library in NAMES:
            found = [(name, now, before[library].get(name, own)) for name, now, own in _READERS[library]()]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for name, now, value in found:
                    if _differ(now, value):
                        _set_one(library, name, value)


def order(settings: Mapping[str, Mapping[str, bytes]]) -> None:
    """In a body's process: set these as soon as the library is there."""
    pending = {library: settings.get(library, {}) for library in NAMES}
    watch = ImportWatch({library: lambda name: _set(name, pending[name]) for library in pending})
    for library in NAMES:
        if library in sys.modules:
            _set(library, pending[library])
    watch.install()


def _set(library: str, packed: Mapping[str, bytes]) -> None:
    wanted = {name: values.loads(value) for name, value in packed.items()}
    with warnings.catch_warnings():
        # Of deprecated options: the kernel has said so when they were set.
        warnings.simplefilter("ignore")
        for name, value in {**_OF_A_NOTEBOOK.get(library, {}), **wanted}.items():
            # Another version of the library may not know an option, or not this value of it.
            with suppress(KeyError, ValueError, AttributeError):
                _set_one(library, name, value)


def _set_one(library: str, name: str, value: Any) -> None:
    module: Any = sys.modules[library]
    if library == MATPLOTLIB:
        module.rcParams[name] = value
    else:
        module.set_option(name, value)
