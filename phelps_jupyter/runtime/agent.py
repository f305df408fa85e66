"""A session's side of an engine: its zygote with a mailbox, and a thread that carries letters over a channel of their
own.

Standard library and pyzmq alone: it is loaded by itself where an engine runs. Messages are bytes, as ``line`` packs
them.
"""

from __future__ import annotations

import struct
import threading
import time
from typing import NamedTuple

import zmq

from phelps_jupyter.runtime.keeper import Keeper
from phelps_jupyter.runtime.line import Message, pack, unpack
from phelps_jupyter.runtime.mailbox import Letters, Mailbox

HEAD = struct.Struct(">QQ")
"""Of letters, before their messages: how many messages were heard, and the number of the first."""
DISMISSAL = b""
"""From the kernel in the place of a head: it wants nothing of this engine any more."""
BEAT = 0.5
"""Seconds between signs of life."""
SILENCE = 4 * BEAT
"""Seconds without a word from the kernel, which answers each of ours, after which another connection is made."""
LEASE = 60.0
"""Seconds without a word from the kernel after which the channel is given up."""
ROOM = 1 << 22
"""Bytes of messages that are kept, about: beyond it the zygote is not listened to, and keeps them itself."""


class Keys(NamedTuple):
    """What an agent shows at the kernel's gate; the secret one never leaves its process."""

    public: bytes
    secret: bytes


def new_keys() -> Keys:
    return Keys(*zmq.curve_keypair())


class Post:
    """A zygote, and the mailbox for what it is told and says. One thread at a time may use it, and a Vigil."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.mailbox = Mailbox()
        self._word_at = time.monotonic()
        self._lock = threading.Lock()
        self._guests: set[tuple[int, int]] = set()
        """Attempts that the engine itself runs, or is to run."""
        self._ends: list[tuple[int, tuple[int, int]]] = []
        """Of those: how many messages will have arrived when their outcome has."""

    def silence(self) -> float:
        """Seconds since the kernel's last word, whichever way it came."""
        return time.monotonic() - self._word_at

    def forsake(self) -> None:
        """Nobody is there: let the zygote finish what it runs, keep that, and end. To be called until it has."""
        with self._lock:
            self.keeper.forsake()
            self._gather()

    @property
    def is_full(self) -> bool:
        """The kernel hears nothing, or not as fast as the zygote says it."""
        return self.mailbox.size > ROOM

    def take(self, letters: Letters) -> None:
        """From the kernel."""
        self._word_at = time.monotonic()
        with self._lock:
            for message in self.mailbox.take(letters):
                self.keeper.tell(unpack(message))
            for end in [end for end in self._ends if end[0] <= self.mailbox.arrived]:
                # Whoever has to kill the engine waits for that.
                self._ends.remove(end)
                self.keeper.tell(Message("heard", *end[1]))

    def collect(self) -> None:
        """What the zygote has said, if there is room for it."""
        with self._lock:
            if not self.is_full:
                self._gather()
            elif self.keeper.line is not None:
                # What is said to it goes on.
                self.keeper.line.flush()

    def _gather(self) -> None:
        for message in self.keeper.hear():
            arrived = self.mailbox.put(pack(message))
            if message.kind == "wanted":
                self._guests.add(message.number)
            elif message.kind in ("outcome", "gone") and message.number in self._guests:
                self._guests.discard(message.number)
                self._ends.append((arrived, message.number))


class Agent(threading.Thread):
    """Carries letters while it lives. ``name``: what the kernel knows it by.

    ``kernel`` and ``keys``: with them it goes to the kernel's gate, which has this key.
    """

    def __init__(self, post: Post, endpoint: str, name: bytes, kernel: bytes = b"", keys: Keys | None = None) -> None:
        super().__init__(name="phelps-agent", daemon=True)
        self._post = post
        self._endpoint = endpoint
        self._known_as = name
        self._kernel = kernel
        self._keys = keys
        self._stopping = threading.Event()
        self._spoke_at = 0.0
        self._word_at = time.monotonic()

    def run(self) -> None:
        with zmq.Context() as context:
            while not self._stopping.is_set() and time.monotonic() - self._word_at < LEASE:
                with context.socket(zmq.DEALER) as socket:
                    self._connect(socket)
                    self._converse(socket)

    def stop(self) -> None:
        """End it; what was not heard stays with the post."""
        self._stopping.set()
        self.join()

    def _connect(self, socket: zmq.Socket[bytes]) -> None:
        socket.linger = 0
        socket.setsockopt(zmq.IDENTITY, self._known_as)
        if self._keys is not None:
            socket.curve_publickey, socket.curve_secretkey = self._keys
            socket.curve_serverkey = self._kernel
        socket.connect(self._endpoint)

    def _converse(self, socket: zmq.Socket[bytes]) -> None:
        """While it is wanted, and the connection is any good."""
        began = time.monotonic()
        while not self._stopping.is_set() and time.monotonic() - max(began, self._word_at) < SILENCE:
            self._send(socket)
            self._wait(socket)
            while socket.poll(0):
                self._word_at = time.monotonic()
                head, *messages = socket.recv_multipart()
                if head == DISMISSAL:
                    self._post.keeper.close()
                    self._stopping.set()
                    return
                heard, first = HEAD.unpack(head)
                self._post.take(Letters(heard, first, messages))

    def _wait(self, socket: zmq.Socket[bytes]) -> None:
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        line = self._post.keeper.line
        if line is not None:
            wanted = (0 if self._post.is_full else zmq.POLLIN) | (zmq.POLLOUT if line.pending else 0)
            poller.register(line.fileno(), wanted)
        poller.poll(int(BEAT * 1000))

    def _send(self, socket: zmq.Socket[bytes]) -> None:
        self._post.collect()
        letters = self._post.mailbox.letters()
        if not letters.messages and time.monotonic() - self._spoke_at < BEAT:
            return
        try:
            socket.send_multipart([HEAD.pack(letters.heard, letters.first), *letters.messages], zmq.NOBLOCK)
        except zmq.Again:
            # Nobody takes it now.
            return
        self._post.mailbox.sent(letters)
        self._spoke_at = time.monotonic()
