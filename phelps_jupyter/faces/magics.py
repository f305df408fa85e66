"""``%%task`` and ``%phelps``: they parse, call the session, and show. Decide nothing."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.display import display

from phelps_jupyter.core.model import Cell, CellId, TaskName
from phelps_jupyter.core.options import complete, parse_line, usage
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.faces import tables
from phelps_jupyter.faces.cards import joined
from phelps_jupyter.faces.debugging import debug
from phelps_jupyter.faces.graph_outputs import GraphOutputs
from phelps_jupyter.faces.holding import ACTS, check_force
from phelps_jupyter.faces.live import Live
from phelps_jupyter.faces.reading import failed
from phelps_jupyter.faces.report import MIME as REPORT
from phelps_jupyter.faces.report import kernel_report
from phelps_jupyter.faces.rerun import run_stale, stale_cells
from phelps_jupyter.faces.settings import Phelps, make_engines_of
from phelps_jupyter.faces.waiting import Interrupted
from phelps_jupyter.usages import seconds_of

COMMANDS = "status, plan, run, why, graph, wait, cancel, logs, debug, accept, freeze, unfreeze, forget, cluster"


@magics_class
class PhelpsMagics(Magics):
    """The magics of one kernel."""

    def __init__(self, shell: InteractiveShell, live: Live) -> None:
        super().__init__(shell)
        self.live = live
        self.graphs = GraphOutputs(live)

    @no_var_expand
    @cell_magic
    def task(self, line: str, cell: str) -> None:  # noqa: ARG002 - the notebook holds the cell as it is written
        """Declared below: its help is made from the table of options."""
        parse_line(line)
        self.live.run_task_cell()

    @line_magic
    def phelps(self, line: str) -> None:
        """Look at and steer the tasks of this notebook.

        %phelps [status]              every task: state, reason, time, engine, outputs
        %phelps plan                  what would run, and why
        %phelps run [TASKS] [--force] run what is stale, and what it needs
        %phelps why TASK              each reason for its state: what changed, where, why
        %phelps graph                 the graph of tasks: live, and as table and picture where nothing runs
        %phelps wait [TASKS]          wait until they have ended (interrupt to stop waiting)
        %phelps cancel [TASKS]        end what runs, drop what waits
        %phelps logs TASK             what the task has written
        %phelps debug TASK            run it in the kernel, on copies of what it reads, and stop where it fails
        %phelps accept TASK           keep its last result in spite of the reasons listed
        %phelps freeze TASK           keep its last result whatever changes; unfreeze TASK ends that
        %phelps forget TASK           drop its stored results
        %phelps cluster start -n N | connect PROFILE, FILE or a client's name | status | stop
        """
        words = shlex.split(line) or ["status"]
        command, arguments = words[0], words[1:]
        found: dict[str, Callable[[Sequence[str]], None]] = {
            "status": self._status,
            "plan": self._plan,
            "run": self._run,
            "why": self._why,
            "graph": self._graph,
            "debug": self._debug,
            "wait": self._wait,
            "cancel": self._cancel,
            "logs": self._logs,
            **{act: partial(self._act, act) for act in ACTS},
            "cluster": self._cluster,
            "report": self._report,
        }
        if command not in found:
            raise DeclarationError(f"%phelps {command}: there is no such command; there are {COMMANDS}")
        with self.live.watching.apart():
            found[command](arguments)
            self._tell()

    def _tell(self) -> None:
        notices = self.live.session.notices
        while notices:
            print(notices.pop(0))

    def _tasks(self, names: Sequence[str]) -> list[TaskName]:
        known = self.live.graph.tasks
        for name in names:
            if name not in known:
                raise DeclarationError(f"there is no task {name!r}; there are {', '.join(known) or 'none'}")
        return [TaskName(name) for name in names] or list(known)

    def _one(self, names: Sequence[str], command: str) -> TaskName:
        if len(names) != 1:
            raise DeclarationError(f"%phelps {command} takes the name of one task")
        return self._tasks(names)[0]

    def _status(self, arguments: Sequence[str]) -> None:
        self._tasks(arguments)
        judgements = self.live.judgements()
        display(tables.status_table(self.live.session.views(), judgements))
        self._tell_cells()

    def _plan(self, arguments: Sequence[str]) -> None:
        self._tasks(arguments)
        session = self.live.session
        display(tables.plan_table(self.live.judgements(), seconds_of(session.index.usages(self.live.name))))
        self._tell_cells()

    def _tell_cells(self) -> None:
        for stale in stale_cells(self.live):
            print(f"cell {stale.place} is stale: {stale.reason}")

    def _run(self, arguments: Sequence[str]) -> None:
        forced = "--force" in arguments
        names = [name for name in arguments if name != "--force"]
        unknown = [name for name in names if name.startswith("-")]
        if unknown:
            raise DeclarationError(f"%phelps run {unknown[0]}: unknown option; there is --force")
        tasks = self._tasks(names)
        if forced:
            check_force(self.live.session.index, self.live.name, tasks)
            self.live.submit(tasks, forced=True)
        else:
            run_stale(self.live, tasks if names else None)

    def _why(self, arguments: Sequence[str]) -> None:
        task = self._one(arguments, "why")
        views = self.live.session.views()
        places = {view.name: f"cell {view.place}" for view in views}
        view = next(view for view in views if view.name == task)
        display(tables.why_text(self.live.judge().explain(task), view, places))

    def _graph(self, arguments: Sequence[str]) -> None:
        if arguments:
            raise DeclarationError(f"%phelps graph {' '.join(arguments)}: takes nothing, and shows all tasks")
        self.graphs.show()

    def _debug(self, arguments: Sequence[str]) -> None:
        debug(self.live, self._one(arguments, "debug"))

    def _wait(self, arguments: Sequence[str]) -> None:
        tasks = self._tasks(arguments)
        try:
            self.live.wait(tasks, ", ".join(arguments) or "all tasks")
        except Interrupted as error:
            raise KeyboardInterrupt(str(error)) from None
        # Updates that came while no cell ran have not reached every front end.
        self.live.session.show_all()
        self.graphs.catch_up()
        if not self.live.headless:
            bad = [view for view in self.live.session.views() if view.name in tasks and view.failure is not None]
            if bad:
                raise failed(self.live.session, bad[0].name)

    def _cancel(self, arguments: Sequence[str]) -> None:
        self.live.session.cancel(self._tasks(arguments) if arguments else None)

    def _logs(self, arguments: Sequence[str]) -> None:
        task = self._one(arguments, "logs")
        for frame in joined(self.live.session.frames(task)):
            if frame.kind in ("stdout", "stderr"):
                print(frame.text, end="")
            else:
                self.live.shell.display_pub.publish(dict(frame.data), dict(frame.metadata))

    def _act(self, act: str, arguments: Sequence[str]) -> None:
        task = self._one(arguments, act)
        print(ACTS[act](self.live.judge(), task))
        self.live.take_holds()

    def _cluster(self, arguments: Sequence[str]) -> None:
        command = arguments[0] if arguments else "status"
        session = self.live.session
        if command == "start":
            self.live.settings.engines = _count(arguments[1:])
            session.replace_engines(self.live.settings.make_engines(self.live.store_folder))
            session.start_engines()
        elif command == "connect":
            session.replace_engines(make_engines_of(self._named_cluster(arguments[1:]), self.live.store_folder))
            session.start_engines()
        elif command == "stop":
            session.stop_engines()
        elif command == "status":
            print(session.engines.describe() if session.engines else "no engines are running")
        else:
            raise DeclarationError(f"%phelps cluster {command}: there are start -n N, connect, status and stop")

    def _named_cluster(self, arguments: Sequence[str]) -> object:
        """What is bound to the name, if it is one of the kernel's; else a profile or a file, as text."""
        if len(arguments) > 1:
            raise DeclarationError(f"%phelps cluster connect {' '.join(arguments)}: takes one profile, file or name")
        name = arguments[0] if arguments else "default"
        value = self.live.shell.user_ns.get(name)
        # Of ipyparallel's, without importing it: a number that is called like a profile is none.
        ours = type(value).__module__.partition(".")[0] == "ipyparallel"
        return value if ours else name

    def _report(self, arguments: Sequence[str]) -> None:
        """For the command line: the state of all tasks, as data."""
        del arguments
        self.live.shell.display_pub.publish({REPORT: json.loads(json.dumps(kernel_report(self.live.session)))})


