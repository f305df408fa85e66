"""What the tests of engines share: engines of either kind, orders with sensible fields, and notices to wait for."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ipyparallel as ipp
import pytest

from phelps_jupyter.adapters.ipyparallel import IpyparallelEngines
from phelps_jupyter.adapters.solo import SoloEngines
from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
from phelps_jupyter.core.model import EngineId
from phelps_jupyter.ports import Engines, Notice
from phelps_jupyter.runtime import digests, values
from phelps_jupyter.runtime.orders import Frame, Given, Order, Outcome, Started, Wrote
from phelps_jupyter.runtime.roll import Roll

HANG = 60.0
KINDS: dict[str, Callable[..., Engines]] = {"solo": SoloEngines, "ipyparallel": IpyparallelEngines}


@contextmanager
def users_cluster(folder: Path, engines: int) -> Iterator[Any]:
    """A cluster that is a user's own: its engines import what the user can import."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.path.dirname(__file__))
        cluster = ipp.Cluster(profile_dir=str(folder), cluster_id="mine", load_profile=False, log_level=40)
        cluster.start_cluster_sync(n=engines)
        client = cluster.connect_client_sync()
        client.wait_for_engines(engines, timeout=60)
        yield cluster
        client.close()
        cluster.stop_cluster_sync()


@dataclass
class Log:
    """Notices as they come; a test waits for the one it needs."""

    notices: list[Notice] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, notice: Notice) -> None:
        with self.came:
            self.notices.append(notice)
            self.came.notify_all()

    def until(self, find: Callable[[list[Notice]], Any]) -> Any:
        with self.came:
            found = self.came.wait_for(lambda: find(self.notices), timeout=HANG)
            assert found, f"waited {HANG:.0f} s, and had: {self.notices[-5:]}"
            return found

    def of(self, kind: type) -> list[Any]:
        with self.came:
            return [notice for notice in self.notices if isinstance(notice, kind)]


class Bench:
    """Two engines of one kind, with a store and a working folder of their own."""

    def __init__(self, kind: str, root: Path, count: int = 2, **settings: Any) -> None:
        self.kind = kind
        self.root = root
        self.store = str(root / "store")
        self.log = Log()
        self.engines = KINDS[kind](self.store, self.log, count, **settings)
        self._runs = 0

    def open(self) -> Bench:
        self.engines.start()
        self.log.until(lambda notices: any(isinstance(notice, EnginesSettled | EnginesFailed) for notice in notices))
        assert self.log.of(EnginesFailed) == []
        return self

    def present(self) -> list[EngineId]:
        gone = {left.engine for left in self.log.of(EngineLeft)}
        return [joined.engine.id for joined in self.log.of(EngineJoined) if joined.engine.id not in gone]

    def order(self, body: str, **fields: Any) -> Order:
        self._runs += 1
        standard: dict[str, Any] = {
            "run": self._runs,
            "attempt": 1,
            "task": "fit",
            "body": body,
            "inputs": (),
            "outputs": (),
            "declared": False,
            "optional": frozenset(),
            "store": self.store,
            "folder": str(self.root),
            "path": tuple(sys.path),
            "env": {},
            "seed": None,
            "cpus": 1,
            "memory": None,
            "time": None,
        }
        return Order(**standard | fields)

    def given(self, name: str, value: object, **fields: Any) -> Given:
        digest = digests.digest(value).digest
        values.write(value, digest, self.store)
        return Given(name, digest, **fields)

    def submit(self, body: str, on: int = 0, **fields: Any) -> Order:
        order = self.order(body, **fields)
        self.engines.submit(self.present()[on], order)
        return order

    def run(self, body: str, **fields: Any) -> Outcome:
        return self.outcome(self.submit(body, **fields))

    def outcome(self, order: Order) -> Outcome:
        outcome: Outcome = self.log.until(lambda notices: next(iter(_of(order, Outcome, notices)), None))
        return outcome

    def started(self, order: Order) -> None:
        self.log.until(lambda notices: _of(order, Started, notices))

    def wrote(self, order: Order, text: str) -> str:
        """All that it wrote, as soon as that has ``text`` in it."""
        self.log.until(lambda notices: text in _text(_frames(order, notices)))
        return _text(_frames(order, self.log.notices))

    def frames(self, order: Order) -> list[Frame]:
        """All of them, when the attempt has ended."""
        self.outcome(order)
        return _frames(order, self.log.notices)

    def raw(self, order: Order) -> list[Frame]:
        """As they came."""
        self.outcome(order)
        return [frame for wrote in _of(order, Wrote, self.log.notices) for frame in wrote.frames]

    def text(self, order: Order) -> str:
        return _text(self.frames(order))

    def value(self, outcome: Outcome, name: str) -> Any:
        return values.read(next(stored.digest for stored in outcome.outputs if stored.name == name), self.store)


def gave(outcome: Outcome) -> list[str]:
    return [stored.name for stored in outcome.outputs]


def poll(condition: Callable[[], Any]) -> Any:
    """Wait for something that sends no notice."""
    until = time.monotonic() + HANG
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def _of(order: Order, kind: type, notices: Iterable[Notice]) -> list[Any]:
    return [
        notice
        for notice in notices
        if isinstance(notice, kind) and (notice.run, notice.attempt) == (order.run, order.attempt)  # type: ignore[attr-defined]
    ]


def _frames(order: Order, notices: Iterable[Notice]) -> list[Frame]:
    """In order, as whoever holds all of them has them in the end."""
    roll = Roll()
    roll.extend(frame for wrote in _of(order, Wrote, notices) for frame in wrote.frames)
    return list(roll.frames())


def _text(frames: Iterable[Frame]) -> str:
    return "".join(frame.text for frame in frames)
