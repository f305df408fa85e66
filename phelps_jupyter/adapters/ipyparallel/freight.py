"""Values of engines that do not see the project's store: each order says where to fetch what it reads, and what such
engines make comes to the store behind everybody's back.

Nothing of size passes through this process. Where values lie is in `Whereabouts`.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from phelps_jupyter.adapters.ipyparallel.authority import Authority
from phelps_jupyter.adapters.ipyparallel.home import Home
from phelps_jupyter.adapters.ipyparallel.whereabouts import Held, Whereabouts
from phelps_jupyter.runtime import abroad, host
from phelps_jupyter.runtime.arrival import Unwritten, Wrong
from phelps_jupyter.runtime.objects import object_path, stored_size
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.places import INLINE, Place, Source

APPEARS = 10.0
"""Seconds that the depot of a host has to come to ours."""
QUIET = 10.0
RATE = 20e6
"""Values that are on their way when all is to end have this long to come, and longer by their size: bytes a second."""
Told = tuple[str, str, dict[str, Any]]
logger = logging.getLogger(__name__)


class Depot:
    """Where an engine keeps values: ``folder`` on its host, known as ``name`` among hosts."""

    def __init__(self, name: str, folder: str, host: str, fingerprint: str) -> None:
        self.name = name
        self.folder = folder
        self.host = host
        self.fingerprint = fingerprint
        self.appears_by = time.monotonic() + APPEARS


class Freight:
    """``store``: of the project; ``address`` tells ours, as other hosts see it. All methods but `holds` and `bring`
    are called in one thread."""

    def __init__(self, store: str, address: Callable[[], str]) -> None:
        self.kernel = secrets.token_hex(8)
        """Tells us from other kernels, on hosts where engines work for several."""
        self._store = store
        self._address = address
        self._authority: Authority | None = None
        self._home: Home | None = None
        self._depots: dict[str, Depot] = {}
        self._certificates: dict[str, str] = {}
        self._book = Whereabouts()
        self._wanted: dict[str, str] = {}
        """Objects that are on their way to the store -> from where."""
        self._failed: dict[str, str] = {}
        """Objects that did not come -> why."""
        self._changed = threading.Condition()

    def admit(self, name: str, folder: str, host: str, public: str) -> tuple[Depot, Told]:
        """A host that has engines keeps values in this folder; what its depot is told. Errors: OSError, ValueError."""
        self._authority = self._authority or Authority()
        if self._home is None:
            self._home = Home(self._store, self._address(), host_name(), self._authority, self._hear)
            self._book.home = self._home.place
        if name not in self._depots:
            self._certificates[name], fingerprint = self._authority.sign(name, public)
            self._depots[name] = Depot(name, folder, host, fingerprint)
        return self._depots[name], self.told(self._depots[name])

    def told(self, depot: Depot) -> Told:
        """What this depot is to know: its certificate, by which others are known, and where to come to."""
        assert self._home is not None
        assert self._authority is not None
        return self._certificates[depot.name], self._authority.certificate, asdict(self._home.place)

    def is_ready(self, depot: Depot | None) -> bool:
        """Whether values come and go."""
        with self._changed:
            return depot is None or depot.name in self._book.places

    def objection(self, depot: Depot | None) -> str:
        """Why its engines can't be used, once that is clear."""
        if depot is None or self._home is None or self.is_ready(depot) or time.monotonic() < depot.appears_by:
            return ""
        place = self._home.place
        return (
            f"{depot.host} does not see the folder {self._store}, and values can't be brought there: it does not reach "
            f"{place.address}:{place.port}, where this machine gives them"
        )

    def addressed(self, order: Order, depot: Depot | None) -> Order:
        """The order, with where its inputs are to be fetched. ``depot``: of the engine; None: it sees the store."""
        if self._home is None:
            return order
        digests = dict.fromkeys(given.digest for given in order.inputs if given.digest and not given.inline)
        with self._changed:
            if depot is None:
                sources = [self._source(digest, "") for digest in digests if not self._size(digest)]
                return replace(order, sources=tuple(sources), credentials=self._home.credentials)
            lacked = [digest for digest in digests if depot.name not in self._book.holders(digest)]
            small = {digest for digest in lacked if 0 < self._size(digest) < INLINE}
            sources = [self._source(digest, depot.name) for digest in lacked if digest not in small]
        return replace(
            order,
            store=depot.folder,
            credentials=depot.folder,
            away=True,
            sources=tuple(sources),
            objects={digest: _content(object_path(digest, self._store)) for digest in small},
        )

    def _source(self, digest: str, to: str) -> Source:
        return Source(digest, self._book.offers(digest, to, at_home=bool(self._size(digest))))

    def _size(self, digest: str) -> int:
        """In the project's store; 0: it is not there."""
        return stored_size(digest, self._store)

    def note(self, outcome: Outcome, depot: Depot | None) -> None:
        """Of an attempt that has ended: what lies where now. What is to be kept begins to come."""
        if self._home is None:
            return
        for remark in outcome.haul.remarks:
            logger.warning("a value on its way: %s", remark)
        name = "" if depot is None else depot.name
        with self._changed:
            for apart in self._book.part(name, outcome.haul.unreached):
                logger.warning("values between %s and %s go through this machine", name, apart)
            for digest in outcome.haul.missing:
                self._book.forget(digest)
        if depot is None:
            return
        self._put(outcome)
        with self._changed:
            for digest in (*outcome.haul.brought, *outcome.objects):
                self._book.note(digest, name, Held())
            sizes = {stored.digest: stored.size for stored in outcome.outputs}
            for digest, summed in outcome.haul.sums:
                self._book.note(digest, name, Held(summed, sizes.get(digest, 0)))
                if not outcome.temp:
                    self._want(digest, name)

    def _put(self, outcome: Outcome) -> None:
        """What is small came with the outcome. Where it finds no place, it can still be had from where it was made."""
        for digest, content in outcome.objects.items():
            try:
                abroad.put(digest, content, self._store)
            except (OSError, Unwritten, Wrong) as error:
                logger.warning("a small value of another host is not in the store: %s", error)

    def _want(self, digest: str, holder: str) -> None:
        if self._home is not None and digest not in self._wanted:
            self._wanted[digest] = holder
            self._home.tell(want=digest, of=holder)

    def holds(self, digest: str) -> bool:
        """Whether a host holds it that can be asked. In any thread."""
        with self._changed:
            return bool(self._book.holders(digest))

    def bring(self, digest: str) -> None:
        """Have it in the project's store; waits for it. In any thread. Errors: OSError when nobody can give it."""
        with self._changed:
            while not self._size(digest):
                holders = self._book.holders(digest)
                if not holders:
                    raise FileNotFoundError(f"no host that could be asked holds {digest}")
                self._failed.pop(digest, None)
                self._want(digest, holders[0])
                if self._changed.wait_for(lambda: digest not in self._wanted, 1.0) and digest in self._failed:
                    raise OSError(self._failed.pop(digest))

    def drop(self, digests: Sequence[str]) -> None:
        """Nobody is to read these any more: hosts remove them. In any thread."""
        with self._changed:
            held = [(name, digest) for digest in digests for name in self._book.holders(digest)]
            for digest in digests:
                self._book.forget(digest)
            if self._home is not None and held:
                names = {name for name, _ in held}
                self._home.tell(drop_at={name: [digest for one, digest in held if one == name] for name in names})

    def _hear(self, words: dict[str, Any]) -> None:
        """What our depot says, in the thread that listens."""
        with self._changed:
            if "joined" in words and words["joined"] in self._depots:
                depot = self._depots[words["joined"]]
                place = Place(depot.name, depot.host, words["address"], words["port"], depot.fingerprint)
                self._book.join(place)
                # Whoever has come once can come again.
                depot.appears_by = math.inf
            elif "left" in words:
                self._book.leave(words["left"])
            elif "arrived" in words:
                self._wanted.pop(words["arrived"], None)
            elif "failed" in words:
                self._wanted.pop(words["failed"], None)
                self._failed[words["failed"]] = words["why"]
                if words.get("gone"):
                    self._book.forget(words["failed"], words["of"])
                logger.warning("a value did not come from another host: %s", words["why"])
            elif "over" in words:
                self._wanted.clear()
                self._book.places.clear()
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait for what is on its way, as long as that is any good."""
        with self._changed:
            sizes = sum(self._book.size(digest) for digest in self._wanted)
            if not self._changed.wait_for(lambda: not self._wanted, QUIET + sizes / RATE):
                logger.warning("%s values of other hosts did not come in time: they are made again", len(self._wanted))

    def describe(self) -> str:
        with self._changed:
            return self._book.told()

    def close(self) -> None:
        if self._home is not None:
            self._home.close()
            self._home = None


def host_name() -> str:
    """Ours, for people."""
    return host.facts().name


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
