"""One end of a conversation whose messages may be lost on their way: each is numbered, and kept until it was heard.

Standard library alone: it is loaded by itself where an engine runs. Messages are bytes, of which nothing is known here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

AGAIN = 2.0
"""Seconds after which what nobody has heard is sent once more; longer each time, up to `SELDOM`."""
SELDOM = 60.0
AT_ONCE = 64
"""Messages of one sending, at most."""
UNHEARD = 8 * AT_ONCE
"""Messages that are on their way, at most."""


class Letters(NamedTuple):
    """One sending. ``heard``: how many of the other end's messages have come; ``first``: the number of the first of
    ``messages``, counted from 0 in the whole conversation."""

    heard: int
    first: int
    messages: Sequence[bytes]


class Mailbox:
    """Of one end; whichever way letters go, each message is taken once and in order."""

    def __init__(self) -> None:
        self._heard = 0
        self._first = 0
        self._kept: list[bytes] = []
        self.size = 0
        """Bytes of what nobody has heard."""
        self._sent = 0
        self._waits_since = 0.0
        self._patience = AGAIN

    @property
    def pending(self) -> bool:
        """Something was not sent yet."""
        return self._sent < self._first + len(self._kept)

    @property
    def arrived(self) -> int:
        """How many of our messages the other end has heard."""
        return self._first

    def put(self, message: bytes) -> int:
        """To be sent, with the next letters. Returns how many will have arrived when this one has."""
        self._kept.append(message)
        self.size += len(message)
        return self._first + len(self._kept)

    def take(self, letters: Letters) -> list[bytes]:
        """What is new of what the other end says; after a gap, nothing of it is."""
        heard = min(letters.heard - self._first, len(self._kept))
        if heard > 0:
            self.size -= sum(map(len, self._kept[:heard]))
            del self._kept[:heard]
            self._first += heard
            self._sent = max(self._sent, self._first)
            self._waits_since, self._patience = time.monotonic(), AGAIN
        new = list(letters.messages[self._heard - letters.first :]) if letters.first <= self._heard else []
        self._heard += len(new)
        return new

    def letters(self) -> Letters:
        """What is to be said now: what was not sent, or, when nobody has heard it for long, was."""
        now = time.monotonic()
        if self._sent <= self._first:
            self._waits_since = now
        elif now - self._waits_since > self._patience:
            self._sent, self._waits_since, self._patience = self._first, now, min(2 * self._patience, SELDOM)
        room = UNHEARD - (self._sent - self._first)
        messages = self._kept[self._sent - self._first :][: min(AT_ONCE, max(room, 0))]
        return Letters(self._heard, self._sent, messages)

    def sent(self, letters: Letters) -> None:
        """These are on their way."""
        self._sent = letters.first + len(letters.messages)

    def all_letters(self) -> Letters:
        """All that was not heard."""
        return Letters(self._heard, self._first, list(self._kept))
