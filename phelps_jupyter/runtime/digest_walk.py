"""The walk over a value: without recursion, each mutable part once, and everything into one hash.

Knows order, sharing, cycles and sets. What is in a value of some type, the other `digest_*` files know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import xxhash

from phelps_jupyter.runtime import digest_code, digest_objects
from phelps_jupyter.runtime.digest_atoms import ENCODERS, text, unordered
from phelps_jupyter.runtime.digest_parts import Parts, Undigestible
from phelps_jupyter.runtime.digest_takers import Takers
from phelps_jupyter.runtime.homes import Home, home_of_class
from phelps_jupyter.runtime.remembered import Remembered

_FLUSH_AT = 50_000
"""Parts that are collected before they are hashed; an immutable container with more is hashed where it stands."""
_PEEK = 300
"""Values looked at to put one element of a set in its place."""
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
        self._lenient = lenient
        self._budget = budget
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
        self._flush_at = _FLUSH_AT
        self._peeked: dict[int, str] = {}
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
        """Emit a value; or if it has children, its head, and enter it."""
        known = self._seen.get(id(child))
        if known is not None:
            self._mutables += known.startswith(b"r")
            self._pending.append(known)
            return False
        try:
            parts = self._parts_of(child)
        except _EnoughSeen:
            raise
        except Undigestible as fault:
            parts = self._fault(fault.where, fault.kind)
        except Exception:  # whatever the user's classes raise when they are asked for their content
            parts = self._fault("", digest_objects.type_name(child))
        if parts.shared:
            self._note(child)
            self._mutables += 1
        if parts.children:
            self._enter(child, parts)
            return True
        self._pending.append(parts.head)
        return False

    def _fault(self, where: str, kind: str) -> Parts:
        if not self._lenient:
            first, last = self._frames[:_LONGEST_PATH], self._frames[_LONGEST_PATH:][-1:]
            steps = [frame.path() for frame in first] + [f"...{frame.path()}" for frame in last]
            raise Undigestible("".join(steps) + where, kind)
        return Parts(b"?" + text(kind), shared=False)

    def _parts_of(self, child: object) -> Parts:
        if isinstance(child, type) and issubclass(type(child), type):
            return Parts(self._classes.token(child), shared=False)
        if len(self._frames) > _DEEPEST:
            raise Undigestible("", digest_objects.type_name(child) + " (nested too deeply)")
        if self._budget is not None:
            self._visited += 1
            if self._visited > self._budget:
                return self._unseen(child)
        kind = type(child)
        if kind is set or kind is frozenset:
            return self._take_set(child)
        parts = self._classes.takers.find(kind)(child)
        if self._frozen and self._classes.takers.is_array(kind):
            # The data of an Index: pandas shares it freely, for nobody changes it.
            parts.shared = False
        return parts

    def _unseen(self, child: object) -> Parts:
        if self._budget != _GLANCE:
            raise _EnoughSeen
        return Parts(b"..." + text(digest_objects.type_name(child)), shared=False)

    def _take_set(self, elements: Any) -> Parts:
        head = (b"set%d;" if type(elements) is set else b"frozenset%d;") % len(elements)
        shared = type(elements) is set
        run = unordered(elements)
        if run is not None:
            return Parts(head + run, shared=shared)
        if self._budget is None:
            return Parts(head + b"*", sorted(elements, key=self._peek), lambda _: "{...}", shared)
        if self._budget > _GLANCE:
            head += "".join(sorted(self._look(each, _GLANCE) for each in elements)).encode()
        return Parts(head, shared=shared)

    def _peek(self, element: object) -> str:
        """A first look at an element, to put the elements of a set in an order that every process finds."""
        known = self._peeked.get(id(element))
        if known is None:
            known = self._peeked[id(element)] = self._look(element, _PEEK)
            self._kept_peeked.append(element)
        return known

    def _look(self, element: object, budget: int) -> str:
        return Walk(self._classes, lenient=True, budget=budget).run(Parts(b"", (element,)))

    def _enter(self, value: object, parts: Parts) -> None:
        if len(self._pending) > self._flush_at:
            self._flush()
        self._frozen += parts.frozen
        place = self._flushed + len(self._pending)
        self._frames.append(_Frame(value, parts, iter(parts.children), place, self._folded, self._mutables))
        self._pending.append(parts.head)

    def _leave(self, frame: _Frame) -> None:
        self._frozen -= frame.parts.frozen
        if frame.parts.shared:
            return
        if self._mutables != frame.mutables or self._size(frame) > _FLUSH_AT:
            self._note(frame.value)
            return
        # Immutable through and through: it is its content, so it reads alike wherever it is met again.
        place = frame.place - self._flushed
        content = self._pending[place:]
        token = b"t" + xxhash.xxh3_128_digest(b"".join(content))
        self._pending[place:] = [token]
        self._folded += len(content) - 1
        self._note(frame.value, token)

    def _size(self, frame: _Frame) -> int:
        """Parts emitted for a value so far; it depends on nothing that stands before it."""
        return self._flushed + len(self._pending) - frame.place + self._folded - frame.folded

    def _note(self, value: object, token: bytes | None = None) -> None:
        self._seen[id(value)] = token or b"r%d;" % len(self._kept)
        self._kept.append(value)

    def _flush(self) -> None:
        """Hash what no open immutable container may still want back."""
        places = (each.place for each in self._frames if not each.parts.shared and self._size(each) <= _FLUSH_AT)
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
        self._tokens: dict[int, bytes] = {}
        self._kept: list[type] = []
        self._open: list[type] = []
        self._lowest = _NEVER
        self._closed = True
        self._visits = 0

    def token(self, cls: type) -> bytes:
        """A class as bytes: by name where that says it all, else by digest. Errors: Undigestible."""
        known = self._tokens.get(id(cls))
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
        self._tokens[id(cls)] = token
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
