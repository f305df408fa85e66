"""Waits in the kernel's main thread: says what for, and can be interrupted. Knows no task."""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell

from phelps_jupyter.errors import PhelpsError

PATIENCE = 0.5
"""Seconds that a plain cell waits before it says what for."""


class Interrupted(PhelpsError):
    """The wait was interrupted, by the front end's button or Ctrl-C."""


def wait_until(
    shell: InteractiveShell,
    moved: threading.Condition,
    condition: Callable[[], bool],
    what: str,
    *,
    clears: bool,
    meanwhile: Callable[[], None],
    far: Callable[[], str] = str,
) -> None:
    """Wait until ``condition`` holds; it is looked at whenever something has ``moved``. Errors: Interrupted.

    ``meanwhile``: done again and again, as this thread is not free for it otherwise. ``far``: how far it is, in words.

    ``clears``: the cell has shown nothing so far, and what is said about the wait goes with its end.
    """
    begun, told = time.monotonic(), ""
    notice = _Notice(shell, clears)
    with interrupts() as interrupted:
        while not (interrupted.is_set() or condition()):
            meanwhile()
            with moved:
                moved.wait(timeout=0.05)
            waited = time.monotonic() - begun
            text = (
                " · ".join(filter(None, (f"waiting for {what}", far(), f"{waited:.0f} s"))) if waited > PATIENCE else ""
            )
            if text != told:
                notice.say(text)
                told = text
    if told:
        notice.end(f"waited {time.monotonic() - begun:.0f} s for {what}")
    if interrupted.is_set():
        raise Interrupted(f"the wait for {what} was interrupted; what runs goes on")


class _Notice:
    """A line in the cell's output that changes."""

    def __init__(self, shell: InteractiveShell, clears: bool) -> None:
        self._publisher = shell.display_pub
        self._clears = clears
        self._transient = {"display_id": f"phelps-wait-{secrets.token_hex(4)}"}
        self._told = False

    def say(self, text: str) -> None:
        if self._clears:
            self._publisher.clear_output(wait=True)
            self._publisher.publish({"text/plain": text})
        else:
            self._publisher.publish({"text/plain": text}, transient=self._transient, update=self._told)
            self._told = True

    def end(self, text: str) -> None:
        if self._clears:
            self._publisher.clear_output(wait=False)
        else:
            self.say(text)


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """An event that SIGINT sets. KeyboardInterrupt would end the kernel's loop in a cell with top-level ``await``."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, as in any cell, also while the kernel is idle or waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
