"""What a zygote was told and has not done: orders that wait, attempts that are to end; and whether anybody listens."""

from __future__ import annotations

import os
import pickle
import select
from collections import deque

from phelps_jupyter.runtime.line import Line, Message
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.runtime.signs import Signs

LOOK = 1.0
"""Seconds between looks whether the kernel lives."""


class Inbox:
    """``parent``: the process that started the zygote; ``tied``: without it nothing is to run; ``signs``: of life."""

    def __init__(self, line: Line, parent: int, signs: Signs, *, tied: bool) -> None:
        self.line = line
        self._signs = signs
        self._parent = parent
        self._tied = tied
        self._orders: deque[Message] = deque()
        self._open: set[tuple[int, int]] = set()
        """Attempts that wait, and the one that was taken last."""
        self._cancelled: set[tuple[int, int]] = set()
        """Of those."""
        self._heard: set[tuple[int, int]] = set()
        """Of those, too."""
        self.is_forsaken = False
        """The kernel is gone, as far as anybody can tell; whoever started the zygote is there."""

    @property
    def is_orphaned(self) -> bool:
        """Whoever started the zygote is gone: nothing more will come."""
        return self.line.closed or os.getppid() != self._parent

    @property
    def is_abandoned(self) -> bool:
        """What runs is to end as well."""
        return self._tied and self.is_orphaned

    def fileno(self) -> int:
        return self.line.fileno()

    def wait(self) -> Order | None:
        """The next order, if one comes within a second."""
        if not self._orders:
            poll = select.poll()
            poll.register(self.line, select.POLLIN | (select.POLLOUT if self.line.pending else 0))
            poll.poll(LOOK * 1000)
            self.take()
        if not self._orders:
            return None
        message = self._orders.popleft()
        self._open = {message.number, *(waiting.number for waiting in self._orders)}
        self._cancelled &= self._open
        self._heard &= self._open
        order: Order = pickle.loads(message.payload)
        return order

    def take(self) -> None:
        """Take note of what has come, and send what could not be sent. Whatever the zygote does, it comes by here."""
        self._signs.give()
        self.line.flush()
        for message in self.line.receive():
            if message.kind == "order":
                self._orders.append(message)
                self._open.add(message.number)
            elif message.kind == "farewell":
                self.is_forsaken = True
            elif message.kind == "heard":
                self._heard.add(message.number)
            elif message.number in self._open:
                self._cancelled.add(message.number)

    def is_cancelled(self, run: int, attempt: int) -> bool:
        return (run, attempt) in self._cancelled

    def is_heard(self, run: int, attempt: int) -> bool:
        """The kernel knows how it ended."""
        return (run, attempt) in self._heard

    def close(self) -> None:
        """In another process: the line is not its own."""
        self.line.close()
