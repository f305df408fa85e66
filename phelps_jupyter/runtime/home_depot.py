"""The depot of the kernel's host, a process of its own: gives what lies in the project's store, and takes what other
hosts have made.

Other hosts' depots stay connected to it and do what it says, as they can reach it and it may not reach them. The kernel
tells it what it wants, in lines of JSON, and hears what has come.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from phelps_jupyter.runtime.arrival import Arrival, Unwritten, Wrong
from phelps_jupyter.runtime.depot import Depot
from phelps_jupyter.runtime.objects import object_path, stored_size
from phelps_jupyter.runtime.wire import Wire, Words

BEAT = 2.0
"""Seconds after which a depot that waits for something to do hears that there is nothing."""
SILENCE = 5.0
"""Seconds that such a depot has to ask again, or it is gone."""
FAREWELL = 2.0
"""Seconds that other depots have to hear that all is over."""


def main(arguments: Sequence[str]) -> int:
    """``STORE``, the folder of credentials, and our address as others see it."""
    home = HomeDepot(*arguments)
    home.open()
    for line in sys.stdin:
        home.obey(json.loads(line))
    home.close()
    # Threads that wait for other hosts are not waited for.
    os._exit(0)


class HomeDepot:
    """Says what happens, in lines: ``ready``, ``joined``, ``left``, ``arrived``, ``failed``, ``relayed``."""

    def __init__(self, store: str, credentials: str, address: str) -> None:
        self._store = store
        answers = {"get": self._give, "put": self._take, "next": self._converse}
        self._depot = Depot(store, credentials, address, answers)
        self._changed = threading.Condition()
        self._tasks: dict[str, queue.SimpleQueue[Words]] = {}
        """For each depot that is connected: what it is to do."""
        self._wanted: dict[str, str] = {}
        """Object that is to come -> the depot that is to send it."""

    def open(self) -> None:
        self._depot.open()
        self._say(ready=self._depot.port)

    def obey(self, words: Words) -> None:
        """The kernel's word."""
        if "want" in words:
            self._want(words["want"], words["of"])
        for digest in words.get("drop", ()):
            with suppress(FileNotFoundError):
                os.unlink(object_path(digest, self._store))
        for name, digests in words.get("drop_at", {}).items():
            with self._changed:
                if name in self._tasks:
                    self._tasks[name].put({"drop": digests})

    def close(self) -> None:
        """The kernel has gone: so may the others."""
        self._depot.close()
        with self._changed:
            for tasks in self._tasks.values():
                tasks.put({"leave": True})
            self._changed.wait_for(lambda: not self._tasks, FAREWELL)

    def _say(self, **words: Any) -> None:
        with self._changed:
            print(json.dumps(words), flush=True)

    def _want(self, digest: str, holder: str) -> None:
        """Have an object sent, unless it is on its way."""
        with self._changed:
            if digest in self._wanted:
                return
            if size := stored_size(digest, self._store):
                self._say(arrived=digest, of=holder, size=size)
                return
            if holder not in self._tasks:
                self._say(failed=digest, of=holder, why="its host is not connected any more")
                return
            self._wanted[digest] = holder
            self._tasks[holder].put({"want": digest})

    def _settle(self, digest: str, **words: Any) -> None:
        with self._changed:
            self._wanted.pop(digest, None)
            self._changed.notify_all()
            self._say(**words)

    def _give(self, wire: Wire, words: Words) -> None:
        """An object; one that only another host has, once that has sent it."""
        digest, holder = str(words["digest"]), str(words.get("holder", ""))
        if holder and "/" not in digest and not stored_size(digest, self._store):
            self._want(digest, holder)
            while True:
                with self._changed:
                    if self._changed.wait_for(lambda: digest not in self._wanted, BEAT):
                        break
                wire.tell(wait=True)
            if stored_size(digest, self._store):
                self._say(relayed=digest, of=holder, to=wire.peer)
        self._depot.give(wire, words)

    def _take(self, wire: Wire, words: Words) -> None:
        """An object from the host that has made it."""
        digest, size, summed = str(words["digest"]), int(words["size"]), str(words["sum"])
        try:
            with Arrival(digest, self._store) as arrival:
                if arrival.size:
                    wire.tell(start=size)
                else:
                    start = min(arrival.begin(summed), size)
                    wire.tell(start=start)
                    wire.receive(size - start, arrival.write)
                    arrival.finish(size)
        except Wrong as error:
            wire.tell(error=str(error))
            return
        except Unwritten as error:
            self._settle(digest, failed=digest, of=wire.peer, why=str(error))
            raise ConnectionError(str(error)) from error
        self._settle(digest, arrived=digest, of=wire.peer, size=size)
        wire.tell(taken=True)

    def _converse(self, wire: Wire, words: Words) -> None:
        """Another depot is there, and stays."""
        name, tasks = wire.peer, queue.SimpleQueue[Words]()
        wire.expect(SILENCE)
        with self._changed:
            self._tasks[name] = tasks
            # It may have come back before it was missed: what it was told last is lost then.
            for digest in [digest for digest, holder in self._wanted.items() if holder == name]:
                tasks.put({"want": digest})
        self._say(joined=name, address=wire.addresses[1], port=int(words["port"]))
        try:
            while True:
                for digest, why in words.get("failed", {}).items():
                    self._settle(digest, failed=digest, of=name, why=why)
                for digest in words.get("gone", ()):
                    self._settle(digest, failed=digest, of=name, why="it is not there any more", gone=True)
                task = _next(tasks)
                wire.tell(**task)
                if "leave" in task:
                    return
                words = wire.hear()
        finally:
            self._forget(name, tasks)

    def _forget(self, name: str, tasks: queue.SimpleQueue[Words]) -> None:
        with self._changed:
            if self._tasks.get(name) is not tasks:
                # It has come back meanwhile.
                return
            del self._tasks[name]
            for digest in [digest for digest, holder in self._wanted.items() if holder == name]:
                self._settle(digest, failed=digest, of=name, why="its host is gone")
            self._say(left=name)
            self._changed.notify_all()


def _next(tasks: queue.SimpleQueue[Words]) -> Words:
    try:
        return tasks.get(timeout=BEAT)
    except queue.Empty:
        return {"nothing": time.time()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
