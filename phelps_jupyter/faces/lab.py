"""The kernel's end of the live face: front ends link to it, are told of every task, and say what they want.

Has a thread of its own: a comm's messages come in whatever thread the kernel takes for them, also while a cell runs,
and the kernel's loop must not wait for us. docs/protocol.md tells what is said.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from phelps_jupyter.calls import answered
from phelps_jupyter.core.board import PROTO, Board, Json, needs
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import SETTLED, Cell, CellId, RunId, TaskName
from phelps_jupyter.core.proposal import Proposal, proposal
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.errors import DeclarationError, PhelpsError
from phelps_jupyter.faces.answers import Answers
from phelps_jupyter.faces.cards import bundle
from phelps_jupyter.faces.followed import Followed
from phelps_jupyter.faces.links import Link, UntoldError
from phelps_jupyter.faces.picture import engines_picture, task_picture
from phelps_jupyter.faces.wishes import Wishes
from phelps_jupyter.judge import Judge
from phelps_jupyter.outcomes import notice_of
from phelps_jupyter.pace import Pace
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.usages import seconds_of

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live

TARGET = "phelps"
"""The comm target's name."""
SILENCE = 5.0
"""Seconds between a front end's last word and a file that was saved with other cells: it may be gone by then."""


class Lab:
    """One per kernel."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._wishes = Wishes(live)
        self._answers = Answers(live)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._links: dict[str, Link] = {}
        self._followers: list[Callable[[Json], None]] = []
        """Those in the kernel who are told the same."""
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
        return bool(self._tellers)

    @property
    def _tellers(self) -> list[Link]:
        return [link for link in list(self._links.values()) if link.order]

    def knows_better(self, saved_at: float, saved: Callable[[], Sequence[Cell]]) -> bool:
        """Whether a front end tells what the document is, and not the file. Edits are told before they are saved: one
        that was silent while others were saved has perhaps gone without a word. It is asked, and the file counts."""
        tellers = self._tellers
        if not tellers or saved_at <= max(link.heard_at for link in tellers) + SILENCE:
            return bool(tellers)
        # By what stands in them: an older format saves no ids.
        sources = [cell.source for cell in saved()]
        for link in tellers:
            if [cell.source for cell in link.cells] == sources:
                link.heard_at = saved_at
                return True
        for link in tellers:
            self._queue.put(link.ask)
        return False

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
        self._followers.clear()

    def see(self, view: TaskView, frames: tuple[Frame, ...]) -> None:
        """The task is so now. Called in the session's thread."""
        if self._is_told:
            self._queue.put(lambda: self._see(view, frames))

    def look(self, *, anew: bool) -> None:
        """The document is another one. ``anew``: what lies outside it may be, too. Any thread may tell."""
        if self._is_told:
            self._queue.put(lambda: self._look(anew=anew))

    def follow(self, follower: Callable[[Json], None]) -> None:
        """From now on it is told what front ends are, in our thread; first a snapshot. From the main thread."""
        self._begin()
        answered(self._queue.put, lambda: self._follow(follower))

    def tell_now(self) -> list[Json]:
        """Tell what there is to tell, and return all tasks as they have been told. From the main thread."""
        self._begin()
        return answered(self._queue.put, self._tell_all)

    def tell_author(self, message: Json) -> bool:
        """To the front end whose document it is, if there is one. In our thread."""
        if self._author is not None:
            self._author.send(message)
        return self._author is not None

    def link(self, name: str, link: Link) -> None:
        """Somebody who links by another way than a comm of ours. From the main thread."""
        self._begin()
        self._queue.put(lambda: self._add(name, link))

    def hear(self, name: str, message: Mapping[str, Any], at: float) -> None:
        """It has said so. Any thread may tell."""
        self._queue.put(lambda: self._hear(name, message, at))

    @property
    def _is_told(self) -> bool:
        return bool(self._links or self._followers)

    def _open(self, comm: Any, message: Mapping[str, Any]) -> None:
        """A front end links. Called in any thread."""
        del message
        comm.on_msg(lambda told: self.hear(comm.comm_id, told["content"]["data"], time.time()))
        comm.on_close(lambda _: self._queue.put(lambda: self._close_link(comm.comm_id)))
        self._queue.put(lambda: self._add(comm.comm_id, Link(self._kernel, comm)))
        self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="phelps-lab", daemon=True)
            self._thread.start()

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
        for follower in self._followers:
            follower(message)

    def _add(self, name: str, link: Link) -> None:
        self._links[name] = link
        link.send({"type": "hello", "proto": PROTO, "notebook": self._live.name})
        self._tell_all()
        link.send(self._board.snapshot())

    def _follow(self, follower: Callable[[Json], None]) -> None:
        self._tell_all()
        follower(self._board.snapshot())
        self._followers.append(follower)

    def _tell_all(self) -> list[Json]:
        """Of all tasks, also those that nobody was told of yet."""
        self._anew = True
        self._views = {view.name: view for view in self._live.session.views()}
        self._tell()
        return self._board.tasks

    def _close_link(self, name: str) -> None:
        link = self._links.pop(name, None)
        if link is not None and link is self._author:
            # The widget of a graph has a link as well, and no document.
            self._author = next(iter(self._tellers), None)

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
            self.tell_author(card)

    def _tell_logs(self, task: TaskName, frames: tuple[Frame, ...]) -> None:
        for link in self._links.values():
            message = link.logs[task].news(frames) if task in link.logs else None
            if message is not None:
                link.send(message)

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
            views, is_known = session.call(lambda: (session.views(), session.machine.graph is graph))
            # Before the session knows it, these are views of the one before.
            self._needs, self._graph = needs(graph), graph if is_known else None
            self._take_views(views)
        judge = self._judged(graph)
        judged = judge.all()
        known = {task: self._views[task] for task in graph.tasks if task in self._views}
        engines, seconds = session.call(lambda: (engines_picture(session.machine), seconds_of(session.usages.all())))
        tasks = {
            task: task_picture(view, judged.get(task), self._needs.get(task, ()), seconds.get(task))
            for task, view in known.items()
        }
        stale: list[object] = [
            {"cell_id": cell.cell, "place": cell.place, "reason": cell.reason} for cell in self._wishes.stale(judge)
        ]
        rest: Json = {
            "cells": stale,
            "engines": engines,
            "notices": list(session.notices),
        }
        return self._board.change(tasks, rest, graph.tasks)

    def _take_views(self, views: Sequence[TaskView]) -> None:
        """All are so now. What has ended meanwhile is told by itself only after this."""
        before, self._views = self._views, {view.name: view for view in views}
        self._anew = self._anew or any(
            view.state in SETTLED
            and (name not in before or (before[name].run, before[name].state) != (view.run, view.state))
            for name, view in self._views.items()
        )

    def _judged(self, graph: Graph) -> Judge:
        """A look at all tasks; after a mere edit, at what it touches."""
        if self._judge is None or self._anew:
            self._judge = self._live.judge()
            self._anew = False
        if self._judge.graph is not graph:
            self._judge = self._judge.moved_to(graph)
        return self._judge

    def _hear(self, name: str, message: Mapping[str, Any], at: float) -> None:
        """``at``: when it was said; what was executed since then is newer."""
        link = self._links.get(name)
        if link is None:
            return
        link.heard_at = max(link.heard_at, at)
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

    def _answer(self, link: Link, asked: str, task: TaskName, message: Mapping[str, Any]) -> None:
        judge = self._judged(self._live.graph)
        if asked == "why":
            link.send(self._answers.why(judge, task))
        elif asked == "preview":
            self._answers.preview(judge, task, message["name"], link.send)
        else:
            link.send(self._answers.cell(judge, task, message["what"]))

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
                # Also of one that is followed already: all of it is told again.
                link.logs = {task: Followed(task) for task in tasks}
                for task in tasks:
                    self._tell_logs(task, self._live.session.frames(task))
            case "propose":
                self._propose(link, CellId(message["cell"]))
            case "why" | "preview" | "cell" as asked:
                self._answer(link, str(asked), TaskName(message["task"]), message)
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
