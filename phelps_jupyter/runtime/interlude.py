"""What a body that runs in the engine's process changes of it, and how that is given back: the engine's user finds all
as it was, and so does the next body.

Knows the process; refuses to know what a body is. What libraries keep to themselves stays.
"""

from __future__ import annotations

import asyncio
import builtins
import gc
import importlib
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.machinery import SourceFileLoader
from typing import Any

from phelps_jupyter.runtime import library_settings, warning_filters
from phelps_jupyter.runtime.progress import METER

ATTRIBUTES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (sys, ("stdin", "stdout", "stderr", "displayhook", "excepthook")),
    (sys, ("last_type", "last_value", "last_traceback", "last_exc")),
    (builtins, ("input", "display", "get_ipython")),
    (SourceFileLoader, ("path_stats",)),
)
LISTS: tuple[tuple[Any, tuple[str, ...]], ...] = ((sys, ("path", "argv", "meta_path", "path_hooks")),)
_MISSING = object()


@contextmanager
def interlude(environment: Mapping[str, str]) -> Iterator[None]:
    """``environment``: that bodies begin with."""
    keepers = (_outputs, _folder, _attributes, _warnings, _generators, _threads, library_settings.given_back, _loop)
    with ExitStack() as stack:
        stack.enter_context(_environment(environment))
        for keep in keepers:
            stack.enter_context(keep())
        try:
            yield
        finally:
            METER.disconnect()
            # What it held goes before anybody counts.
            gc.collect()


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    _set_environment(environment)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    os.environ.update({name: value for name, value in wanted.items() if os.environ.get(name) != value})
    time.tzset()


@contextmanager
def _outputs() -> Iterator[None]:
    """What compiled code and subprocesses write."""
    kept = (os.dup(1), os.dup(2))
    try:
        yield
    finally:
        for number, copy in enumerate(kept, 1):
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _folder() -> Iterator[None]:
    before = os.open(".", os.O_RDONLY)
    mask = os.umask(0)
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        os.fchdir(before)
        os.close(before)


@contextmanager
def _attributes() -> Iterator[None]:
    lists = [(getattr(owner, name), list(getattr(owner, name))) for owner, names in LISTS for name in names]
    kept = [(owner, name, vars(owner).get(name, _MISSING)) for owner, names in ATTRIBUTES for name in names]
    main = sys.modules["__main__"]
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if sys.stdin not in (kept[0][2], sys.__stdin__):
            # Whatever a body has put there.
            with suppress(Exception):
                sys.stdin.close()
        for owner, name, value in kept:
            if value is not _MISSING:
                setattr(owner, name, value)
            elif name in vars(owner):
                delattr(owner, name)
        for held, before in lists:
            held[:] = before


@contextmanager
def _warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        try:
            yield
        finally:
            warning_filters.order(())


@contextmanager
def _generators() -> Iterator[None]:
    numpy_random = sys.modules.get("numpy.random")
    before, numpys = random.getstate(), None if numpy_random is None else numpy_random.get_state()
    try:
        yield
    finally:
        random.setstate(before)
        if numpy_random is not None:
            numpy_random.set_state(numpys)
        elif "numpy.random" in sys.modules:
            # Seeded for the body that has imported it.
            vars(sys.modules["numpy.random"])["seed"]()


@contextmanager
def _threads() -> Iterator[None]:
    """Of libraries that are there already."""
    limits: Any = None
    with suppress(ImportError):
        limits = importlib.import_module("threadpoolctl").threadpool_limits(None)
    try:
        yield
    finally:
        if limits is not None:
            limits.restore_original_limits()


@contextmanager
def _loop() -> Iterator[None]:
    """A body may await: the engine's own loop, which runs it, stands still meanwhile and steps aside."""
    loop = asyncio._get_running_loop()
    task = None if loop is None else asyncio.current_task(loop)
    if loop is not None and task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    threads, own = _loop_of_thread(), asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    try:
        yield
    finally:
        own.close()
        asyncio.set_event_loop(threads)
        asyncio._set_running_loop(loop)
        if loop is not None and task is not None:
            asyncio.tasks._enter_task(loop, task)


def _loop_of_thread() -> asyncio.AbstractEventLoop | None:
    """The one that is not running, as far as can be asked now."""
    with warnings.catch_warnings(), suppress(RuntimeError):
        warnings.simplefilter("ignore", DeprecationWarning)
        return asyncio.get_event_loop()
    return None
