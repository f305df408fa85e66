"""The kernel's end of the live face: front ends link to it, are told of every task, and say what they want.

Has a thread of its own: a comm's messages come in whatever thread the kernel takes for them, also while a cell runs,
and the kernel's loop must not wait for us. docs/protocol.md tells what is said.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from phelps_jupyter.core.board import PROTO, Board, Json, needs
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import SETTLED, Cell, CellId, RunId, TaskName
from phelps_jupyter.core.proposal import Proposal, proposal
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.errors import DeclarationError, PhelpsError
from phelps_jupyter.faces.cards import bundle, joined
from phelps_jupyter.faces.picture import engines_picture, task_picture
from phelps_jupyter.faces.wishes import Wishes
from phelps_jupyter.judge import Judge
from phelps_jupyter.outcomes import notice_of
from phelps_jupyter.pace import Pace
from phelps_jupyter.runtime.orders import Frame

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live

TARGET = "phelps"
"""The comm target's name."""


class UntoldError(Exception):
    """A front end speaks of cells whose sources have not arrived: it is to tell all of them."""


class Link:
    """One front end: what it has told of the document, and how it is told."""

    def __init__(self, kernel: Any, comm: Any) -> None:
        self._kernel = kernel
        self._comm = comm
        self.sources: dict[CellId, str] = {}
        self.order: list[CellId] = []
        self.logs: set[TaskName] = set()

    def send(self, message: Json) -> None:
        """Tell this front end. Any thread may."""
        content = {"comm_id": self._comm.comm_id, "data": json.loads(json.dumps(message))}
        # As nobody's answer: ipykernel has what comes back on a comm handled by the shell whose message was answered
        # last, which for the main one is when its cell has ended.
        self._kernel.session.send(self._kernel.iopub_socket, "comm_msg", content, parent={}, ident=self._comm.topic)

    def close(self) -> None:
        """Tell it that nobody is here any more, if it can still be told."""
        with suppress(Exception):
            self._comm.close()

    def take(self, message: Mapping[str, Any]) -> list[Cell]:
        """It has told of its document what has changed; the code cells in order. Errors: UntoldError."""
        known = self.sources | message.get("changed", {})
        order = [CellId(cell) for cell in message["order"]]
        untold = [cell for cell in order if cell not in known]
        if untold:
            raise UntoldError(untold)
        self.order, self.sources = order, {cell: known[cell] for cell in order}
        return [Cell(cell, source) for cell, source in self.sources.items()]


