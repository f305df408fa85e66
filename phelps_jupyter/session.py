"""One per kernel: one queue, one thread. Feeds events to the machine and carries out its actions; decides nothing.

All of its state belongs to its own thread. Others post to the queue and, where they need an answer, wait for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar, assert_never

from phelps_jupyter.calls import answered
from phelps_jupyter.capture import Blocked
from phelps_jupyter.claims import Claims
from phelps_jupyter.core import events as ev
from phelps_jupyter.core.again import request_again
from phelps_jupyter.core.events import Action, Event
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import Failure, FailureKind, Record, RunId, RunState, TaskName
from phelps_jupyter.core.plan import outdated, upstream
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.snapshot import Progress, TaskView, task_view
from phelps_jupyter.engine_room import EngineRoom
from phelps_jupyter.errors import InternalError, StoreError
from phelps_jupyter.forsaken import forsaken
from phelps_jupyter.outcomes import attempt_event, ended_of, failure_of, notice_of, record_of, unless_lost
from phelps_jupyter.pace import Pace
from phelps_jupyter.ports import Engines, Index, Ledger, MakeEngines, Notice, Store
from phelps_jupyter.proof import InputsGone, Proofs
from phelps_jupyter.runtime.orders import Frame, Outcome, Started, Wrote
from phelps_jupyter.sharing import Sharing
from phelps_jupyter.surface import Surface
from phelps_jupyter.taking_over import Estate
from phelps_jupyter.transcripts import Transcripts
from phelps_jupyter.usages import Usages
from phelps_jupyter.wide_store import WideStore

T = TypeVar("T")


class Session:
    """The effects of one kernel's tasks."""

    def __init__(self, surface: Surface, store: Store, index: Index, ledger: Ledger, make: MakeEngines) -> None:
        self.surface = surface
        store = self.store = WideStore(store, lambda: self.engines)
        self.index = index
        self.machine = Machine()
        self.notices: list[str] = []
        """Things to tell people; never printed from this thread."""
        self.moved = threading.Condition()
        """Notified whenever a run has changed its state or a capture has ended."""
        self._captures_asked = 0
        self._proofs = Proofs(surface, store, index)
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._transcripts = Transcripts(store)
        self._room = EngineRoom(make, self._queue.put, self._on_notice)
        self._estate = Estate(store.folder, index, self._transcripts.keep)
        self._claims = Claims(index, self._estate, self._say)
        self._sharing = Sharing(ledger, self._say)
        self.usages = Usages(index, surface.notebook, self._say)
        self._dirty: dict[TaskName, None] = {}
        self._pace = Pace()
        self._thread = threading.Thread(target=self._loop, name="phelps-session", daemon=True)

    @property
    def engines(self) -> Engines | None:
        """Those that are in use."""
        return self._room.engines

    def start(self) -> None:
        """Start the session's thread."""
        self._thread.start()
        self._queue.put(self._estate.take_over)

    def close(self, *, kill: bool) -> None:
        """End the session. ``kill``: end what runs too; else attempts that run finish, and their results are kept."""
        if not self._thread.is_alive():
            return
        going_on = self.call(lambda: [] if kill else [run for run, _ in self.machine.fleet.held])
        self._queue.put(lambda: self._claims.close(going_on))
        self._queue.put(None)
        self._thread.join()
        if self.engines is not None and not going_on:
            self.engines.close()
        self.index.close()

    def call(self, act: Callable[[], T]) -> T:
        """Run ``act`` in the session's thread and return what it returns."""
        if threading.current_thread() is self._thread:
            return act()
        if not self._thread.is_alive():
            raise InternalError("the session has ended: load the extension again")
        return answered(self._queue.put, act)

    def change_document(self, graph: Graph) -> None:
        """The cells are these now."""
        self._post(ev.DocumentChanged(time.time(), graph))

    def request(self, tasks: Sequence[TaskName], *, forced: bool = False) -> None:
        """Run these tasks and what they need, where stale. Returns at once; the values they read are captured now."""
        with self.moved:
            self._captures_asked += 1
        self._queue.put(lambda: self._request(tuple(tasks), forced))

    @property
    def capturing(self) -> bool:
        """Whether a capture is under way: a plain cell must not change a value that is being captured."""
        return self._captures_asked > 0

    def cancel(self, tasks: Sequence[TaskName] | None = None) -> None:
        """Cancel the open runs of these tasks, or all."""
        self._post(ev.CancelRequested(time.time(), None if tasks is None else tuple(tasks)))

    def await_task(self, task: TaskName) -> None:
        """Somebody waits for this task: it goes first."""
        self._post(ev.Awaited(time.time(), task))

    def view(self, task: TaskName) -> TaskView:
        """The task as it is now."""
        return self.call(lambda: self._view(task))

    def views(self) -> list[TaskView]:
        """All tasks, in document order."""
        return self.call(lambda: [self._view(task) for task in self.machine.graph.tasks])

    def _view(self, task: TaskName) -> TaskView:
        view, run = task_view(self.machine, task), self.machine.runs.of(task)
        if run is None:
            return view
        who = self._claims.waited_for(run.id) or self.surface.questions.waited_for(run.id) or view.waits_for
        return replace(view, waits_for=who, progress=None if run.settled else self._transcripts.progress(run.id))

    def progress(self) -> dict[TaskName, Progress]:
        """How far the tasks are that run, where their bodies count."""
        held = self.machine.fleet.held
        return self.call(lambda: self._transcripts.progresses(self.machine.runs.by_id.get(run) for run, _ in held))

    def latest(self, task: TaskName) -> Run | None:
        """The task's latest run; only its settled fields may be read outside the session's thread."""
        return self.call(lambda: self.machine.runs.of(task))

    def frames(self, task: TaskName) -> tuple[Frame, ...]:
        """What the task's latest run has written so far."""
        return self.call(lambda: self._frames_of(self.machine.runs.of(task)))

    def show_all(self) -> None:
        """Show every task again, and return when it is shown."""
        self.call(self._show_all)

    def _show_all(self) -> None:
        self._dirty = dict.fromkeys(self.machine.runs.latest)
        self._show_dirty()

    def start_engines(self) -> None:
        """Start engines before any run needs them."""
        self.call(self._room.start)

    def stop_engines(self) -> None:
        """Stop our engines; what runs on them is lost and runs again when it is asked for."""
        engines = self.call(self._let_go)
        if engines is not None:
            engines.close()

    def replace_engines(self, make: MakeEngines) -> None:
        """Take other engines from now on; those there are stop."""
        self.stop_engines()
        self._room.refit(make)

    def _let_go(self) -> Engines | None:
        self._take(ev.CancelRequested(time.time(), None))
        engines = self._room.let_go()
        for engine in list(self.machine.fleet.engines):
            self._take(ev.EngineLeft(time.time(), engine, "the engines were stopped"))
        self._take(ev.EnginesFailed(time.time(), "they were stopped"))
        return engines

    def _post(self, event: Event) -> None:
        self._queue.put(lambda: self._take(event))

    def _loop(self) -> None:
        while True:
            try:
                act = self._queue.get(timeout=self._patience())
            except queue.Empty:
                act = self._show_dirty
            if act is None:
                self._show_dirty()
                self._sharing.leave()
                return
            try:
                act()
                self._prove_again()
                shared = self._sharing.look(self.machine)
                if shared is not None:
                    self._take(shared)
                if self._pace.is_due:
                    self._show_dirty()
            except Exception as error:
                # The thread must live: everybody waits for it.
                self._say(error)

    def _patience(self) -> float | None:
        pause, shared = self._pace.pause if self._dirty else None, self._sharing.patience()
        return self._claims.patience(min((wait for wait in (pause, shared) if wait is not None), default=None))

    def _request(self, tasks: tuple[TaskName, ...], forced: bool) -> None:
        try:
            above = upstream(self.machine.graph, [task for task in tasks if task in self.machine.graph.tasks])
            confirm, renewed = not self.surface.headless, self._renewed(above, tasks)
            self._take(ev.RunRequested(time.time(), tasks, forced, self.usages.all(), renewed, confirm))
            # That a task above has other inputs now is known only after its proof.
            again = outdated(self.machine.graph, self.machine.runs, tasks)
            if again:
                self._take(ev.RunRequested(time.time(), again, confirm=False))
        finally:
            with self.moved:
                self._captures_asked -= 1
                self.moved.notify_all()

    def _renewed(self, tasks: Sequence[TaskName], asked: Sequence[TaskName]) -> frozenset[TaskName]:
        """Of these, the tasks with an open run that holds other values than the kernel has now. Headless: none."""
        if self.surface.headless:
            return frozenset()
        opened = self.machine.runs.open_of(tasks)
        outdated = (run for run in opened if self._proofs.outdated(self.machine, run, asked=run.task.name in asked))
        return frozenset(run.task.name for run in outdated)

    def _take(self, event: Event) -> None:
        """Feed one event, and all that follows from it at once, in order."""
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            for action in self.machine.handle(event):
                try:
                    waiting.extend(self._perform(action))
                except Exception as error:
                    # The actions that follow stand for other runs.
                    self._say(error)

    def _say(self, error: Exception) -> None:
        """Keep an error for whoever asks next."""
        self.notices.append(notice_of(error))

    def _perform(self, action: Action) -> Sequence[Event]:
        match action:
            case ev.Capture():
                return [self._capture(self.machine.runs[action.run])]
            case ev.Prove():
                return self._prove(self.machine.runs[action.run])
            case ev.StartEngines():
                return self._room.begin()
            case ev.Submit():
                return self._submit(action)
            case ev.Kill():
                assert self.engines is not None
                self.engines.kill(action.run, action.attempt)
            case ev.Store():
                return self._store(self.machine.runs[action.run])
            case ev.Show():
                return self._mark(self.machine.runs[action.run])
            case ev.Discard():
                kept_by = self.index, self.surface.notebook, self.machine.graph
                self.store.discard(forsaken(action.digests, *kept_by))
            case ev.Forget():
                self._transcripts.drop(action.run)
            case _:
                assert_never(action)
        return ()

    def _capture(self, run: Run) -> Event:
        now = time.time()
        try:
            self._proofs.hold(self.machine, run)
        except Blocked as blocked:
            return ev.CaptureFailed(now, run.id, RunState.BLOCKED, Failure(FailureKind.DECLARATION, str(blocked)))
        except Exception as error:
            return ev.CaptureFailed(now, run.id, RunState.FAILED, failure_of(error))
        return ev.Captured(now, run.id)

    def _prove(self, run: Run) -> Sequence[Event]:
        """Nothing comes of it while another kernel makes the result, or ours is asked: it is proved again then."""
        anyway = run.forced or run.task.options.always
        try:
            if self._proofs.asks(run):
                self._mark(run)
                return []
            proof = self._proofs.prove(self.machine, run)
            if proof.record is None and proof.shareable and not anyway:
                if not self._claims.take(run.id, proof.key):
                    self._mark(run)
                    return []
                proof = self._proofs.again(self.machine, run, proof)
            if proof.record is not None and not anyway:
                self._replay(run, proof.record, held=bool(proof.reasons))
            memory = self.index.memory(run.task.bindings.code)
        except Exception as error:
            return [ev.ProofFailed(time.time(), run.id, failure_of(error))]
        return [ev.Proved(time.time(), run.id, proof.key, proof.record, proof.verdict, proof.reasons, memory)]

    def _prove_again(self) -> None:
        """The runs that waited for another kernel, or for ours, and do so no more."""
        for run in [self.machine.runs[run] for run in (*self.surface.questions.due(), *self._claims.due())]:
            # What came of the one before may have settled it.
            for event in () if run.settled else self._prove(run):
                self._take(event)

    def _replay(self, run: Run, record: Record, *, held: bool) -> None:
        """The stored result stands for the run, with what it wrote."""
        self._proofs.restore(record)
        self._proofs.note_use(self.machine, run, record, held=held)
        self.usages.note(replace(record, task=run.task.name))
        self._transcripts.replay(run.id, record.transcript)

    def _submit(self, action: ev.Submit) -> Sequence[Event]:
        run = self.machine.runs[action.run]
        fleet = self.machine.fleet
        cpus = action.resources.cpus
        count = fleet.hosts[fleet.engines[action.engine].host].cpus if cpus == "all" else cpus
        self._transcripts.begin(run.id)
        assert self.engines is not None
        try:
            order = self._proofs.order(self.machine, run, action, count)
        except InputsGone as gone:
            return [ev.InputsLost(time.time(), run.id, action.attempt, gone.names)]
        except Exception as error:
            return [ev.AttemptFailed(time.time(), run.id, action.attempt, failure_of(error))]
        self.engines.submit(action.engine, order)
        return []

    def _store(self, run: Run) -> Sequence[Event]:
        try:
            parts, run.seen = self._proofs.parts(run.id), self._proofs.located(self.machine, run, run.seen)
            transcript = self._transcripts.keep(self._transcripts.of(run.id))
            record = record_of(run, self.surface.notebook, parts, transcript, time.time())
            self.index.add(record)
            self.usages.note(record)
        except StoreError as error:
            self.notices.append(f"the result of {run.task.name} can be used now, but was not kept: {error}")
        return self._learn(run)

    def _learn(self, run: Run) -> Sequence[Event]:
        graph = self.surface.relearn(run, self._proofs.parts(run.id), self._proofs.identities(self.machine, run))
        found = [] if graph is None else [ev.DocumentChanged(time.time(), graph)]
        graph, below = graph or self.machine.graph, self.surface.headless
        again = request_again(graph, self.machine.runs, run, time.time(), relinked=bool(found), below=below)
        return found if again is None else [*found, again]

    def _mark(self, run: Run) -> Sequence[Event]:
        # An attempt that outlived its kernel has a record of which nothing was learned.
        found = self._learn(run) if run.state in (RunState.REUSED, RunState.FAILED) else ()
        latest = self.machine.runs.latest.get(run.task.name) == run.id
        if latest:
            self._dirty[run.task.name] = None
        if run.settled:
            self._claims.drop(run.id)
            self._proofs.drop(run)
        with self.moved:
            self.moved.notify_all()
        if latest and run.settled:
            self.index.note_end(self.surface.notebook, run.task.name, ended_of(run))
        return found

    def _show_dirty(self) -> None:
        dirty, self._dirty = self._dirty, {}
        with self._pace.update():
            for task in dirty:
                if task in self.machine.graph.tasks:
                    self.surface.show(self._view(task), self._frames_of(self.machine.runs.of(task)))

    def _frames_of(self, run: Run | None) -> tuple[Frame, ...]:
        return () if run is None else self._transcripts.of(run.id)

    def _on_notice(self, notice: Notice) -> None:
        match notice:
            case Started(run, attempt):
                self._take(ev.AttemptStarted(time.time(), RunId(run), attempt))
            case Wrote(number, attempt):
                self._on_wrote(self._room.read(number, attempt))
            case Outcome():
                self._take(attempt_event(unless_lost(notice, self.store.has_lost), time.time()))
            case ev.EngineJoined() | ev.EngineLeft() | ev.EnginesSettled() | ev.EnginesFailed():
                self._take(notice)
            case _:
                assert_never(notice)

    def _on_wrote(self, wrote: Wrote) -> None:
        run = self.machine.runs.by_id.get(RunId(wrote.run))
        if run is not None and run.attempt == wrote.attempt and not run.settled:
            self._transcripts.add(run.id, wrote.frames)
            self._mark(run)
