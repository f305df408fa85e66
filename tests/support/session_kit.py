"""A session for tests: on an index and a store in a folder, with engines that the test pretends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.events import EngineJoined, EnginesSettled
from phelps_jupyter.core.model import Cell, CellId, Engine, EngineId, Host, HostId
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.ports import MakeEngines, Notify
from phelps_jupyter.questions import Questions
from phelps_jupyter.runtime.orders import Order
from phelps_jupyter.session import Session
from phelps_jupyter.surface import Surface


class PretendEngines:
    """One engine for each cpu of one host, which join at once. What they do with an order each test says."""

    cpus = 1

    def __init__(self, notify: Notify) -> None:
        self.notify = notify

    def start(self) -> None:
        self.join()

    def join(self) -> None:
        host = Host(HostId("box"), "box", self.cpus, 10**9)
        for number in range(self.cpus):
            self.notify(EngineJoined(time.time(), Engine(EngineId(str(number)), host.id), host))
        self.notify(EnginesSettled(time.time()))

    def submit(self, engine: EngineId, order: Order) -> None:
        raise NotImplementedError

    def kill(self, run: int, attempt: int) -> None:
        raise AssertionError((run, attempt))

    def close(self) -> None:
        pass

    def describe(self) -> str:
        return "pretended"

    def holds(self, digest: str) -> bool:
        """Of each value that is told of it is taken to be there."""
        del digest
        return True

    def bring(self, digest: str) -> None:
        raise FileNotFoundError(digest)

    def drop(self, digests: Sequence[str]) -> None:
        pass


def session_in(folder: Path, make: MakeEngines, kind: Callable[[str], SqliteIndex] = SqliteIndex) -> Session:
    """A session that has begun; whoever asks for it closes it."""
    index = kind(str(folder / "state.db"))
    start, sights, asked = Surroundings.at_start(str(folder)), CellSights(index), Questions(lambda: None)
    shown: Callable[..., None] = lambda *_: None  # noqa: E731
    surface = Surface("a.ipynb", Namespace({}), start, sights, shown, shown, asked, headless=False)
    session = Session(surface, DiskStore(str(folder)), index, Ledger(str(folder)), make)
    session.start()
    return session


def put_cells(session: Session, *sources: str) -> None:
    """The document is these cells."""
    notebook = Notebook()
    notebook.read([Cell(CellId(f"c{number}"), source) for number, source in enumerate(sources)], 0.0)
    session.change_document(notebook.graph())
