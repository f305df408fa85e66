"""The extension in one kernel: its hooks into IPython's cells, the notebook it knows, and the session it drives."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.ledger import Ledger
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.freshness import Judgement
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Cell, CellId, Part, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.errors import DeclarationError, InternalError, PhelpsError, UndefinedNameError
from phelps_jupyter.faces.cards import progress_words
from phelps_jupyter.faces.document import named_by_file, notebook_path, read_notebook
from phelps_jupyter.faces.hiding import Hiding
from phelps_jupyter.faces.holding import frozen_tasks
from phelps_jupyter.faces.lab import Lab
from phelps_jupyter.faces.nested_cell import run_cell
from phelps_jupyter.faces.plain_cells import PlainCells
from phelps_jupyter.faces.reading import Reader, Reading
from phelps_jupyter.faces.refusal import refusal
from phelps_jupyter.faces.settings import Phelps
from phelps_jupyter.faces.shown_cards import ShownCards
from phelps_jupyter.faces.waiting import Interrupted, interruptible, wait_until
from phelps_jupyter.faces.watching import Watching
from phelps_jupyter.judge import Judge
from phelps_jupyter.parts import GIVES_NONE
from phelps_jupyter.questions import Questions
from phelps_jupyter.retirement import leave, retire
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.session import Session
from phelps_jupyter.surface import Surface


class Live:
    """One per kernel."""

    def __init__(self, shell: InteractiveShell, settings: Phelps) -> None:
        self.shell = shell
        self.settings = settings
        self.path = notebook_path(os.environ)
        self.headless = False
        self.only: frozenset[str] | None = None
        """Headless: the tasks that were asked for by name; None: all."""
        self.forced = False
        self.notebook = Notebook()
        self.graph: Graph = self.notebook.graph()
        self.namespace = Namespace(shell.user_ns)
        self.start = Surroundings.at_start(str(self.path.parent) if self.path else os.getcwd())
        self._cells: list[CellId | None] = []
        """The cell that is executed now, and those inside it (``%%capture``); None: no cell of the notebook."""
        self.watching = Watching(shell, self.start.folder)
        self.plain_cells = PlainCells(self.namespace, self.watching)
        self.questions = Questions(self._wake)
        self._rerun: CellId | None = None
        """The plain cell that we are about to execute ourselves."""
        self._at_start = False
        """A cell is about to begin: it has shown nothing so far."""
        self._session: Session | None = None
        self._postponed: list[TaskName] = []
        """Headless: tasks that come after one below (``--after``); plain cells above that one have yet to run."""
        self._cards = ShownCards(shell, settings)
        self.lab = Lab(self)
        self._saved_at = -1.0
        self._lock = threading.RLock()
        self.force_next: set[TaskName] = set()
        """Tasks whose cells a front end executes next, to have them run whatever their state."""
        self._reader = Reader(self)
        self._reading = Reading(self)
        self._hiding = Hiding(self)

    @property
    def cell(self) -> CellId | None:
        """The cell of the notebook that is executed now."""
        return self._cells[-1] if self._cells else None

    @property
    def is_in_cell(self) -> bool:
        """Whether any code is executed now, of the notebook or not."""
        return bool(self._cells)

    @property
    def session(self) -> Session:
        """The kernel's session; it starts with the first need of it."""
        with self._lock:
            return self._session or self._begin_session()

    def _begin_session(self) -> Session:
        folder = self.store_folder
        store = DiskStore(folder)
        index = SqliteIndex(str(Path(folder, "state.db")))
        for code, found in self.notebook.learned.items():
            index.remember_learned(code, found)
        self.notebook.learned = {**index.learned(), **self.notebook.learned}
        sights = self.plain_cells.sights
        sights.connect(index)
        surface = Surface(
            self.name, self.namespace, self.start, sights, self._show, self._relearn, self.questions, self.headless
        )
        self._session = Session(surface, store, index, Ledger(), self.settings.make_engines(folder))
        self._session.start()
        self.take_holds()
        return self._session

    @property
    def has_session(self) -> bool:
        """Whether the session has started: before, no task was ever asked for."""
        return self._session is not None

    @property
    def store_folder(self) -> str:
        """`.phelps` beside the notebook, unless set."""
        beside = self.path.parent if self.path else Path(self.start.folder)
        return str(Path(self.settings.store or beside / ".phelps").absolute())

    @property
    def name(self) -> str:
        """The notebook's name in the index: relative to where the store lies."""
        return "" if self.path is None else os.path.relpath(self.path, Path(self.store_folder).parent)

    def install(self) -> None:
        """Put the hooks into IPython. Without a saved notebook, its history tells what ran before."""
        if self.path is None and self.shell.history_manager is not None:
            for source in self.shell.history_manager.input_hist_raw[1:]:
                self.notebook.ran(None, source, time.time())
        self.shell.events.register("pre_run_cell", self.before_cell)
        self.shell.events.register("post_run_cell", self.after_cell)
        self.shell.ast_transformers.append(self._reader)
        self.lab.install()
        atexit.register(self.close)

    def remove(self) -> None:
        """Take the hooks out; the session ends with what runs."""
        self.shell.events.unregister("pre_run_cell", self.before_cell)
        self.shell.events.unregister("post_run_cell", self.after_cell)
        self.shell.ast_transformers.remove(self._reader)
        atexit.unregister(self.close)
        self.close(retire)

    def close(self, end: Callable[[Session], None] = leave) -> None:
        """End the session; attempts that run finish, and the next kernel finds their results."""
        self.lab.close()
        session, self._session = self._session, None
        if session is not None:
            end(session)

    def read_document(self) -> None:
        """Look at the saved notebook again if it has been saved since. A front end that is linked knows better."""
        if self.path is None or self.headless or not self.path.is_file():
            return
        path, saved_at = self.path, self.path.stat().st_mtime
        if saved_at != self._saved_at and not self.lab.knows_better(saved_at, lambda: read_notebook(path).cells):
            self._saved_at = saved_at
            self.set_document(read_notebook(path).cells, saved_at)

    def set_document(self, cells: Sequence[Cell], saved_at: float) -> None:
        """The cells in order, as the file or the front end has them."""
        with self._lock:
            self.notebook.read(cells, saved_at)
        self._refresh()

    def take_holds(self) -> None:
        """Look in the index which tasks are frozen now."""
        self.notebook.frozen = frozen_tasks(self.session.index, self.name)
        self._refresh(anew=True)

    def _refresh(self, *, anew: bool = False) -> None:
        with self._lock:
            self.graph = self.notebook.graph()
        if threading.current_thread() is threading.main_thread():
            # Where cells run; the next one does it for those who came by another way.
            self.plain_cells.relink(self.graph)
        if self._session is not None:
            self._session.change_document(self.graph)
        self.lab.look(anew=anew)

    def _relearn(self, run: Run, parts: Sequence[Part], objects: Mapping[str, str]) -> Graph | None:
        """Called in the session's thread."""
        assert self._session is not None
        before = {part.name: part.digest for part in parts if part.kind.value == "input" and part.digest != GIVES_NONE}
        with self._lock:
            found = self.notebook.learn(run, before, objects)
            for code, learned in found.items():
                self._session.index.remember_learned(code, learned)
            before_it, self.graph = self.graph, self.notebook.graph()
            return None if self.graph is before_it else self.graph

    def before_cell(self, info: Any) -> None:
        """IPython is about to run a cell."""
        rerun, self._rerun = self._rerun, None
        if getattr(info, "silent", False) or not (info.store_history or rerun):
            self._cells.append(None)
            return
        self.read_document()
        cell_id = rerun or named_by_file(getattr(info, "cell_id", None))
        with self._lock:
            cell = self.notebook.ran(CellId(cell_id) if cell_id else None, info.raw_cell, time.time())
        self._cells.append(cell)
        self.namespace.before_cell()
        self._refresh()

    def after_cell(self, result: Any) -> None:
        """IPython has run a cell."""
        # The cell that loaded us has an end, and no beginning that we saw.
        cell = self._cells.pop() if self._cells else None
        if cell is None:
            self._hiding.catch_up()
            return
        if cell in self.graph.nodes and self.graph.nodes[cell].task is None:
            # What it bound unforeseen links it anew, and is its from now on.
            self._learn_plain(cell, self.plain_cells.bound(cell), (), self.plain_cells.objects(self.graph, cell))
            self._learn_plain(cell, (), self.plain_cells.end(self.graph, cell, well=result.success))
        self.namespace.leave_cell()
        self._hiding.catch_up()
        self.lab.look(anew=True)
        for task in [task for task in self._postponed if not self._needs_cells_below(task, cell)]:
            self.hasten(task)

    def _learn_plain(
        self, cell: CellId, bound: Iterable[str], used: Iterable[Part], objects: Mapping[str, int] | None = None
    ) -> None:
        with self._lock:
            found = self.notebook.learn_plain(cell, bound, used, objects)
        if found is not None:
            self._refresh()
            code, session = self.graph.nodes[cell].bindings.code, self._session
            if session is not None:
                session.call(lambda: session.index.remember_learned(code, found))

    def before_code(self) -> None:
        """A cell is parsed and about to run: wait for what it reads, and bind it."""
        cell = self.cell
        if cell is None or cell not in self.graph.nodes or self.graph.nodes[cell].task:
            return
        self._at_start = len(self._cells) == 1
        try:
            self._wait_for_captures()
            before = None
            while before is not self.graph:
                # What tasks are seen to do while we wait links the cells anew.
                before = self.graph
                self._reading.bring(cell)
            self.plain_cells.begin(self.graph, cell, self.store_folder)
        except Interrupted as error:
            raise refusal("KeyboardInterrupt", error) from None
        except PhelpsError as error:
            raise refusal(type(error).__name__, error) from None
        except Exception as error:
            # IPython would drop the hook, and cells would silently read placeholders from then on.
            raise refusal("InternalError", InternalError(f"a bug of Phelps: {error!r}")) from error
        finally:
            self._at_start = False

    def _wait_for_captures(self) -> None:
        session = self._session
        if session is not None:
            self._wait_until(lambda: not session.capturing, "values to be handed over")

    def wait(self, tasks: Sequence[TaskName], what: str) -> None:
        """Wait until none of these tasks has an open run. Interrupting stops the wait, never the task.

        Errors: Interrupted.
        """
        for task in tasks:
            self.session.await_task(task)
        rest = deque(tasks)
        self._wait_until(
            lambda: self.session.call(lambda: self._all_settled(tasks, rest)), what, lambda: self._far(rest)
        )

    def _far(self, rest: Collection[TaskName]) -> str:
        """How far those are that count."""
        counted = self.session.progress().items()
        return ", ".join(f"{task}: {progress_words(progress)}" for task, progress in counted if task in rest)

    def _all_settled(self, tasks: Sequence[TaskName], rest: deque[TaskName]) -> bool:
        """``rest``: those that are to be looked at again. It is asked for each move of thousands of tasks."""
        while rest and not self._is_open(rest[0]):
            rest.popleft()
        # One that has settled may have been asked for again.
        return not rest and not any(map(self._is_open, tasks))

    def _is_open(self, task: TaskName) -> bool:
        run = self.session.latest(task)
        return run is not None and not run.settled

    def _wait_until(self, condition: Callable[[], bool], what: str, far: Callable[[], str] = str) -> None:
        moved, meanwhile = self.session.moved, self.answer_questions
        wait_until(self.shell, moved, condition, what, clears=self._at_start, meanwhile=meanwhile, far=far)

    def _wake(self) -> None:
        """Called in the session's thread. Where no loop runs, questions are answered by who waits for a task."""
        if self.loop is not None:
            self.loop.add_callback(self.answer_questions)

    @property
    def loop(self) -> Any:
        """The kernel's; None in an IPython that has none."""
        return getattr(getattr(self.shell, "kernel", None), "io_loop", None)

    def answer_questions(self) -> None:
        """In the main thread: find the values of ``--uptodate`` that open runs ask for."""
        if self._session is None or not self.questions.is_open:
            return
        # An interrupt is for the expression: beside it, nobody but the kernel's loop would get it, and end.
        with suppress(KeyboardInterrupt), self.watching.apart(), interruptible():
            self.questions.answer(self.shell.user_ns)
        # The session looks whether there is something to do after each thing it has done.
        self._session.call(lambda: None)

    def submit(self, tasks: Sequence[TaskName], *, forced: bool = False) -> None:
        """Run these tasks where stale; placeholders stand for their outputs until then."""
        self._hiding.hide(tasks)
        self.session.request(tasks, forced=forced)

    def run_task_cell(self) -> None:
        """A ``%%task`` cell is executed: show its card and submit it. Returns at once. Errors: DeclarationError."""
        if self.cell is None:
            raise DeclarationError("%%task works in a cell of a notebook, not in code that is run silently")
        node = self.graph.nodes[self.cell]
        session = self.session
        problems = self.graph.problems.get(self.cell, ())
        if node.task is None:
            raise DeclarationError(node.bindings.error or "this cell declares no task")
        self._cards.open(node.task.name)
        if problems:
            session.request([node.task.name])
            kind = UndefinedNameError if problems[0].type == "NameError" else DeclarationError
            raise kind(problems[0].message, line=problems[0].line)
        if self.only is not None and node.task.name not in self.only:
            return
        if self.headless and self._needs_cells_below(node.task.name, node.cell):
            self._postponed.append(node.task.name)
        else:
            self.submit([node.task.name], forced=self.forced or node.task.name in self.force_next)
            self.force_next.discard(node.task.name)

    def _needs_cells_below(self, task: TaskName, cell: CellId) -> bool:
        """Whether the task needs any cell below this one, as ``--after`` can make it."""
        nodes = self.graph.nodes
        above = self.graph.upstream([self.graph.tasks[task]])
        return cell not in nodes or any(nodes[one].index > nodes[cell].index for one in above)

    def hasten(self, task: TaskName) -> None:
        """Somebody needs the task now, or all that it needs is there: it is postponed no longer."""
        if task in self._postponed:
            self._postponed.remove(task)
            self.submit([task], forced=self.forced)

    def _show(self, view: TaskView, frames: tuple[Frame, ...]) -> None:
        """Called in the session's thread."""
        self._cards.show(view, frames, headless=self.headless)
        self.lab.see(view, frames)

    def execute(self, cell: CellId) -> BaseException | None:
        """Execute a plain cell as it is written now; its output appears where we are. Returns what it raised."""
        self._rerun = cell
        result = run_cell(self.shell, self.graph.nodes[cell].source)
        raised: BaseException | None = result.error_before_exec or result.error_in_exec
        return raised

    def judgements(self) -> dict[TaskName, Judgement]:
        """Every task's verdict now."""
        return self.judge().all()

    def judge(self) -> Judge:
        """A look at all tasks as they are now."""
        self.read_document()
        session = self.session
        now, start, sights = Surroundings.now(), self.start.folder, self.plain_cells.sights
        answers = dict(self.questions.latest)
        return Judge(
            self.graph, self.name, session.store, session.index, now, start=start, sights=sights, answers=answers
        )
