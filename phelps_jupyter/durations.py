"""How long each task of a notebook took last: read once from the index, and noted since. Belongs to the session's
thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from phelps_jupyter.core.model import Record, TaskName
from phelps_jupyter.errors import StoreError
from phelps_jupyter.ports import Index


class Durations:
    """Of one notebook. ``say``: told of errors of the index; then nothing is known, and it is asked again."""

    def __init__(self, index: Index, notebook: str, say: Callable[[Exception], None]) -> None:
        self._index = index
        self._notebook = notebook
        self._say = say
        self._seconds: dict[TaskName, float] | None = None

    def all(self) -> Mapping[TaskName, float]:
        """Wall seconds of the last result of each task."""
        if self._seconds is None:
            try:
                self._seconds = self._index.seconds(self._notebook)
            except StoreError as error:
                self._say(error)
                return {}
        # Whoever is given it keeps it.
        return dict(self._seconds)

    def note(self, record: Record) -> None:
        """This is the task's last result now."""
        if self._seconds is not None:
            self._seconds[record.task] = record.usage.seconds
