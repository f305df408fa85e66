"""What each task of a notebook took last: asked of the index once, noted since. Belongs to the session's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phelps_jupyter.core.model import Record, TaskName, Usage
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Index


def seconds_of(usages: Mapping[TaskName, Usage]) -> dict[TaskName, float]:
    """Wall seconds alone."""
    return {task: usage.seconds for task, usage in usages.items()}


class Usages:
    """Of one notebook. ``say``: told of errors of the index; then nothing is known, and it is asked again."""

    def __init__(self, index: Index, notebook: str, say: Callable[[Exception], None]) -> None:
        self._index = index
        self._notebook = notebook
        self._say = say
        self._usages: dict[TaskName, Usage] | None = None

    def all(self) -> Mapping[TaskName, Usage]:
        """Of the last result of each task."""
        if self._usages is None:
            try:
                self._usages = self._index.usages(self._notebook)
            except StoreError as error:
                self._say(error)
                return {}
        # Whoever is given it keeps it.
        return dict(self._usages)

    def note(self, record: Record) -> None:
        """This is the task's last result now."""
        if self._usages is not None:
            self._usages[record.task] = record.usage
