"""What a plain cell reads of tasks: waited for and bound before it runs, or refused with what is at fault."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING

from phelps_jupyter.adapters.namespace import Fetched, Placeholder
from phelps_jupyter.core.freshness import Verdict
from phelps_jupyter.core.model import CellId, RunId, TaskName
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.unforeseen import may_bind
from phelps_jupyter.errors import TaskFailed
from phelps_jupyter.faces.unforeseen import Unforeseen, made_anew_by, unforeseen_by

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live
    from phelps_jupyter.session import Session


class Reader(ast.NodeTransformer):
    """IPython shows it each parsed cell right before it runs: the place to wait for what the cell reads."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def visit(self, node: ast.AST) -> ast.AST:
        """Changes nothing. Any error but InputRejected would unregister it."""
        self._live.before_code()
        return node


class Reading:
    """Of one kernel."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def bring(self, cell: CellId) -> None:
        """Wait for what the cell reads, and bind it. Errors: TaskFailed, Interrupted."""
        self._wait_for_writers(cell)
        self._wait_for_makers(cell)
        # Also a task that has failed may run again.
        self._wait_for_unforeseen(made_anew_by, cell)
        for name, task in self._reads(cell):
            self._bring(name, task)
        self._wait_for_unforeseen(unforeseen_by, cell)

    def _wait_for_unforeseen(self, by: Unforeseen, cell: CellId) -> None:
        """There is one pass: what tasks above may do to the cell's values and files must be known before it runs."""
        live = self._live
        tasks = live.headless and by(live.graph, live.notebook.learned, cell, live.shell.user_ns)
        if tasks and live.has_session:
            live.wait(tasks, f"what {', '.join(tasks)} may change")

    def _wait_for_writers(self, cell: CellId) -> None:
        """Tasks that write files which the cell reads, or that must have read those that it writes."""
        nodes = (self._live.graph.nodes[above] for above in self._live.graph.after[cell])
        tasks = [node.task.name for node in nodes if node.task is not None]
        for task in tasks:
            self._live.hasten(task)
        if tasks:
            self._live.wait(tasks, f"the files of {', '.join(tasks)}")

    def _wait_for_makers(self, cell: CellId) -> None:
        """Tasks that may bind what nobody is known to provide: there is one pass."""
        live = self._live
        makers = live.headless and may_bind(live.graph, live.notebook.learned, cell, live.shell.user_ns.keys())
        if makers and live.has_session:
            live.wait(makers, f"what {', '.join(makers)} may bind")

    def _reads(self, cell: CellId) -> Iterable[tuple[str, TaskName]]:
        for name, provider in self._live.graph.inputs[cell].items():
            node = self._live.graph.nodes[provider] if provider is not None else None
            if node is not None and node.task is not None:
                yield name, node.task.name
            elif name in self._live.graph.absent.get(cell, ()):
                self._live.namespace.drop(name)
            elif self._live.namespace.is_plain(name):
                # A task below has this name too: the cell reads what stood under it before.
                self._live.namespace.uncover(name)
            elif isinstance(self._live.shell.user_ns.get(name), Placeholder):
                yield name, self._live.shell.user_ns[name].task

    def _bring(self, name: str, task: TaskName) -> None:
        """Wait for the task and bind its value in the kernel."""
        self._live.hasten(task)
        run = self._live.session.latest(task)
        if run is None:
            self._bring_stored(name, task)
            return
        self._live.wait([task], f"{name} of {task}")
        run = self._live.session.latest(task)
        assert run is not None
        if not run.good:
            raise failed(self._live.session, task)
        version = run.version(name)
        if version is not None and run.task.options.temp and not self._live.session.store.has(version.digest):
            # It was removed when those were done that had asked for it.
            self._live.session.request([task], forced=True)
            self._bring(name, task)
        elif version is None:
            self._check_absence(name, run)
        elif self._live.namespace.fetched(name) != (fetched := Fetched(run.id, version.digest, version.identity)):
            self._live.namespace.bind(name, self._live.session.store.get, fetched)

    def _bring_stored(self, name: str, task: TaskName) -> None:
        """The task has not run in this kernel; its stored result serves if it is fresh."""
        if self._live.namespace.is_plain(name) or self._live.namespace.fetched(name) or hasattr(builtins, name):
            return
        judged = self._live.judgements()[task]
        record = judged.record if judged.verdict is Verdict.FRESH else None
        version = next((one for one in record.outputs if one.name == name), None) if record else None
        if version is None:
            raise TaskFailed(f"`{name}` comes from task {task}, which has not run here: run its cell first", task=task)
        if not self._live.session.store.has(version.digest):
            self._live.session.request([task], forced=True)
            self._bring(name, task)
            return
        fetched = Fetched(RunId(-1), version.digest, version.identity)
        self._live.namespace.bind(name, self._live.session.store.get, fetched)

    def _check_absence(self, name: str, run: Run) -> None:
        """The task ended well and provides no value for a name that it was to write. Errors: TaskFailed."""
        task = run.task.name
        if name in run.left_out:
            raise TaskFailed(f"`{name}` of task {task} could not be stored: {run.left_out[name]}", task=task)
        if isinstance(self._live.shell.user_ns.get(name), Placeholder):
            del self._live.shell.user_ns[name]


def failed(session: Session, task: TaskName) -> TaskFailed:
    """The error for whoever wanted a value of this task."""
    view = session.view(task)
    root = session.view(TaskName(view.skipped_for)) if view.skipped_for else view
    what = root.failure.message if root.failure else (root.state.value if root.state else "not run")
    kind = f"{root.failure.type}: " if root.failure and root.failure.type else ""
    place = f", line {root.failure.line}" if root.failure and root.failure.line else ""
    return TaskFailed(f"task {root.name} (cell {root.place}{place}): {kind}{what}", task=root.name)
