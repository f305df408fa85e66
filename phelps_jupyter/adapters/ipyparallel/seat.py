"""The conversation with one engine: one request at a time, and nobody waits for the answer.

Knows requests and answers; refuses to know who asks and why.
"""

from __future__ import annotations

import time
import types
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import ipyparallel as ipp

from phelps_jupyter.adapters.ipyparallel.channel import Channel
from phelps_jupyter.adapters.ipyparallel.freight import Depot
from phelps_jupyter.adapters.ipyparallel.life import Life
from phelps_jupyter.core.model import EngineId, Host
from phelps_jupyter.runtime.line import Message, pack, unpack
from phelps_jupyter.runtime.mailbox import Letters, Mailbox
from phelps_jupyter.runtime.shipment import Shipment, compress

ASK_EVERY = 0.1
"""Seconds between requests to an engine that is asked through ipyparallel."""
TRY_AFTER, SELDOM = 30.0, 600.0
"""Seconds after which the channel is tried again; twice as many after each try in vain, up to so many."""
LEAVING = 5.0
"""Seconds that an engine has to end what it runs for us."""
LOOK = 0.005
SOON = 1.0
"""Seconds after which an engine that has not answered does work of others."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what to do with its answer, or with the error that it raised on the engine."""

    name: str
    arguments: tuple[Any, ...]
    answer: Callable[[Any], None]
    fail: Callable[[Exception], None]


class Way(Enum):
    """How messages go to an engine and back."""

    NONE = "not yet"
    CHANNEL = "its own channel"
    REQUESTS = "requests through ipyparallel"
    TRIED = "requests through ipyparallel, its own channel being tried again"


class Seat:
    """One engine, with the attempts that it looks after. ``name``: what its agent says that it is."""

    def __init__(self, engine: EngineId, view: Any, cargo: Shipment, name: bytes) -> None:
        self.id = engine
        self.view = view
        self.name = name
        self.running: set[tuple[int, int]] = set()
        """Attempts that have not ended."""
        self.way = Way.NONE
        self.life: Life | None = None
        """Of its process, where that runs on this machine."""
        self.host: Host | None = None
        self.depot: Depot | None = None
        """Where it keeps values; None: in the project's store, which it sees."""
        self.joined = False
        self.leaving = False
        self.refused = ""
        """Why it can't be used."""
        self.door: tuple[str, bytes] | None = None
        """Where its agent connects to the channel, and the key of the gate there."""
        self._due = 0.0
        self._try_at = 0.0
        self._try_after = TRY_AFTER
        self._asked_at = 0.0
        self._shipment = cargo
        self._visit = _detached(_visit)
        self._todo: deque[Call] = deque()
        self.mailbox = Mailbox()
        self._unserved: list[Message] = []
        """Of attempts that its own process was to run, and could not."""
        self._call: Call | None = None
        self._reply: Any = None

    @property
    def busy(self) -> bool:
        return bool(self._todo) or self._call is not None

    @property
    def has_guest(self) -> bool:
        """Its own process runs a body."""
        return self._call is not None and self._call.name == "take_in"

    @property
    def is_answering(self) -> bool:
        """An answer may come any moment."""
        if self._call is None:
            return bool(self._todo)
        return time.monotonic() - self._asked_at < SOON

    def ask(self, call: Call) -> None:
        """One after the other; nothing more of one that is left."""
        if not self.leaving:
            self._todo.append(call)

    def leave(self, call: Call) -> None:
        """The last thing that it is asked."""
        self._todo.clear()
        self.ask(call)
        self.leaving = True

    @property
    def is_to_be_asked(self) -> bool:
        """A request is due. Each costs the engine and us milliseconds."""
        due = bool(self.running) and time.monotonic() - self._asked_at > ASK_EVERY
        return not self.busy and (self.mailbox.pending or due)

    @property
    def is_overdue(self) -> bool:
        """It should have been heard on the channel by now."""
        return self.way is not Way.REQUESTS and 0 < self._due < time.monotonic()

    @property
    def is_to_try(self) -> bool:
        """It is time to look whether the channel reaches it again, and nothing is to be said to it at this moment."""
        rests = self.way is Way.REQUESTS and not self.busy and not self.mailbox.pending
        return rests and self.door is not None and time.monotonic() > self._try_at

    def enter(self, way: Way) -> None:
        """Messages go this way from now on."""
        if way is Way.CHANNEL:
            self._try_after = TRY_AFTER
        elif way is Way.REQUESTS:
            self._try_at = time.monotonic() + self._try_after
        else:
            self._try_after = min(2 * self._try_after, SELDOM)
            # Not before it was told where to connect.
            self._due = 0.0
        self.way = way

    def expect(self, seconds: float) -> None:
        """It is to be heard on the channel within this time."""
        self._due = time.monotonic() + seconds

    def give_up(self, _: Exception) -> None:
        """It could not be told where to connect."""
        self.expect(0)

    def send(self, message: Message) -> None:
        """With the next sending."""
        if message.kind == "order":
            self.running.add(message.number)
        self.mailbox.put(pack(message))

    def take(self, letters: Letters) -> Iterator[Message]:
        """What is new of what it says."""
        unserved, self._unserved = self._unserved, []
        for message in [*unserved, *map(unpack, self.mailbox.take(letters))]:
            if message.kind == "wanted":
                self._let_run(message)
                continue
            if message.kind in ("outcome", "gone"):
                self.running.discard(message.number)
            yield message

    def _let_run(self, wanted: Message) -> None:
        """An attempt that the engine's own process is to run: its main thread does that where a request reaches it."""

        def fail(error: Exception) -> None:
            self._unserved.append(Message("gone", *wanted.number, f"the engine could not run it: {error}".encode()))
            self.send(Message("cancel", *wanted.number))

        self.ask(Call("take_in", (self.name, wanted.payload.decode()), _ignore, fail))

    def advance(self) -> Any:
        """Act on an answer that has come, send the next request; returns the reply that was acted on, if any."""
        if self._call is not None and not self._reply.ready():
            return None
        call, reply = self._call, self._reply
        self._call = self._reply = None
        if call is not None:
            _answer(call, reply)
        if self._todo and self._call is None:
            self._send(self._todo.popleft())
        return reply

    def _send(self, call: Call) -> None:
        self._asked_at = time.monotonic()
        cargo = compress(self._shipment) if call.name == "facts" else b""
        try:
            self._reply = self.view.apply_async(self._visit, self._shipment.stamp, cargo, call.name, call.arguments)
        except (LookupError, ipp.error.IPythonError):
            # It has just left. Whoever watches the engines will see that, and tell.
            return
        self._call = call


