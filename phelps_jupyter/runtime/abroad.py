"""An attempt whose inputs are not all where it runs, or that runs on a host that does not see the project.

What it lacks is fetched before the body begins; what it makes there stays there, but for what is small.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace

import xxhash

from phelps_jupyter.runtime.arrival import Arrival
from phelps_jupyter.runtime.carrier import Carrier, sums
from phelps_jupyter.runtime.objects import object_path
from phelps_jupyter.runtime.orders import Order, Outcome
from phelps_jupyter.runtime.places import INLINE, Haul


def enter(order: Order, folder: str) -> tuple[Order, Haul]:
    """Bring what it needs; the order as it is to be done here. ``folder``: the zygote's. Errors: Unfetched, OSError."""
    for digest, content in order.objects.items():
        put(digest, content, order.store)
    haul = Carrier(order.store, order.credentials).bring(order.sources) if order.sources else Haul()
    if not order.away:
        return order, haul
    place = os.path.join(folder, "work")
    os.makedirs(place, mode=0o700, exist_ok=True)
    project = place if order.project else ""
    return replace(order, folder=place, base=place, project=project, path=tuple(_path(order))), haul


def leave(order: Order, haul: Haul, outcome: Outcome) -> Outcome:
    """What the kernel is told of it, with what is small."""
    outcome = replace(outcome, haul=haul, temp=order.temp)
    if not order.away or outcome.kind != "done":
        return outcome
    objects, large = {}, []
    for digest in made(outcome):
        path = object_path(digest, order.store)
        if os.stat(path).st_size < INLINE:
            with open(path, "rb") as file:
                objects[digest] = file.read()
        else:
            large.append(digest)
    return replace(outcome, objects=objects, haul=replace(haul, sums=sums(large, order.store)))


def made(outcome: Outcome) -> tuple[str, ...]:
    """The objects that an attempt has stored: its outputs, and files that are kept."""
    files = [file.digest for file in outcome.sightings.wrote if file.name in outcome.sightings.kept]
    return tuple(dict.fromkeys([*(stored.digest for stored in outcome.outputs), *files]))


def put(digest: str, content: bytes, store: str) -> None:
    """A whole file that came with a message. Errors: OSError."""
    with Arrival(digest, store) as arrival:
        if not arrival.size:
            start = arrival.begin(xxhash.xxh3_128_hexdigest(content))
            arrival.write(memoryview(content)[start:])
            arrival.finish(len(content))


def _path(order: Order) -> Iterator[str]:
    """What of the kernel's is here as well, but for the project, which would be another one; then what is ours."""
    project = os.path.join(order.project or order.folder, "")
    known = [entry for entry in order.path if entry and not os.path.join(entry, "").startswith(project)]
    yield from dict.fromkeys(entry for entry in (*known, *sys.path) if entry and os.path.exists(entry))
