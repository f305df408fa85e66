"""Bodies that run in the engine's own process, one after the other: each binds its inputs, runs, stores its outputs and
reports as any other does, in a namespace of its own; what it did to libraries stays.

On the engine's main thread. Knows what an attempt needs; refuses to know what else the engine does.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from types import FrameType

from phelps_jupyter.runtime import bytecode, classes, ending, surroundings
from phelps_jupyter.runtime.bars import count_tqdm
from phelps_jupyter.runtime.cell import flush, outcome_of
from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.ground import Ground
from phelps_jupyter.runtime.interlude import interlude
from phelps_jupyter.runtime.lodging import Guest, Lodging
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.progress import METER
from phelps_jupyter.runtime.shell import beside_another
from phelps_jupyter.runtime.transcript import Pipe, open_stream
from phelps_jupyter.runtime.watch import Watch


class Interrupts:
    """A body can be interrupted while it runs, and nothing else here can; none that comes before is lost."""

    def __init__(self) -> None:
        self._came_early = False

    def hold(self) -> None:
        """Keep those that come from now on for the body."""
        self._came_early = False
        signal.signal(signal.SIGINT, self._keep)

    def _keep(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._came_early = True

    @contextmanager
    def heeded(self, dial: Dial) -> Iterator[None]:
        """Around the body."""
        try:
            signal.signal(signal.SIGINT, dial.heed_if_asked)
            if self._came_early:
                dial.heed_if_asked(signal.SIGINT, None)
            yield
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


class Guests:
    """Of one kernel."""

    def __init__(self) -> None:
        self._interrupts = Interrupts()
        self._came_from: tuple[str, tuple[str, ...]] | None = None

    def take_in(self, folder: str, forget: Callable[[], None]) -> bool:
        """Run the body that waits in the zygote's folder. False: it waits no more. ``forget``: modules of the project
        are to be imported anew."""
        # What the import system remembers of folders may be old.
        importlib.invalidate_caches()
        lodging = Lodging(folder)
        if not lodging.claim():
            return False
        # The zygote may be gone by now: then nobody waits for this any more.
        with suppress(BrokenPipeError):
            try:
                self._serve(lodging.guest(), lodging, folder, forget)
            except BaseException:
                # Where it has not begun, whoever cancels it finds it waiting.
                lodging.give_back()
                raise
        return True

    def _serve(self, guest: Guest, lodging: Lodging, folder: str, forget: Callable[[], None]) -> None:
        if self._came_from not in (None, (guest.order.folder, guest.order.path)):
            # What is imported by a name may be another module there.
            forget()
        self._came_from = guest.order.folder, guest.order.path
        dial = lodging.dial()
        pipe = lodging.pipe(dial)
        try:
            with interlude(guest.environment):
                pipe.take_place()
                self._interrupts.hold()
                pipe.begin()
                outcome = self._told(guest.order, folder, pipe, dial)
                dial.end()
            pipe.report(pickle.dumps(outcome))
        finally:
            pipe.close()
            dial.close()

    def _told(self, order: Order, folder: str, pipe: Pipe, dial: Dial) -> Outcome:
        """How it ended, whatever happens."""
        try:
            outcome = self._outcome(order, folder, pipe, dial)
        except KeyboardInterrupt as error:
            # It may have come before this could be said at the body's end.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            outcome = _interrupted(order, error)
        except Exception as error:
            # Something of ours, or a package that it needs: the body has not even begun.
            outcome = ending.not_begun(order, error)
        if not pipe.ours:
            # A process that the body has forked, and that has come back from there.
            os._exit(0)
        return outcome

    def _outcome(self, order: Order, folder: str, pipe: Pipe, dial: Dial) -> Outcome:
        sys.stdout, sys.stderr = open_stream(pipe, "stdout"), open_stream(pipe, "stderr")
        METER.connect(pipe.progress)
        count_tqdm()
        bytecode.distrust()
        classes.forget()
        surroundings.set_environment(order)
        files = _files()
        with beside_another(os.path.join(folder, "guest", "ipython")) as shell:
            try:
                with self._interrupts.heeded(dial):
                    outcome = outcome_of(order, folder, shell, pipe, files)
            finally:
                # It may have failed, or been interrupted, before it came to that.
                files.end()
            if pipe.ours:
                flush()
            return outcome


@cache
def _files() -> Watch:
    """The one of this process: it hears for all kernels, as it can't be taken out."""
    return Watch(Ground("/", "/"), "/")


def _interrupted(order: Order, error: KeyboardInterrupt) -> Outcome:
    """Before the body had begun, or after it."""
    return Outcome(order.run, order.attempt, "code", error_type=type(error).__name__, message="interrupted")
