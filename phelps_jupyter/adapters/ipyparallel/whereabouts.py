"""Which hosts hold which values, and which of them reach one another. Knows names and digests; asks nobody.

The project's store is no host here: what lies there is seen by a look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from phelps_jupyter.runtime.places import Offer, Place


@dataclass(frozen=True, slots=True)
class Held:
    """An object on one host. ``sum``: of its bytes, if known; ``size``: 0 if not known."""

    sum: str = ""
    size: int = 0


@dataclass(slots=True)
class Whereabouts:
    """``home``: the kernel's host, which brings what others hold, and gives it."""

    places: dict[str, Place] = field(default_factory=dict)
    """Depots that are connected."""
    home: Place | None = None
    _held: dict[str, dict[str, Held]] = field(default_factory=dict)
    _apart: set[tuple[str, str]] = field(default_factory=set)
    """Who did not reach whom."""
    _names: dict[str, str] = field(default_factory=dict)
    """Of hosts, for people; of those too that are gone."""

    def join(self, place: Place) -> None:
        """A depot is connected."""
        self.places[place.name] = place
        self._names[place.name] = place.host

    def leave(self, name: str) -> None:
        """It is not; what it holds can be had when it comes back."""
        self.places.pop(name, None)

    def note(self, digest: str, name: str, held: Held) -> None:
        """A depot holds an object."""
        before = self._held.setdefault(digest, {}).get(name, held)
        self._held[digest][name] = replace(held, sum=held.sum or before.sum, size=held.size or before.size)

    def forget(self, digest: str, name: str | None = None) -> None:
        """It does not, or none does."""
        if name is not None:
            self._held.get(digest, {}).pop(name, None)
        if name is None or not self._held.get(digest):
            self._held.pop(digest, None)

    def holders(self, digest: str) -> list[str]:
        """Depots that hold it, and are connected."""
        return [name for name in self._held.get(digest, ()) if name in self.places]

    def size(self, digest: str) -> int:
        """Bytes of an object, if that is known; else 0."""
        return max((held.size for held in self._held.get(digest, {}).values()), default=0)

    def part(self, one: str, others: Iterable[str]) -> list[str]:
        """``one`` has not reached these; what they hold goes by the kernel's host from now on. Returns what is new."""
        new = [other for other in others if (one, other) not in self._apart and other in self._names]
        self._apart.update((one, other) for other in new)
        return new

    def offers(self, digest: str, to: str, *, at_home: bool) -> tuple[Offer, ...]:
        """Who can give it to this depot, those that hold it first; empty: nobody. ``at_home``: the store has it."""
        holders = [name for name in self.holders(digest) if name != to]
        straight = [name for name in holders if (to, name) not in self._apart]
        offers = [Offer(self.places[name], self._held[digest][name].sum) for name in straight]
        if self.home is not None:
            offers += [Offer(self.home)] if at_home else [Offer(self.home, holder=name) for name in holders]
        return tuple(offers)

    def told(self) -> str:
        """For people: who keeps values of its own, and between whom they go by this machine."""
        if not self.places:
            return ""
        names = ", ".join(sorted({place.host for place in self.places.values()}))
        apart = sorted({f"{self._names.get(one, one)} and {self._names[other]}" for one, other in self._apart})
        relayed = "".join(
            f"; values between {pair} go through this machine: they don't reach one another" for pair in apart
        )
        return f"; values are kept on {names} until they are needed elsewhere{relayed}"
