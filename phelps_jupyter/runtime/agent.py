"""A session's side of an engine: its zygote's messages, kept until the kernel has heard them, and a thread that carries
them over a channel of their own.

Standard library and pyzmq alone: it is loaded by itself where an engine runs. Messages are bytes, as ``line`` packs
them; those of the zygote are numbered from 0, so that none is lost or told twice, whichever way they go.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Sequence

import zmq

from phelps_jupyter.runtime.keeper import Keeper
from phelps_jupyter.runtime.line import pack, unpack

COUNT = struct.Struct(">Q")
DISMISSAL = b""
"""From the kernel in the place of a count: it wants nothing of this engine any more."""
BEAT = 0.5
"""Seconds between signs of life."""
AGAIN = 4 * BEAT
"""Seconds after which what nobody has heard is sent once more."""
LEASE = 60.0
"""Seconds without a word from the kernel after which the channel is given up."""
AT_ONCE = 64
"""Messages of one sending, at most."""
UNHEARD = 8 * AT_ONCE
"""Messages that are on their way, at most."""


class Post:
    """The zygote's messages, kept until they were heard, and the way to it. One thread at a time may use it."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self._first = 0
        self._kept: list[bytes] = []

    @property
    def heard(self) -> int:
        """How many messages of the zygotes the kernel is known to have heard."""
        return self._first

    def take(self, heard: int, messages: Sequence[bytes]) -> None:
        """From the kernel: it has heard so many of ours, and says these."""
        if heard > self._first:
            del self._kept[: heard - self._first]
            self._first = heard
        for message in messages:
            self.keeper.tell(unpack(message))

    def since(self, number: int) -> list[bytes]:
        """The messages from this number on, as far as there are any and the kernel has not heard them."""
        self._kept += map(pack, self.keeper.hear())
        return self._kept[max(number - self._first, 0) :]


class Agent(threading.Thread):
    """Carries messages while it lives. ``name``: what the kernel knows it by."""

    def __init__(self, post: Post, endpoint: str, name: bytes) -> None:
        super().__init__(name="phelps-agent", daemon=True)
        self._post = post
        self._endpoint = endpoint
        self._name = name
        self._stopping = threading.Event()
        self._sent = 0
        self._sent_at = 0.0
        self._heard = 0
        self._heard_at = 0.0
        self._patience = AGAIN
        self._word_at = time.monotonic()

    def run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            socket.linger = 0
            socket.setsockopt(zmq.IDENTITY, self._name)
            socket.connect(self._endpoint)
            while not self._stopping.is_set() and time.monotonic() - self._word_at < LEASE:
                self._send(socket)
                self._wait(socket)
                while socket.poll(0):
                    self._word_at = time.monotonic()
                    count, *messages = socket.recv_multipart()
                    if count == DISMISSAL:
                        self._post.keeper.close()
                        return
                    self._post.take(COUNT.unpack(count)[0], messages)

    def stop(self) -> None:
        """End it; what was not heard stays with the post."""
        self._stopping.set()
        self.join()

    def _wait(self, socket: zmq.Socket[bytes]) -> None:
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        line = self._post.keeper.line
        if line is not None:
            poller.register(line.fileno(), zmq.POLLIN | (zmq.POLLOUT if line.pending else 0))
        poller.poll(int(BEAT * 1000))

    def _send(self, socket: zmq.Socket[bytes]) -> None:
        now = time.monotonic()
        if self._post.heard >= self._sent or self._post.heard > self._heard:
            self._heard, self._heard_at, self._patience = self._post.heard, now, AGAIN
        elif now - self._heard_at > self._patience:
            self._sent, self._heard_at, self._patience = self._post.heard, now, min(2 * self._patience, LEASE)
        room = UNHEARD - (self._sent - self._post.heard)
        messages = self._post.since(self._sent)[: min(AT_ONCE, max(room, 0))]
        if not messages and now - self._sent_at < BEAT:
            return
        try:
            socket.send_multipart([COUNT.pack(self._sent), *messages], zmq.NOBLOCK)
        except zmq.Again:
            # Nobody takes it now.
            return
        self._sent += len(messages)
        self._sent_at = now
