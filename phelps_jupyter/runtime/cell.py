"""One attempt inside its own process: binds the inputs, runs the body, stores the outputs, reports.

Knows the order of these steps; refuses to know who forked it and what follows.
"""

from __future__ import annotations

import atexit
import faulthandler
import importlib
import os
import pickle
import shutil
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from phelps_jupyter.runtime import abroad, bytecode, surroundings
from phelps_jupyter.runtime.bars import count_tqdm
from phelps_jupyter.runtime.body_watch import BodyWatch
from phelps_jupyter.runtime.carrier import Unfetched
from phelps_jupyter.runtime.generators import Generators
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.harvest import Harvest, UnmetError, bind
from phelps_jupyter.runtime.homes import look_at_loaded
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.processes import LIBC
from phelps_jupyter.runtime.progress import METER
from phelps_jupyter.runtime.shell import Raised, Shell, open_shell
from phelps_jupyter.runtime.stock import Stock
from phelps_jupyter.runtime.transcript import Pipe, open_stream
from phelps_jupyter.runtime.watch import Watch

LATER = ("bdb", "IPython.core.logger")
"""What IPython imports on first use, by any body."""


class Stage:
    """What every body finds set up, made before any is there: each has it to itself, in the process forked for it."""

    def __init__(self, folder: str, stock: Stock) -> None:
        self._stock = stock
        self._scratch = os.path.join(folder, "ipython")
        self._shell = open_shell(self._scratch)
        self._laid_out = _tree(self._scratch)
        bytecode.distrust()
        _warm(self._shell)

    def run(self, order: Order, folder: str, pipe: Pipe) -> None:
        """Run the order and report its Outcome. Returns in the body's process alone, whatever the body forked."""
        sys.stdout = open_stream(pipe, "stdout")
        sys.stderr = open_stream(pipe, "stderr")
        METER.connect(pipe.progress)
        count_tqdm()
        with open(os.path.join(folder, "fault"), "w") as fault:
            faulthandler.enable(fault)
            outcome = outcome_of(order, folder, self._shell, pipe)
            if not pipe.ours:
                os._exit(0)
            flush()
            pipe.tell_loaded(self._stock.loaded())
            pipe.report(pickle.dumps(outcome))
            # Temporary folders that the body opened are removed here.
            atexit._run_exitfuncs()
            self._shell.user_ns.clear()
            faulthandler.disable()

    def clear(self) -> None:
        """What a body has left among IPython's files is not there for the next one."""
        if _tree(self._scratch) != self._laid_out:
            shutil.rmtree(self._scratch, ignore_errors=True)
            for path, *_ in self._laid_out:
                os.makedirs(path, exist_ok=True)


def _warm(shell: Shell) -> None:
    """Do once what each body would do for the first time: import, compile patterns."""
    for name in LATER:
        importlib.import_module(name)
    shell.code_of("1")
    look_at_loaded()
    Ground("/", "/")


def _tree(folder: str) -> list[tuple[str, list[str], list[str]]]:
    return sorted(os.walk(folder))


def flush() -> None:
    """What compiled code and the original streams still hold: nothing of that is written when the process ends."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None and not stream.closed:
            stream.flush()
    LIBC.fflush(None)


def outcome_of(order: Order, folder: str, shell: Shell, pipe: Pipe, files: Watch | None = None) -> Outcome:
    """Run the order in this process. ``files``: what watches them, where this process has other bodies as well."""
    try:
        order, haul = abroad.enter(order, folder)
        surroundings.enter(order)
        shell.enter(order.task, pipe)
        return abroad.leave(order, haul, _attempt(order, shell, BodyWatch(order, folder, files)))
    except Unfetched as error:
        told = str(error)
        return Outcome(order.run, order.attempt, "lost", message=told, evidence=told, haul=error.haul)
    except UnmetError as error:
        return Outcome(order.run, order.attempt, "output", message=str(error))
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        return _failed(order, error, None, text)


def _attempt(order: Order, shell: Shell, watch: BodyWatch) -> Outcome:
    # Modules among the inputs are imported here, and may read data.
    watch.begin()
    bound = bind(order, shell.user_ns)
    _load(order.modules)
    inputs = {name: each.value for name, each in bound.items()}
    generators = Generators(order.seed)
    generators.seed()
    shell.absent = order.absent
    before = frozenset(shell.user_ns)
    raised: Raised | None = shell.run_body(order.body)
    watch.end()
    if raised is not None:
        seen = watch.names(shell.code_of(order.body), inputs)
        return replace(_failed(order, raised.error, raised.line, raised.traceback), sightings=seen)
    # Before the outputs are stored: pickling them may draw, and read files.
    drew = generators.drew()
    sightings = watch.sightings(shell.code_of(order.body), inputs)
    return replace(Harvest(order, shell.user_ns, bound, before).outcome(), drew=drew, sightings=sightings)


def _load(modules: Iterable[str]) -> None:
    """As the cells above have done. What can't be imported here may have been optional there: the body will tell."""
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)


def _failed(order: Order, error: BaseException, line: int | None, text: str) -> Outcome:
    return Outcome(
        order.run,
        order.attempt,
        "memory" if isinstance(error, MemoryError) else "code",
        error_type=type(error).__name__,
        message="\n".join([str(error), *getattr(error, "__notes__", ())]),
        line=line,
        traceback=text,
    )