def _count(arguments: Sequence[str]) -> int:
    match list(arguments):
        case []:
            return 0
        case ["-n", count] if count.isdigit() and int(count) > 0:
            return int(count)
        case _:
            raise DeclarationError(f"%phelps cluster start {' '.join(arguments)}: takes -n N, a number of engines")


_lives: dict[int, Live] = {}


def load(shell: Any) -> Live:
    """Register magics and hooks; a second call changes nothing."""
    live = _lives.get(id(shell))
    if live is None:
        settings = Phelps(parent=shell)
        live = _lives[id(shell)] = Live(shell, settings)
        magics = PhelpsMagics(shell, live)
        PhelpsMagics.task.__doc__ = usage()
        shell.configurables.append(settings)
        shell.register_magics(magics)
        shell.set_hook("complete_command", lambda _, event: list(complete(event.line)), str_key="%%task")
        live.install()
    return live


def begin(shell: Any, told: str) -> None:
    """In the kernel: load the extension for a headless run, as ``told`` (JSON) says."""
    request = json.loads(told)
    live = load(shell)
    live.headless = True
    live.path = Path(request["path"])
    live.settings.store = request["store"]
    live.settings.cluster = request["cluster"]
    live.only = None if request["tasks"] is None else frozenset(request["tasks"])
    live.forced = request["forced"]
    live.set_document([Cell(CellId(cell["id"]), cell["source"]) for cell in request["cells"]], saved_at=0.0)


def unload(shell: Any) -> None:
    """Remove hooks and end the session."""
    live = _lives.pop(id(shell), None)
    if live is not None:
        live.remove()
        shell.configurables.remove(live.settings)
        for kind, name in (("cell", "task"), ("line", "phelps")):
            shell.magics_manager.magics[kind].pop(name, None)
