"""The depot of a host that does not see the project: gives what was made there, and sends the kernel's host what that
wants.

A process of its own, beside the engines of the host. It ends when no engine holds its folder any more, when the kernel
says so, and when nothing was heard of the kernel's host for long.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from phelps_jupyter.runtime import berth
from phelps_jupyter.runtime.arrival import sum_of
from phelps_jupyter.runtime.depot import Depot
from phelps_jupyter.runtime.objects import object_path, stored_size
from phelps_jupyter.runtime.places import Place
from phelps_jupyter.runtime.wire import Wire, connect

LEASE = 60.0
"""Seconds without a word of the kernel's host after which it is given up."""
SILENCE = 10.0
"""Seconds that it has to answer, or the connection is made anew."""
AGAIN = 0.5
"""Seconds between tries to reach it."""
AT_ONCE = 3
"""Objects that are sent beside one another."""
TRIES = 5


def main(arguments: Sequence[str]) -> int:
    """``FOLDER`` of the values."""
    (folder,) = arguments
    lock = berth.lock(os.path.join(folder, berth.SERVED))
    if lock is None:
        # Another engine was faster.
        return 0
    with open(os.path.join(folder, berth.ORDERS)) as file:
        home = Place(**json.load(file))
    depot = FarDepot(folder, home)
    depot.serve()
    lock.close()
    # Threads that wait for other hosts are not waited for.
    os._exit(0)


class FarDepot:
    """``home``: the depot of the kernel's host."""

    def __init__(self, folder: str, home: Place) -> None:
        self._folder = folder
        self._home = home
        self._depot: Depot | None = None
        self._senders = ThreadPoolExecutor(AT_ONCE)
        self._failed: dict[str, str] = {}
        self._gone: list[str] = []
        self._sending: set[str] = set()
        self._lock = threading.Lock()
        self._leaves = False

    def serve(self) -> None:
        """Until nobody wants it."""
        heard = time.monotonic()
        while self._is_wanted and time.monotonic() - heard < LEASE:
            try:
                wire = connect(self._home, self._folder)
            except OSError as error:
                print(f"the kernel's host can't be reached: {error}", flush=True)
                time.sleep(AGAIN)
                continue
            with suppress(OSError, ValueError, LookupError):
                self._converse(wire)
            wire.close()
            heard = time.monotonic()

    @property
    def _is_wanted(self) -> bool:
        return not self._leaves and berth.is_locked(os.path.join(self._folder, berth.HELD))

    def _converse(self, wire: Wire) -> None:
        if self._depot is None:
            # Where the kernel's host is reached from, others may reach us.
            self._depot = Depot(self._folder, self._folder, wire.addresses[0])
            self._depot.open()
        wire.expect(SILENCE)
        while self._is_wanted:
            with self._lock:
                failed, self._failed = self._failed, {}
                gone, self._gone = self._gone, []
            wire.tell(ask="next", port=self._depot.port, failed=failed, gone=gone)
            task = wire.hear()
            if "want" in task:
                self._begin(task["want"])
            for digest in task.get("drop", ()):
                with suppress(FileNotFoundError):
                    os.unlink(object_path(digest, self._folder))
            if "leave" in task:
                self._leaves = True

    def _begin(self, digest: str) -> None:
        """Send it, unless that is under way: we may have been told before the connection was made anew."""
        with self._lock:
            if digest in self._sending:
                return
            self._sending.add(digest)
        self._senders.submit(self._send, digest).add_done_callback(lambda _: self._sent(digest))

    def _sent(self, digest: str) -> None:
        with self._lock:
            self._sending.discard(digest)

    def _send(self, digest: str) -> None:
        """To the kernel's host. What has come there stays, and the next try goes on from there."""
        why = ""
        for _ in range(TRIES):
            size = stored_size(digest, self._folder)
            if not size:
                with self._lock:
                    self._gone.append(digest)
                return
            try:
                self._put(digest, size)
            except (OSError, ValueError, LookupError) as error:
                why = str(error)
                time.sleep(AGAIN)
            else:
                return
        with self._lock:
            self._failed[digest] = why

    def _put(self, digest: str, size: int) -> None:
        path = object_path(digest, self._folder)
        wire = connect(self._home, self._folder)
        try:
            wire.tell(ask="put", digest=digest, size=size, sum=sum_of(path))
            wire.send_file(path, int(wire.hear()["start"]), size)
            answer = wire.hear()
            if "error" in answer:
                raise ValueError(answer["error"])
        finally:
            wire.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
