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
from collections.abc import Iterator, Sequence
from contextlib import suppress

import zmq

from phelps_jupyter.runtime.agent import COUNT, DISMISSAL

logger = logging.getLogger(__name__)
A_TURN = 1_000
"""Batches that are received before others have their turn."""
Batch = tuple[bytes, int, list[bytes]]
"""The name of an engine, the number of the first message, and the messages."""


class Channel:
    """In a folder that is its owner's alone: who can open the socket there may speak."""

    def __init__(self, folder: str) -> None:
        path = os.path.join(folder, "channel")
        self._folder = ""
        if len(os.fsencode(path)) > zmq.IPC_PATH_MAX_LEN:
            # A socket's path can't be long.
            self._folder = tempfile.mkdtemp(prefix="phelps-", dir="/tmp")
            path = os.path.join(self._folder, "channel")
        self.endpoint = f"ipc://{path}"
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.linger = 0
        # An agent that lost its connection comes back under its name.
        self._router.router_handover = True
        self._router.bind(self.endpoint)

    def new_name(self) -> bytes:
        """For an agent: it is asked for by it."""
        return b"p" + secrets.token_bytes(16)

    def send(self, name: bytes, heard: int, messages: Sequence[bytes]) -> None:
        """To the agent of this name; how many of its messages were heard goes along. To one that is gone, nothing."""
        with suppress(zmq.Again):
            self._router.send_multipart([name, COUNT.pack(heard), *messages], zmq.NOBLOCK)

    def dismiss(self, name: bytes) -> None:
        """Whoever that is: it is to end what it runs for us."""
        with suppress(zmq.Again):
            self._router.send_multipart([name, DISMISSAL], zmq.NOBLOCK)

    def receive(self) -> Iterator[Batch]:
        """What has come. What no agent of ours would say is left unread."""
        for _ in range(A_TURN):
            if not self._router.poll(0):
                return
            name, *frames = self._router.recv_multipart()
            if frames and len(frames[0]) == COUNT.size:
                yield name, COUNT.unpack(frames[0])[0], frames[1:]
            else:
                logger.warning("something on the channel that is no message of ours was left unread")

    def wait(self, seconds: float, waker: socket.socket) -> None:
        """Until something has come, or the waker was written to, or so many seconds have passed."""
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(waker, zmq.POLLIN)
        poller.poll(int(seconds * 1000))

    def close(self) -> None:
        self._router.close()
        self._context.term()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
