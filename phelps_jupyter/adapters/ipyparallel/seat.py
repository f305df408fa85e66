"""The conversation with one engine: one request at a time, and nobody waits for the answer.

Knows requests and answers; refuses to know who asks and why.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipyparallel as ipp
import psutil

from phelps_jupyter.core.model import EngineId
from phelps_jupyter.runtime.attempts import Attempt
from phelps_jupyter.runtime.shipment import Shipment, compress

Number = tuple[int, int]
"""Of a run, and of its attempt."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what to do with its answer, or with the error that it raised on the engine."""

    name: str
    arguments: tuple[Any, ...]
    answer: Callable[[Any], None]
    fail: Callable[[Exception], None]
    starts: Number | None = None


class Seat:
    """One engine, with the attempts that it looks after."""

    def __init__(self, engine: EngineId, view: Any, cargo: Shipment) -> None:
        self.id = engine
        self.view = view
        self.running: dict[Number, Attempt] = {}
        self.process: psutil.Process | None = None
        self.joined = False
        self._shipment = cargo
        self._visit = _detached(_visit)
        self._todo: deque[Call] = deque()
        self._call: Call | None = None
        self._reply: Any = None

    @property
    def busy(self) -> bool:
        return bool(self._todo) or self._call is not None

    def ask(self, call: Call, *, first: bool = False) -> None:
        if first:
            self._todo.appendleft(call)
        else:
            self._todo.append(call)

    def withdraw(self, number: Number) -> bool:
        """Take back a start that has not been asked for yet; whether there was one."""
        waiting = [call for call in self._todo if call.starts == number]
        for call in waiting:
            self._todo.remove(call)
        return bool(waiting)

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
        cargo = compress(self._shipment) if call.name == "facts" else b""
        try:
            self._reply = self.view.apply_async(self._visit, self._shipment.stamp, cargo, call.name, call.arguments)
        except (LookupError, ipp.error.IPythonError):
            # It has just left. Whoever watches the engines will see that, and tell.
            return
        self._call = call


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
        module = sys.modules[private] = types.ModuleType(private)
        source = json.loads(zlib.decompress(cargo))["phelps_jupyter/runtime/shipment.py"]
        exec(compile(source, private, "exec"), module.__dict__)
        module.__dict__["outpost"] = module.__dict__["Outpost"](cargo)
    return getattr(sys.modules[private].__dict__["outpost"], name)(*arguments)


def _detached(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function without its module, which ipyparallel would import on the engine."""
    bare = types.FunctionType(function.__code__, {}, function.__name__)
    bare.__module__ = "__main__"
    return bare
