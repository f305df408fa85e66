"""Where values lie, as data: the hosts that give them, and what an attempt needs of them.

Standard library alone. A *depot* is the folder of one host in which it keeps values, with the server that gives them.
"""

from __future__ import annotations

from dataclasses import dataclass

INLINE = 64_000
"""Objects of fewer bytes travel with the order, and with its outcome."""


@dataclass(frozen=True, slots=True)
class Place:
    """A depot's server. ``fingerprint``: of its certificate, SHA-256."""

    name: str
    host: str
    """For people."""
    address: str
    port: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A place that can give an object. ``sum``: of the file's bytes there, where it is known.

    ``holder``: the place has it brought from this one first, and gives it then.
    """

    place: Place
    sum: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An object that an attempt needs and that may not be where it runs, with who offers it, the best one first."""

    digest: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Haul:
    """What came of bringing objects, beside these: what went wrong on the way, who could not be reached."""

    brought: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    """For people."""
    unreached: tuple[str, ...] = ()
    """Names of places."""
    missing: tuple[str, ...] = ()
    """Digests of objects that nobody could give."""
    sums: tuple[tuple[str, str], ...] = ()
    """Of the files that lie where the attempt ran: digest, and sum of the bytes."""
