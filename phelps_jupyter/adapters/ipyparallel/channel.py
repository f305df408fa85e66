"""The kernel's end of a channel of our own: engines' agents connect to it, and messages go round ipyparallel.

The one place of the kernel that knows zmq. Knows names of engines and messages as bytes; refuses to know what they say.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress

import zmq

from phelps_jupyter.adapters.ipyparallel.gate import Gate
from phelps_jupyter.runtime.agent import DISMISSAL, HEAD
from phelps_jupyter.runtime.mailbox import Letters

logger = logging.getLogger(__name__)
A_TURN = 1_000
"""Sendings that are received before others have their turn."""


class Channel:
    """In a folder that is its owner's alone: who can open the socket there may speak. Others need a gate."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, "channel")
        self._folder = ""
        if len(os.fsencode(path)) > zmq.IPC_PATH_MAX_LEN:
            # A socket's path can't be long.
            self._folder = tempfile.mkdtemp(prefix="phelps-", dir="/tmp")
            path = os.path.join(self._folder, "channel")
        self.endpoint = f"ipc://{path}"
        self._gate: Gate | None = None
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.linger = 0
        # An agent that lost its connection comes back under its name.
        self._router.router_handover = True
        self._router.bind(self.endpoint)

    def admit(self, key: bytes, address: str) -> tuple[str, bytes]:
        """Let an agent with this key come from another machine, to this address of ours; the endpoint, and our key.

        Errors: OSError, where nobody can come to that.
        """
        if self._gate is None:
            try:
                self._gate = Gate(self._context, self._router, address)
            except OSError as error:
                raise OSError(error.errno, f"{address}: {error.strerror}") from None
        self._gate.admit(key)
        return self._gate.endpoint, self._gate.key

    def new_name(self) -> bytes:
        """For an agent: it is asked for by it."""
        return b"p" + secrets.token_bytes(16)

    def send(self, name: bytes, letters: Letters) -> bool:
        """To the agent of this name. Returns whether they are on their way; to one that is gone, nothing goes."""
        with suppress(zmq.Again):
            head = HEAD.pack(letters.heard, letters.first)
            self._router.send_multipart([name, head, *letters.messages], zmq.NOBLOCK)
            return True
        return False

    def dismiss(self, name: bytes) -> None:
        """Whoever that is: it is to end what it runs for us."""
        with suppress(zmq.Again):
            self._router.send_multipart([name, DISMISSAL], zmq.NOBLOCK)

    def receive(self) -> Iterator[tuple[bytes, Letters]]:
        """What has come, and the names of who sent it. What no agent of ours would say is left unread."""
        if self._gate is not None:
            self._gate.look()
        for _ in range(A_TURN):
            if not self._router.poll(0):
                return
            name, *frames = self._router.recv_multipart()
            if frames and len(frames[0]) == HEAD.size:
                heard, first = HEAD.unpack(frames[0])
                yield name, Letters(heard, first, frames[1:])
            else:
                logger.warning("something on the channel that is no message of ours was left unread")

    def wait(self, seconds: float, waker: socket.socket) -> None:
        """Until something has come, or the waker was written to, or so many seconds have passed."""
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(waker, zmq.POLLIN)
        poller.poll(int(seconds * 1000))

    def close(self) -> None:
        if self._gate is not None:
            self._gate.close()
        self._router.close()
        self._context.term()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
