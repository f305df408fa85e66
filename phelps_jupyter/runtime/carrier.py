"""Brings objects into a store from other hosts, right before they are needed there.

What is wrong is thrown away and fetched anew, from the next place if need be. Knows who offers what only by what it is
told.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from phelps_jupyter.runtime.arrival import Arrival, Unwritten, Wrong, sum_of
from phelps_jupyter.runtime.objects import object_path, stored_size
from phelps_jupyter.runtime.places import Haul, Offer, Place, Source
from phelps_jupyter.runtime.wire import Wire, connect

TRIES = 2
"""Of one place, for one object."""
WAIT = 1800.0
"""Seconds that a place has to get an object from where it was made: 36 GB at 20 MB/s."""


class Unfetched(Exception):
    """An object could be had nowhere. ``haul``: what happened."""

    def __init__(self, message: str, haul: Haul) -> None:
        super().__init__(message)
        self.haul = haul


class Carrier:
    """Into ``store``, with the key and certificate in the folder ``credentials``."""

    def __init__(self, store: str, credentials: str) -> None:
        self._store = store
        self._credentials = credentials
        self._wires: dict[Place, Wire] = {}
        self._brought: list[str] = []
        self._remarks: list[str] = []
        self._unreached: dict[str, None] = {}

    def bring(self, sources: Iterable[Source]) -> Haul:
        """All of these that are not there. Errors: Unfetched."""
        try:
            missing = [source.digest for source in sources if not self._bring(source)]
        except Unwritten as error:
            # Others may have it and room for it: it is not missing.
            haul = Haul(tuple(self._brought), tuple(self._remarks), tuple(self._unreached))
            raise Unfetched(f"a value that it reads could not be brought: {error}", haul) from error
        finally:
            for wire in self._wires.values():
                wire.close()
            self._wires.clear()
        haul = Haul(tuple(self._brought), tuple(self._remarks), tuple(self._unreached), tuple(missing))
        if missing:
            told = "; ".join(self._remarks) or "no place is known that has it"
            raise Unfetched(f"a value that it reads could not be fetched: {told}", haul)
        return haul

    def _bring(self, source: Source) -> bool:
        if stored_size(source.digest, self._store):
            return True
        with Arrival(source.digest, self._store) as arrival:
            return bool(arrival.size) or any(self._is_given(source.digest, offer, arrival) for offer in source.offers)

    def _is_given(self, digest: str, offer: Offer, arrival: Arrival) -> bool:
        for _ in range(TRIES):
            wire = self._wire(offer.place)
            if wire is None:
                return False
            try:
                self._receive(wire, digest, offer, arrival)
            except Wrong as error:
                self._remarks.append(f"from {offer.place.host}: {error}; it was thrown away")
            except (OSError, ValueError) as error:
                # What has come stays, and the next try goes on from there.
                self._remarks.append(f"from {offer.place.host}: {error}")
                self._wires.pop(offer.place).close()
            except LookupError as error:
                self._remarks.append(f"{offer.place.host} does not give it: {error.args[0]}")
                return False
            else:
                self._brought.append(digest)
                return True
        return False

    def _wire(self, place: Place) -> Wire | None:
        if place.name in self._unreached:
            return None
        if place not in self._wires:
            try:
                self._wires[place] = connect(place, self._credentials)
            except OSError as error:
                self._unreached[place.name] = None
                self._remarks.append(f"{place.host} can't be reached at {place.address}:{place.port}: {error}")
                return None
        return self._wires[place]

    def _receive(self, wire: Wire, digest: str, offer: Offer, arrival: Arrival) -> None:
        wire.tell(ask="get", digest=digest, holder=offer.holder)
        promised = wire.hear()
        given_up = time.monotonic() + WAIT
        while promised.get("wait"):
            if time.monotonic() > given_up:
                raise TimeoutError(f"it was waited for there for {WAIT:.0f} s")
            promised = wire.hear()
        if "error" in promised:
            raise LookupError(promised["error"])
        size, summed = int(promised["size"]), str(promised["sum"])
        if offer.sum and summed != offer.sum:
            wire.tell(start=size)
            raise LookupError(f"its copy of {digest} has been altered on its disk")
        start = arrival.begin(summed)
        wire.tell(start=min(start, size))
        wire.receive(max(size - start, 0), arrival.write)
        arrival.finish(size)


def sums(digests: Iterable[str], store: str) -> tuple[tuple[str, str], ...]:
    """Of files that were just written: who fetches them can tell whether they were altered since."""
    return tuple((digest, sum_of(object_path(digest, store))) for digest in digests)