class Lab:
    """One per kernel."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._wishes = Wishes(live)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._links: dict[str, Link] = {}
        self._thread: threading.Thread | None = None
        self._board = Board()
        self._graph: Graph | None = None
        self._needs: dict[TaskName, list[Json]] = {}
        self._views: dict[TaskName, TaskView] = {}
        self._carded: dict[TaskName, RunId] = {}
        """The run of each task whose end was told with its card."""
        self._author: Link | None = None
        """The front end that told last what the document is."""
        self._judge: Judge | None = None
        self._due = False
        self._anew = True
        """Whether the outside is to be looked at again: a run has ended, or a cell has run."""
        self._pace = Pace()

    @property
    def is_linked(self) -> bool:
        """Whether some front end tells what the document is."""
        return any(link.order for link in list(self._links.values()))

    @property
    def _kernel(self) -> Any:
        return getattr(self._live.shell, "kernel", None)

    @property
    def _comms(self) -> Any:
        return getattr(self._kernel, "comm_manager", None)

    def install(self) -> None:
        """Front ends can link from now on, where the kernel has comms."""
        if self._comms is not None:
            self._comms.register_target(TARGET, self._open)

    def close(self) -> None:
        """Tell nobody any more."""
        if self._comms is not None:
            self._comms.targets.pop(TARGET, None)
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()
        for link in self._links.values():
            link.close()
        self._links.clear()

    def see(self, view: TaskView, frames: tuple[Frame, ...]) -> None:
        """The task is so now. Called in the session's thread."""
        if self._links:
            self._queue.put(lambda: self._see(view, frames))

    def look(self, *, anew: bool) -> None:
        """The document is another one. ``anew``: what lies outside it may be, too. Any thread may tell."""
        if self._links:
            self._queue.put(lambda: self._look(anew=anew))

    def _open(self, comm: Any, message: Mapping[str, Any]) -> None:
        """A front end links. Called in any thread."""
        del message
        comm.on_msg(lambda told: self._said(comm.comm_id, told["content"]["data"], time.time()))
        comm.on_close(lambda _: self._queue.put(lambda: self._close_link(comm.comm_id)))
        self._queue.put(lambda: self._link(comm))
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="phelps-lab", daemon=True)
            self._thread.start()

    def _said(self, name: str, message: Mapping[str, Any], at: float) -> None:
        self._queue.put(lambda: self._hear(name, message, at))

    def _loop(self) -> None:
        while True:
            try:
                act = self._queue.get(timeout=self._pace.pause if self._due else None)
            except queue.Empty:
                act = self._tell
            if act is None:
                return
            try:
                act()
                if self._due and self._pace.is_due:
                    self._tell()
            except Exception as error:
                # The thread must live: a front end that hears nothing shows what is no longer true.
                self._say(error)

    def _say(self, error: Exception) -> None:
        # Where nothing can be sent any more, the kernel is about to end.
        with suppress(Exception):
            self._send({"type": "notice", "level": "error", "text": notice_of(error)})

    def _send(self, message: Json) -> None:
        for link in self._links.values():
            link.send(message)

    def _link(self, comm: Any) -> None:
        link = self._links[comm.comm_id] = Link(self._kernel, comm)
        link.send({"type": "hello", "proto": PROTO, "notebook": self._live.name})
        self._anew = True
        self._views = {view.name: view for view in self._live.session.views()}
        self._tell()
        link.send(self._board.snapshot())

    def _close_link(self, name: str) -> None:
        link = self._links.pop(name, None)
        if link is not None and link is self._author:
            self._author = next(iter(self._links.values()), None)

    def _see(self, view: TaskView, frames: tuple[Frame, ...]) -> None:
        self._views[view.name] = view
        self._due = True
        # The views are also had anew with each graph: what a card was sent for is noted apart.
        ended = view.run if view.state in SETTLED else None
        if ended is not None and self._carded.get(view.name) != ended:
            self._carded[view.name] = ended
            self._anew = True
            self._send_card(view, frames)
        self._tell_logs(view.name, frames)

    def _send_card(self, view: TaskView, frames: tuple[Frame, ...]) -> None:
        """To the front end whose document it is: the others would have changes that nobody made."""
        if self._author is not None and not self._live.settings.quiet:
            card: Json = {"type": "card", "task": view.name, "cell_id": view.cell, "bundle": bundle(view, frames)}
            self._author.send(card)

    def _tell_logs(self, task: TaskName, frames: tuple[Frame, ...]) -> None:
        for link in self._links.values():
            if task in link.logs:
                link.send(_log(task, frames))

    def _look(self, *, anew: bool) -> None:
        self._due = True
        self._anew = self._anew or anew

    def _tell(self) -> None:
        """Tell what has changed since the last time."""
        self._due = False
        with self._pace.update():
            message = self._changes()
        if message is not None:
            self._send(message)

    def _changes(self) -> Json | None:
        live, session = self._live, self._live.session
        graph = live.graph
        if graph is not self._graph:
            self._needs, self._graph = needs(graph), graph
            self._views = {view.name: view for view in session.views()}
        judge = self._judged(graph)
        judged = judge.all()
        known = {task: self._views[task] for task in graph.tasks if task in self._views}
        tasks = {task: task_picture(view, judged.get(task), self._needs.get(task, ())) for task, view in known.items()}
        stale: list[object] = [
            {"cell_id": cell.cell, "place": cell.place, "reason": cell.reason} for cell in self._wishes.stale(judge)
        ]
        rest: Json = {
            "cells": stale,
            "engines": session.call(lambda: engines_picture(session.machine)),
            "notices": list(session.notices),
        }
        return self._board.change(tasks, rest, graph.tasks)

    def _judged(self, graph: Graph) -> Judge:
        """A look at all tasks; after a mere edit, at what it touches."""
        if self._judge is None or self._anew:
            self._anew = False
            self._judge = self._live.judge()
        if self._judge.graph is not graph:
            self._judge = self._judge.moved_to(graph)
        return self._judge

    def _hear(self, name: str, message: Mapping[str, Any], at: float) -> None:
        """``at``: when it was said; what was executed since then is newer."""
        link = self._links.get(name)
        if link is None:
            return
        try:
            self._do(link, message, at)
        except PhelpsError as error:
            link.send({"type": "notice", "level": "error", "text": str(error)})

    def _take(self, link: Link, message: Mapping[str, Any], at: float) -> None:
        try:
            cells = link.take(message)
        except UntoldError:
            link.send({"type": "tell"})
            return
        self._author = link
        self._live.set_document(cells, at)
        self._due = True

    def _propose(self, link: Link, cell: CellId) -> None:
        graph = self._live.graph
        found = proposal(graph, cell) if cell in graph.nodes else None
        if found is None:
            raise DeclarationError("this cell can't be made a task: it is one already, or its code can't be parsed")
        link.send(_proposed(cell, found))

    def _do(self, link: Link, message: Mapping[str, Any], at: float) -> None:
        tasks = [TaskName(task) for task in message.get("tasks") or ()]
        match message.get("type"):
            case "sources":
                self._take(link, message, at)
            case "run":
                by_hand = self._wishes.run(message.get("scope", "stale"), tasks)
                if by_hand:
                    link.send({"type": "execute", "cells": list(by_hand)})
            case "cancel":
                self._live.session.cancel(tasks or None)
            case "logs":
                link.logs = set(tasks)
                for task in tasks:
                    link.send(_log(task, self._live.session.frames(task)))
            case "propose":
                self._propose(link, CellId(message["cell"]))
            case "resync":
                link.send(self._board.snapshot())


def _proposed(cell: CellId, found: Proposal) -> Json:
    return {
        "type": "proposal",
        "cell": cell,
        "name": found.name,
        "reads": list(found.reads),
        "gives": list(found.gives),
    }


def _log(task: TaskName, frames: tuple[Frame, ...]) -> Json:
    """What a task has written: all of it, as far as it is kept."""
    shown = [{"kind": frame.kind, "text": frame.text} for frame in joined(frames) if frame.text]
    return {"type": "log", "task": task, "frames": shown}
