"""Which keys this kernel makes the results of, and which of its runs wait for another kernel that makes theirs.

Knows who we are and who lives on this host; refuses to know what a key is made of, and when a run has settled. All of
its state belongs to the session's thread.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from phelps_jupyter.core.model import Key, RunId
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Index
from phelps_jupyter.runtime.attempts import began, lives
from phelps_jupyter.runtime.host import boot
from phelps_jupyter.taking_over import Estate

ELSEWHERE = "another kernel that runs the same"
LEFT = "an attempt that a kernel before this one has left running"
BEAT_EVERY = 5.0
"""Seconds between two words that we live."""
LOOK_EVERY = 0.5
"""Seconds between two looks at the keys that others have claimed."""


def ourselves() -> str:
    """The owner of our claims; no other session, in this process or elsewhere, is called the same."""
    me = {"host": socket.gethostname(), "boot": boot(), "pid": os.getpid(), "began": began(os.getpid())}
    return json.dumps(me | {"session": secrets.token_hex(4)})


def gone(owner: str) -> bool:
    """Whether the owner ran on this host, since it was booted, and does so no more. Of others only their beat tells."""
    told = json.loads(owner)
    here = (told["host"], told["boot"]) == (socket.gethostname(), boot())
    return here and not lives(told["pid"], told["began"], told["boot"])


@dataclass(slots=True)
class Claims:
    """Of one session. ``say``: told of errors of the index; a run that can't claim its key goes on without."""

    index: Index
    estate: Estate
    say: Callable[[Exception], None]
    owner: str = field(default_factory=ourselves)
    _held: dict[Key, set[RunId]] = field(default_factory=dict)
    """A key is ours as long as one of its runs is open."""
    _keys: dict[RunId, Key] = field(default_factory=dict)
    _waiting: dict[RunId, tuple[Key, str]] = field(default_factory=dict)
    """With whom they wait for."""
    _beat_at: float = 0.0
    """On the monotonic clock, as all times of ours but the beat itself."""
    _look_at: float = 0.0
    _said: str = ""
    """What is wrong with the index, as long as it is."""

    def take(self, run: RunId, key: Key) -> bool:
        """Whether the run may go on. If not, it waits until `due` tells it."""
        if key not in (self._keys.get(run), self._waiting.get(run, ("",))[0]):
            self.drop(run)
        maker = self._ask(lambda: self._maker(key))
        self._waiting.pop(run, None)
        if maker == self.owner:
            self._hold(run, key)
        elif maker is not None:
            self._wait(run, key, maker)
        return run not in self._waiting

    def waited_for(self, run: RunId) -> str:
        """Whom the run waits for, in words; nothing: for nobody."""
        return self._waiting.get(run, ("", ""))[1]

    def drop(self, run: RunId) -> None:
        """The run has settled, or its key is another one now: it holds nothing, and waits no more."""
        awaited, maker = self._waiting.pop(run, ("", ""))
        if maker == LEFT and awaited not in self._held:
            # It was to be ours afterwards.
            self._release([Key(awaited)])
        key = self._keys.pop(run, None)
        if key is not None:
            self._held[key].discard(run)
            if not self._held[key]:
                del self._held[key]
                self._release([key])

    def close(self, going_on: Collection[RunId] = ()) -> None:
        """Give back all that we hold, or were to hold.

        ``going_on``: runs with attempts that outlive us. Who wants their keys finds these when our process is gone.
        """
        held = [key for key, runs in self._held.items() if runs.isdisjoint(going_on)]
        keys = [*held, *(key for key, maker in self._waiting.values() if maker == LEFT)]
        self._waiting.clear()
        self._keys.clear()
        self._held.clear()
        if keys:
            self._release(keys)

    def patience(self, most: float | None) -> float | None:
        """Seconds until `due` has something to do, but ``most`` at most; None: for ever."""
        times = ([self._beat_at] if self._held else []) + ([self._look_at] if self._waiting else [])
        waits = [max(0.0, at - time.monotonic()) for at in times]
        return min(waits if most is None else [*waits, most], default=None)

    def due(self) -> list[RunId]:
        """Renew our claims, and look for those that we wait for; the runs that may be proved again."""
        now = time.monotonic()
        if self._held and now >= self._beat_at:
            self._beat_at = now + BEAT_EVERY
            self._ask(lambda: self.index.beat(self.owner, time.time()))
        if not self._waiting or now < self._look_at:
            return []
        self._look_at = now + LOOK_EVERY
        return [run for run, (key, _) in list(self._waiting.items()) if self.take(run, key)]

    def _hold(self, run: RunId, key: Key) -> None:
        if not self._held:
            self._beat_at = time.monotonic() + BEAT_EVERY
        self._held.setdefault(key, set()).add(run)
        self._keys[run] = key

    def _wait(self, run: RunId, key: Key, maker: str) -> None:
        if not self._waiting:
            self._look_at = time.monotonic() + LOOK_EVERY
        self._waiting[run] = (key, maker)

    def _maker(self, key: Key) -> str:
        """Who makes the result of this key: us, or others, in words."""
        holder = self.index.claim(key, self.owner, time.time())
        if holder != self.owner and gone(holder):
            self.estate.look()
            self.index.release([key], holder)
            holder = self.index.claim(key, self.owner, time.time())
        if holder != self.owner:
            return ELSEWHERE
        return LEFT if self.estate.makes(key) else holder

    def _release(self, keys: list[Key]) -> None:
        self._ask(lambda: self.index.release(keys, self.owner))

    def _ask(self, act: Callable[[], str | None]) -> str | None:
        try:
            answer = act()
        except StoreError as error:
            if str(error) != self._said:
                self.say(error)
            self._said = str(error)
            return None
        self._said = ""
        return answer
