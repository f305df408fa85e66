"""The walk over a value: without recursion, each mutable part once, and everything into one hash.

Knows order, sharing, cycles and sets. What is in a value of some type, the other `digest_*` files know.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import xxhash

from phelps_jupyter.runtime import digest_code
from phelps_jupyter.runtime.digest_atoms import ENCODERS, text, unordered
from phelps_jupyter.runtime.digest_parts import Parts, Undigestible, type_name
from phelps_jupyter.runtime.digest_takers import Takers
from phelps_jupyter.runtime.homes import Home, home_of_class
from phelps_jupyter.runtime.remembered import Remembered

_FLUSH_AT = 50_000
"""Parts that are collected before they are hashed; an immutable container with more is hashed where it stands."""
_PEEK = 300
"""Values looked at to put one element of a set in its place."""
_LONGER = 20
_MOST_LOOKED = 500_000
"""How much longer the next look at elements is that are alike so far, and how much all of them may take together."""
_GLANCE = 1
"""The same for an element of a set inside of such an element: or a graph of sets would be walked once per path."""
_MOST_CLASSES = 2_000
_DEEPEST_CLASS = 40
"""Classes are walked by recursion; further in, and after too many, they count by their names."""
_NEVER = 1 << 30
_DEEPEST = 100_000
"""Deeper values exist only where taking apart makes ever new ones."""
_LONGEST_PATH = 20
"""Steps of a path that are told."""

remembered_classes: Remembered[type, tuple[str, str]] = Remembered()
"""Classes that were rebuilt here: their digest where their source was, and the digest that they have here."""


class _EnoughSeen(Exception):  # the end of a look, not an error
    """The look at an element of a set may end."""


@dataclass(slots=True)
class _Frame:
    """A value whose children are being visited."""

    value: object
    parts: Parts
    left: Iterator[object]
    place: int
    """Parts before it in the stream."""
    folded: int
    """Parts that had been folded into one before it."""
    mutables: int
    """Mutable values met before it."""

    def path(self) -> str:
        behind: int = self.left.__length_hint__()  # type: ignore[attr-defined]  # lists and tuples have it
        return self.parts.label(len(self.parts.children) - behind - 1)


class Walk:
    """One walk. ``lenient``: a part without a digest counts by its type. ``budget``: values that may be visited."""

    def __init__(self, classes: Classes, *, lenient: bool = False, budget: int | None = None) -> None:
        self._classes = classes
        self._takers = classes.takers.found
        self._lenient = lenient
        self._budget = budget
        self.cut = False
        """Whether a look ended before all was seen."""
        self._visited = 0
        self._hash = xxhash.xxh3_128()
        self._pending: list[bytes] = []
        self._flushed = 0
        self._folded = 0
        self._frames: list[_Frame] = []
        # What an object is when it is met again: a reference, or the digest of an immutable one.
        self._seen: dict[int, bytes] = {}
        # Ids are only good while the objects live, and some are made while they are taken apart.
        self._kept: list[object] = []
        self._mutables = 0
        self._frozen = 0
        # How often more must be looked at than the value's class.
        self._watched = int(budget is not None)
        self._flush_at = _FLUSH_AT
        self._peeked: dict[tuple[int, int], tuple[str, bool]] = {}
        self._kept_peeked: list[object] = []

    def run(self, parts: Parts) -> str:
        """The digest of the parts and all that is in them. Errors: Undigestible."""
        self._enter(None, parts)
        try:
            while self._frames:
                self._advance(self._frames[-1])
        except _EnoughSeen:
            pass
        self._hash.update(b"".join(self._pending))
        return self._hash.hexdigest()

    def _advance(self, frame: _Frame) -> None:
        encoders, add = ENCODERS, self._pending.append
        for child in frame.left:
            encode = encoders.get(type(child))
            if encode is not None:
                add(encode(child))
            elif self._visit(child):
                return
        self._frames.pop()
        self._leave(frame)

    def _visit(self, child: object) -> bool:
        """Emit a value; or if it has parts that must be visited themselves, what stands before them, and enter it."""
        known = self._seen.get(id(child))
        if known is not None:
            self._mutables += known.startswith(b"r")
            self._pending.append(known)
            return False
        try:
            take = self._takers.get(id(type(child)))
            parts = self._parts_of(child) if take is None or self._watched else take(child)
        except _EnoughSeen:
            raise
        except Undigestible as fault:
            parts = self._fault(fault.where, fault.kind)
        except (Exception, SystemExit):  # whatever the user's classes raise when they are asked for their content
            parts = self._fault("", type_name(child))
        if parts.shared:
            self._note(child)
            self._mutables += 1
        if parts.children:
            return self._enter(child, parts)
        self._pending.append(parts.head)
        return False

    def _fault(self, where: str, kind: str) -> Parts:
        if not self._lenient:
            raise Undigestible("".join(self._way()) + where, kind)
        return Parts(b"?" + text(kind), shared=False)

    def _way(self) -> list[str]:
        """The steps to the value at hand."""
        first, last = self._frames[:_LONGEST_PATH], self._frames[_LONGEST_PATH:][-1:]
        return [frame.path() for frame in first] + [f"...{frame.path()}" for frame in last]

    def _parts_of(self, child: object) -> Parts:
        kind = type(child)
        if issubclass(kind, type):
            return Parts(self._classes.token(child), shared=False)  # type: ignore[arg-type]  # its kind says so
        if self._budget is not None:
            self._visited += 1
            if self._visited > self._budget:
                return self._unseen(child)
        if kind is set or kind is frozenset:
            return self._take_set(child)
        parts = self._classes.takers.find(kind)(child)
        if self._frozen and self._classes.takers.is_array(kind):
            # The data of an Index: pandas shares it freely, for nobody changes it.
            parts.shared = False
        return parts

    def _unseen(self, child: object) -> Parts:
        self.cut = True
        if self._budget != _GLANCE:
            raise _EnoughSeen
        return Parts(b"..." + text(type_name(child)), shared=False)

    def _take_set(self, elements: Any) -> Parts:
        head = (b"set%d;" if type(elements) is set else b"frozenset%d;") % len(elements)
        shared = type(elements) is set
        run = unordered(elements)
        if run is not None:
            return Parts(head + run, shared=shared)
        if self._budget is None:
            return Parts(head + b"*", self._ordered(elements, _PEEK), lambda _: "{...}", shared)
        if self._budget > _GLANCE:
            # A part of what may still be visited, the same for each: in what order they come can't be told yet.
            share = (self._budget - self._visited) // 2
            self._visited += share
            looks = [self._look(each, max(_GLANCE, share // len(elements))) for each in elements]
            self.cut |= any(cut for _, cut in looks)
            head += "".join(sorted(found for found, _ in looks)).encode()
        else:
            self.cut = True
        return Parts(head, shared=shared)

    def _ordered(self, elements: Collection[object], budget: int) -> list[object]:
        """The elements of a set in an order that every process finds; those that look alike get a longer look."""
        if len(elements) == 1:
            return list(elements)
        looks = [(*self._peek(each, budget), each) for each in elements]
        found: list[object] = []
        for _, group in itertools.groupby(sorted(looks, key=itemgetter(0)), key=itemgetter(0)):
            alike = list(group)
            same = [each for _, _, each in alike]
            longer = _LONGER * budget
            if len(alike) > 1 and any(cut for _, cut, _ in alike) and longer * len(alike) <= _MOST_LOOKED:
                same = self._ordered(same, longer)
            found += same
        return found

    def _peek(self, element: object, budget: int) -> tuple[str, bool]:
        """A look that is remembered: an element may be in many sets."""
        known = self._peeked.get((id(element), budget))
        if known is None:
            known = self._peeked[id(element), budget] = self._look(element, budget)
            self._kept_peeked.append(element)
        return known

    def _look(self, element: object, budget: int) -> tuple[str, bool]:
        walk = Walk(self._classes, lenient=True, budget=budget)
        return walk.run(Parts(b"", (element,))), walk.cut

    def _enter(self, value: object, parts: Parts) -> bool:
        """Emit the head and the leaves and known classes that come first; whether there is more, to be visited."""
        pending = self._pending
        if len(pending) > self._flush_at:
            self._flush()
        place, encoders, tokens = self._flushed + len(pending), ENCODERS, self._classes.tokens
        pending.append(parts.head)
        left: Any = iter(parts.children)
        for part in left:
            encode = encoders.get(type(part))
            known = encode(part) if encode is not None else tokens.get(id(part))
            if known is None:
                # The iterator steps back.
                left.__setstate__(len(parts.children) - left.__length_hint__() - 1)
                return self._open(_Frame(value, parts, left, place, self._folded, self._mutables))
            pending.append(known)
        if not parts.shared:
            self._close(value, place, self._folded, self._mutables)
        return False

    def _open(self, frame: _Frame) -> bool:
        if len(self._frames) > _DEEPEST:
            raise Undigestible("".join(self._way()), type_name(frame.value) + " (nested too deeply)")
        self._frozen += frame.parts.frozen
        self._watched += frame.parts.frozen
        self._frames.append(frame)
        return True

    def _leave(self, frame: _Frame) -> None:
        self._frozen -= frame.parts.frozen
        self._watched -= frame.parts.frozen
        if not frame.parts.shared:
            self._close(frame.value, frame.place, frame.folded, frame.mutables)

    def _close(self, value: object, place: int, folded: int, mutables: int) -> None:
        if self._mutables != mutables or self._size(place, folded) > _FLUSH_AT:
            self._note(value)
            return
        # Immutable through and through: it is its content, so it reads alike wherever it is met again.
        place -= self._flushed
        content = self._pending[place:]
        token = b"t" + xxhash.xxh3_128_digest(b"".join(content))
        self._pending[place:] = [token]
        self._folded += len(content) - 1
        self._note(value, token)

    def _size(self, place: int, folded: int) -> int:
        """Parts emitted for a value so far; it depends on nothing that stands before it."""
        return self._flushed + len(self._pending) - place + self._folded - folded

    def _note(self, value: object, token: bytes | None = None) -> None:
        self._seen[id(value)] = token or b"r%d;" % len(self._kept)
        self._kept.append(value)

    def _flush(self) -> None:
        """Hash what no open immutable container may still want back."""
        kept = (each for each in self._frames if not each.parts.shared)
        places = (each.place for each in kept if self._size(each.place, each.folded) <= _FLUSH_AT)
        end = next(places, self._flushed + len(self._pending)) - self._flushed
        self._hash.update(b"".join(self._pending[:end]))
        del self._pending[:end]
        self._flushed += end
        # Where little could go, the next try waits for as much again.
        self._flush_at = max(_FLUSH_AT, 2 * len(self._pending))


class Classes:
    """The digests of classes, and how to take their instances apart, as learnt in one digest."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        """The modules of code that was met."""
        self.takers = Takers(self.modules)
        self.tokens: dict[int, bytes] = {}
        """What closed classes are as bytes, by id."""
        self._kept: list[type] = []
        self._open: list[type] = []
        self._lowest = _NEVER
        self._closed = True
        self._visits = 0

    def token(self, cls: type) -> bytes:
        """A class as bytes: by name where that says it all, else by digest. Errors: Undigestible."""
        known = self.tokens.get(id(cls))
        if known is not None:
            return known
        named = text(f"{cls.__module__}.{cls.__qualname__}")
        if digest_code.is_named(cls):
            return self._keep(cls, b"C" + named)
        self._meet(cls)
        if cls in self._open:
            self._lowest = min(self._lowest, self._open.index(cls))
            return b"Z" + named
        if self._visits > _MOST_CLASSES or len(self._open) >= _DEEPEST_CLASS:
            return b"Y" + named
        token = b"K" + self.digest(cls).encode()
        return self._keep(cls, token) if self._closed else token

    def _meet(self, cls: type) -> None:
        if home_of_class(cls) is Home.PROJECT and isinstance(cls.__module__, str):
            self.modules.add(cls.__module__)

    def _keep(self, cls: type, token: bytes) -> bytes:
        self._kept.append(cls)
        self.tokens[id(cls)] = token
        return token

    def digest(self, cls: type) -> str:
        """The digest of a class. Errors: Undigestible."""
        found = self.live(cls)
        remembered = remembered_classes.get(cls)
        # A rebuilt class that was changed since is no longer the one that was remembered.
        return remembered[0] if remembered is not None and remembered[1] == found else found

    def live(self, cls: type) -> str:
        """The digest of a class by what is in this process. Errors: Undigestible."""
        self._meet(cls)
        outer, self._lowest = self._lowest, _NEVER
        depth = len(self._open)
        self._visits += 1
        self._open.append(cls)
        try:
            lenient = home_of_class(cls) is not Home.NOTEBOOK
            return Walk(self, lenient=lenient).run(digest_code.take_class(cls))
        finally:
            self._open.pop()
            # A class that led back to one further out reads otherwise when it is met by itself.
            self._closed = self._lowest >= depth
            self._lowest = outer if self._closed else min(outer, self._lowest)
