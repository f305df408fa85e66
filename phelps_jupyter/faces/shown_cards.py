"""The cards under this kernel's task cells: opened when a cell is executed, and updated in place from then on."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from IPython.core.interactiveshell import InteractiveShell

from phelps_jupyter.core.model import TaskName
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.faces.cards import bundle, without_traceback
from phelps_jupyter.faces.settings import Phelps
from phelps_jupyter.runtime.orders import Frame


class ShownCards:
    """One for each task whose cell was executed in this kernel."""

    def __init__(self, shell: InteractiveShell, settings: Phelps) -> None:
        self._shell = shell
        self._settings = settings
        self._cards: dict[TaskName, str] = {}
        self._opened = 0
        self._begun: dict[TaskName, float] = {}

    def open(self, task: TaskName) -> None:
        """The task's cell is executed: its card stands below it."""
        self._opened += 1
        self._cards[task] = f"phelps-{task}-{self._opened}-{os.getpid()}"
        self._begun[task] = time.monotonic()
        self._publish(task, {"text/plain": f"· {task}"}, update=False)

    def show(self, view: TaskView, frames: tuple[Frame, ...], *, headless: bool) -> None:
        """The task is so now. Any thread may tell."""
        if view.name not in self._cards:
            return
        elapsed = time.monotonic() - self._begun[view.name]
        if headless:
            # The command line puts output and traceback under the card, as the cell's own.
            frames, view = (), without_traceback(view)
        self._publish(view.name, bundle(view, frames, elapsed=elapsed), update=True)

    def _publish(self, task: TaskName, shown: Mapping[str, object], *, update: bool) -> None:
        if not self._settings.quiet:
            self._shell.display_pub.publish(dict(shown), transient={"display_id": self._cards[task]}, update=update)