def described(seats: Iterable[Seat], expected: int) -> str:
    """One line for people: how many engines take tasks, where, and how they are reached."""
    joined = [seat for seat in seats if seat.joined]
    if not joined:
        return f"no ipyparallel engine has joined yet, of {expected} that are expected"
    plural = "" if len(joined) == 1 else "s"
    hosts = ", ".join(sorted({seat.host.name for seat in joined if seat.host is not None}))
    ways = Counter(seat.way.value for seat in joined)
    reached = "".join(f"; {count} reached by {way}" for way, count in ways.items())
    return f"{len(joined)} ipyparallel engine{plural} on {hosts}{reached}"


def end_all(seats: Sequence[Seat], channel: Channel | None) -> None:
    """End what runs for us on engines that are not ours."""
    for seat in seats:
        if seat.has_guest and channel is not None:
            # It hears no request before that has ended.
            channel.dismiss(seat.name)
        seat.leave(Call("leave", (seat.name,), _ignore, _ignore))
    until = time.monotonic() + LEAVING
    while any(seat.busy for seat in seats) and time.monotonic() < until:
        for seat in seats:
            seat.advance()
        time.sleep(LOOK)


def _ignore(_: object) -> None:
    """Nothing follows from the answer."""


def _answer(call: Call, reply: Any) -> None:
    try:
        result = reply.get(0)
    except Exception as error:
        # Whatever was raised on the engine comes as it is. That the engine died is told by whoever watches the engines.
        if getattr(error, "ename", "") != "EngineError" and not isinstance(error, ipp.error.EngineError):
            call.fail(error)
    else:
        call.answer(result)


def _visit(stamp: str, cargo: bytes, name: str, arguments: tuple[Any, ...]) -> Any:
    """Runs in an engine, which may know nothing of us: it imports what it needs, and the rest is in the cargo."""
    import json
    import sys
    import types
    import zlib

    private = f"phelps_shipment_{stamp}"
    if private not in sys.modules:
        module = types.ModuleType(private)
        source = json.loads(zlib.decompress(cargo))["phelps_jupyter/runtime/shipment.py"]
        exec(compile(source, private, "exec"), module.__dict__)
        module.__dict__["outpost"] = module.__dict__["Outpost"](cargo)
        # Only now: an interrupt may come in the midst of this.
        sys.modules[private] = module
    return getattr(sys.modules[private].__dict__["outpost"], name)(*arguments)


def _detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function without its module, which ipyparallel would import on the engine."""
    bare = types.FunctionType(function.__code__, {}, function.__name__)
    bare.__module__ = "__main__"
    return bare
