"""Placeholders over the names of tasks that are asked for: who reads one waits for the task, or is told of it.

Names belong to the main thread, and while a cell runs to that cell.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from phelps_jupyter.adapters.namespace import Placeholder
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.parts import outputs_of

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live


class Hiding:
    """One per kernel."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._put_off: list[TaskName] = []

    def hide(self, tasks: Sequence[TaskName]) -> None:
        """Hide what these give. From the main thread at once; from others when the kernel's loop comes to it."""
        if threading.current_thread() is threading.main_thread():
            self._hide(tasks)
        else:
            self._live.loop.add_callback(self._hide_between_cells, tasks)

    def catch_up(self) -> None:
        """A cell has ended."""
        self._hide_between_cells(())

    def _hide_between_cells(self, tasks: Sequence[TaskName]) -> None:
        """A cell that runs now goes on with what it has: while it awaits something, the loop does other things."""
        self._put_off += tasks
        if not self._live.is_in_cell:
            self._hide(self._put_off)
            self._put_off.clear()

    def _hide(self, tasks: Sequence[TaskName]) -> None:
        graph = self._live.graph
        for task in [task for task in tasks if task in graph.tasks]:
            node = graph.nodes[graph.tasks[task]]
            assert node.task is not None
            for name in outputs_of(graph, node.task):
                self._live.namespace.hide(name, Placeholder(task, name, lambda task=task: self._state_of(task)))

    def _state_of(self, task: TaskName) -> str:
        run = self._live.session.machine.runs.of(task) if self._live.has_session else None
        return run.state.value if run else "not run"
