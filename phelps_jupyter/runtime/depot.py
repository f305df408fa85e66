"""Gives the values of one host's store to other hosts: whoever holds a certificate of the kernel may ask.

Knows objects as files; refuses to know what is in them, and who needs them for what.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping

from phelps_jupyter.runtime.arrival import sum_of
from phelps_jupyter.runtime.objects import object_path, stored_size
from phelps_jupyter.runtime.wire import Wire, Words, accept, server_context

Answer = Callable[[Wire, Words], None]


class Depot:
    """At a free port of ``address``. ``answers``: what else may be asked than ``get``, or instead of it."""

    def __init__(self, store: str, credentials: str, address: str, answers: Mapping[str, Answer] | None = None) -> None:
        self._store = store
        self._context = server_context(credentials)
        self._listener = socket.create_server((address, 0), backlog=128)
        self._answers: dict[str, Answer] = {"get": self.give, **(answers or {})}
        self._sums: dict[tuple[str, int, int], str] = {}
        self.port: int = self._listener.getsockname()[1]

    def open(self) -> None:
        """From now on it answers, each connection in a thread of its own."""
        threading.Thread(target=self._listen, name="phelps-depot", daemon=True).start()

    def close(self) -> None:
        """Nobody can come any more."""
        self._listener.close()

    def give(self, wire: Wire, words: Words) -> None:
        """An object, from where the other one has it already."""
        digest = str(words["digest"])
        size = stored_size(digest, self._store) if "/" not in digest else 0
        if not size:
            wire.tell(error=f"{digest} is not there")
            return
        path = object_path(digest, self._store)
        wire.tell(size=size, sum=self._sum(path))
        wire.send_file(path, int(wire.hear()["start"]), size)

    def _sum(self, path: str) -> str:
        seen = os.stat(path)
        key = (path, seen.st_ino, seen.st_mtime_ns)
        if key not in self._sums:
            self._sums[key] = sum_of(path)
        return self._sums[key]

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # It was closed.
                return
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        try:
            wire = accept(connection, self._context)
        except (OSError, ValueError):
            # A stranger: the other end is told by TLS.
            connection.close()
            return
        try:
            while True:
                words = wire.hear()
                self._answers[words["ask"]](wire, words)
        except (OSError, ValueError, LookupError, TypeError):
            # It went away, or talks nonsense.
            wire.close()
