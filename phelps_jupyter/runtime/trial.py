"""What importing a library does, found out in a process forked for that: which modules it brings, and what else.

Knows what would show in a body that does not import it; refuses to know what is done with the answer.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from phelps_jupyter.runtime import surroundings
from phelps_jupyter.runtime.homes import Home, home_of_file
from phelps_jupyter.runtime.limits import kill_all
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.processes import PR_SET_PDEATHSIG, control_process
from phelps_jupyter.runtime.traces import taken_off

PATIENCE = 30.0
"""Seconds that an import may take."""
STUCK = 5.0
PORTION = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """``modules``: all that it brings along, in order; none, where ``why`` says what speaks against it."""

    modules: tuple[str, ...] = ()
    why: str = ""


@contextmanager
def around(order: Order) -> Iterator[None]:
    """As it is around a body of such an order, with one cpu: afterwards all is as before."""
    environment, path = dict(os.environ), list(sys.path)
    surroundings.set_environment(replace(order, cpus=1))
    # The zygote is in another folder.
    sys.path[:] = [folder or order.folder for folder in order.path]
    importlib.invalidate_caches()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path


def trial(library: str, order: Order) -> Found:
    """Import it in a process of its own, as a body of such an order would."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _try(library, order, writer)
    os.close(writer)
    told = _read(reader, time.monotonic() + PATIENCE)
    os.close(reader)
    _end_all()
    try:
        modules, why = json.loads(told)
    except ValueError:
        return Found(why="it ended the process, or took too long")
    return Found(() if why else tuple(modules), why)


def _end_all() -> None:
    """The process, and whatever it has started."""
    until = time.monotonic() + STUCK
    while kill_all(os.getpid()) and time.monotonic() < until:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        time.sleep(0.001)


def _read(reader: int, until: float) -> bytes:
    told = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([reader], [], [], left)[0]:
            data = os.read(reader, PORTION)
            if not data:
                break
            told += data
    return told


def _try(library: str, order: Order, writer: int) -> NoReturn:
    """In a process of its own, which ends here."""
    try:
        control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            modules, why = _imported(library, order)
            why = why or ("it writes" if os.fstat(said.fileno()).st_size else "")
        os.write(writer, json.dumps([modules, why]).encode())
    finally:
        os._exit(0)


def _imported(library: str, order: Order) -> tuple[list[str], str]:
    known, callbacks = set(sys.modules), atexit._ncallbacks()
    with around(order):
        environment = dict(os.environ)
        with taken_off(), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                importlib.import_module(library)
            except Exception as error:
                return [], f"it can't be imported: {error!r}"
        modules = [name for name in sys.modules if name not in known]
        signs = {
            "it warns": bool(warned),
            "it changes the environment": environment != dict(os.environ),
            "it wants to be called at the end": callbacks != atexit._ncallbacks(),
            "it starts threads": len(os.listdir("/proc/self/task")) > 1,
            "it brings modules that are no library's": any(map(_is_changing, modules)),
            "it reads the number of threads once and for all": not _READERS.isdisjoint(modules),
        }
    return modules, next((why for why, is_so in signs.items() if is_so), "")


_READERS = frozenset({"numexpr", "numba"})


def _is_changing(name: str) -> bool:
    file = getattr(sys.modules[name], "__file__", None)
    return file is not None and home_of_file(file) is not Home.LIBRARY


def sources(folders: Iterable[str]) -> dict[str, int]:
    """When each of these folders was changed last; 0: it isn't there."""
    return {folder: _changed_at(folder) for folder in folders}


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
