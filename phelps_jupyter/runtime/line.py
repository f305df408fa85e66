"""Messages over a stream socket, in order and whole; sending never blocks, and receiving takes what is there.

Standard library alone: it is loaded by itself where an engine runs. Knows no kinds of messages but their names.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

HEADER = struct.Struct(">IBQI")
KINDS = ("order", "cancel", "started", "frames", "outcome", "gone", "farewell", "wanted", "heard")
"""To an engine: an order (a pickled Order), that an attempt is to end, that nobody is there any more, and that the
kernel has heard how an attempt has ended that the engine itself ran. Back: that its body runs (the pid of it), lines of
its transcript, its pickled Outcome; or instead of that, in words, why there will be none; and that the engine itself is
to run its body, which waits in this folder."""
PORTION = 1 << 18


class Message(NamedTuple):
    """``run`` and ``attempt``: the attempt that it is about."""

    kind: str
    run: int
    attempt: int
    payload: bytes = b""

    @property
    def number(self) -> tuple[int, int]:
        return self.run, self.attempt


def pack(message: Message) -> bytes:
    """The message as bytes that tell their own length."""
    kind, run, attempt, payload = message
    return HEADER.pack(len(payload), KINDS.index(kind), run, attempt) + payload


def unpack(data: bytes) -> Message:
    """What ``pack`` made of a message. Errors: ValueError."""
    (message,) = _unpacked(bytearray(data))
    return message


class Line:
    """One end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._out = bytearray()
        self._in = bytearray()
        self.closed = False
        """The other end is gone. What it sent before was received."""

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Something waits for the other end to take it."""
        return bool(self._out)

    def send(self, message: Message) -> None:
        self._out += pack(message)
        self.flush()

    def flush(self) -> None:
        """Send what the other end takes now."""
        while self._out:
            try:
                sent = self._socket.send(memoryview(self._out)[:PORTION])
            except BlockingIOError:
                return
            except OSError:
                # That the other end is gone is found when everything from there has been received.
                self._out.clear()
                return
            del self._out[:sent]

    def receive(self) -> list[Message]:
        """What has come."""
        while not self.closed:
            try:
                data = self._socket.recv(PORTION)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            self.closed = not data
            self._in += data
        return list(_unpacked(self._in))

    def close(self) -> None:
        self.closed = True
        self._socket.close()


def _unpacked(held: bytearray) -> Iterator[Message]:
    """Take whole messages off the front."""
    at = 0
    while len(held) - at >= HEADER.size:
        length, kind, run, attempt = HEADER.unpack_from(held, at)
        end = at + HEADER.size + length
        if end > len(held):
            break
        yield Message(KINDS[kind], run, attempt, bytes(held[at + HEADER.size : end]))
        at = end
    del held[:at]
