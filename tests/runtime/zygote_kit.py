"""A zygote for tests: what it says, to be waited for."""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path

import psutil

from phelps_jupyter.runtime import attempts, shipment
from phelps_jupyter.runtime.keeper import Keeper, Setting
from phelps_jupyter.runtime.line import Message
from phelps_jupyter.runtime.news import news
from phelps_jupyter.runtime.orders import Order, Outcome, Wrote

HANG = 60.0
ENDLESS = "import os, subprocess\nprint('begun', os.getpid(), end='.')\nsubprocess.run(['sleep', '600'])"


def order_in(folder: Path, body: str) -> Order:
    """One attempt at a task ``fit`` whose body makes ``x``, on a store below the folder."""
    return Order(
        run=1,
        attempt=1,
        task="fit",
        body=body,
        inputs=(),
        outputs=("x",),
        declared=False,
        optional=frozenset(),
        store=str(folder / "store"),
        folder=str(folder),
        path=tuple(sys.path),
        env={},
        seed=None,
        cpus=1,
        memory=None,
        time=None,
    )


def _install() -> str:
    return shipment.install(shipment.pack())


class Told:
    """A keeper, and all that its zygotes have said."""

    def __init__(self, store: Path, owner: str = "", *, tied: bool = True) -> None:
        self.keeper = Keeper(Setting(str(store), owner or attempts.owner(), {}, tied), _install)
        self.messages: list[Message] = []
        self._store = store

    def until(self, kind: str, run: int = 1, text: bytes = b"") -> Message:
        """The first message of this kind about the run that has the text."""
        limit = time.monotonic() + HANG
        while True:
            for message in self.messages:
                if (message.kind, message.run) == (kind, run) and text in message.payload:
                    return message
            self._listen(limit)

    def wrote(self, run: int = 1, end: str = ".") -> str:
        """All that the run has written, as soon as this is in it: it may come in any pieces."""
        limit = time.monotonic() + HANG
        while True:
            told = [news(each) for each in self.messages if (each.kind, each.run) == ("frames", run)]
            text = "".join(frame.text for wrote in told if isinstance(wrote, Wrote) for frame in wrote.frames)
            if end in text:
                return text
            self._listen(limit)

    def _listen(self, limit: float) -> None:
        assert time.monotonic() < limit, self.messages
        if self.keeper.line is not None:
            select.select([self.keeper.line], [], [], 0.1)
        self.messages += self.keeper.hear()

    def outcome(self, run: int = 1) -> Outcome:
        """Its end, if it had one; a lost one fails the test with what is known."""
        outcome = news(self.until("outcome", run))
        assert isinstance(outcome, Outcome)
        return outcome

    @property
    def zygote(self) -> int:
        """The process that runs now."""
        (file,) = self._store.glob("engines/*/pid")
        return int(json.loads(file.read_text())["pid"])

    def body(self, run: int = 1) -> psutil.Process:
        """The process that runs ENDLESS, and has said so."""
        return psutil.Process(int(self.wrote(run).removeprefix("begun ").removesuffix(".")))
