"""The folder in which an order waits for the engine whose own process is to run its body, with the pipes and the dial
between the two.

Knows who may take the order: the engine by claiming it, or the zygote by withdrawing it, never both.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import NamedTuple

from phelps_jupyter.runtime.dial import Dial
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.transcript import Pipe

PIPES = ("control", "out", "err")


class Guest(NamedTuple):
    """What an engine is given: the order, and the environment that bodies begin with."""

    order: Order
    environment: Mapping[str, str]


class Lodging:
    """``folder``: of the zygote, for one attempt at a time."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(folder, "guest")

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def lay_out(self, guest: Guest) -> list[int]:
        """In the zygote: let the order wait. The reading ends of the pipes."""
        os.mkdir(self._folder, 0o700)
        for name in PIPES:
            os.mkfifo(self._path(name), 0o600)
        with open(self._path("dial"), "wb") as file:
            file.truncate(mmap.PAGESIZE)
        readers = [os.open(self._path(name), os.O_RDONLY | os.O_NONBLOCK) for name in PIPES]
        with open(self._path("order.part"), "wb") as file:
            pickle.dump(guest, file)
        os.rename(self._path("order.part"), self._path("order"))
        return readers

    def waits(self) -> bool:
        """In the zygote: no engine has taken it."""
        return os.path.exists(self._path("order"))

    def withdraw(self) -> bool:
        """In the zygote: nobody is to run it. False: an engine has taken it."""
        try:
            os.unlink(self._path("order"))
        except FileNotFoundError:
            return False
        return True

    def claim(self) -> bool:
        """In the engine: it is to be run now; False when it was withdrawn."""
        try:
            os.rename(self._path("order"), self._path("taken"))
        except FileNotFoundError:
            return False
        return True

    def guest(self) -> Guest:
        """In the engine: what was claimed."""
        with open(self._path("taken"), "rb") as file:
            guest: Guest = pickle.load(file)
        return guest

    def give_back(self) -> None:
        """In the engine: it could not be run, and waits until it is withdrawn; if the zygote is still there."""
        with suppress(FileNotFoundError):
            os.rename(self._path("taken"), self._path("order"))

    def dial(self) -> Dial:
        """The same one for both."""
        with open(self._path("dial"), "r+b") as file:
            return Dial(file.fileno())

    def pipe(self, dial: Dial) -> Pipe:
        """In the engine: the writing ends. Errors: OSError, when the zygote is gone."""
        with ExitStack() as opened:
            writers = []
            for name in PIPES:
                writers.append(os.open(self._path(name), os.O_WRONLY | os.O_NONBLOCK))
                opened.callback(os.close, writers[-1])
                os.set_blocking(writers[-1], True)
            opened.pop_all()
        control, *raw = writers
        return Pipe(control, tuple(raw), dial)
