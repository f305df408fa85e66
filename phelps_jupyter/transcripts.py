"""What runs have written, by run: gathered while they go on, stored with the result, read again when it is reused.

However much it is, no more is held than a Roll keeps, also of what waits for a session that is busy.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import cast

from phelps_jupyter.core.model import RunId, TaskName
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.snapshot import Progress
from phelps_jupyter.ports import Notice, Store
from phelps_jupyter.runtime.orders import Frame, Wrote
from phelps_jupyter.runtime.roll import SPARE, Roll
from phelps_jupyter.runtime.transcript import decode, encode


class Transcripts:
    """Of the runs of one session."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rolls: dict[RunId, Roll] = {}

    def begin(self, run: RunId) -> None:
        """A new attempt: what earlier ones wrote no longer counts."""
        self._rolls[run] = Roll()

    def add(self, run: RunId, frames: Iterable[Frame]) -> None:
        """The run's attempt has written this."""
        self._rolls.setdefault(run, Roll()).extend(frames)

    def of(self, run: RunId) -> tuple[Frame, ...]:
        """What the run has written so far."""
        return self._rolls[run].frames() if run in self._rolls else ()

    def progress(self, run: RunId) -> Progress | None:
        """How far the run's attempt is, if its body counts."""
        told = self._rolls[run].progress if run in self._rolls else None
        return None if told is None else Progress(*(cast("float", told.metadata[name]) for name in ("done", "total")))

    def progresses(self, runs: Iterable[Run | None]) -> dict[TaskName, Progress]:
        """How far those are that count."""
        told = {run.task.name: self.progress(run.id) for run in runs if run is not None}
        return {task: progress for task, progress in told.items() if progress is not None}

    def replay(self, run: RunId, transcript: str) -> None:
        """A stored result stands for the run: so does what was written then. Errors: StoreError."""
        if transcript:
            self.begin(run)
            self.add(run, decode(self._store.get_bytes(transcript)))

    def drop(self, run: RunId) -> None:
        """Nobody will ask what it has written."""
        self._rolls.pop(run, None)

    def keep(self, frames: Sequence[Frame]) -> str:
        """Store frames; returns the object's digest, empty when nothing was written. Errors: StoreError."""
        return self._store.put_bytes(b"".join(encode(frame) for frame in frames)) if frames else ""


class Unread:
    """What attempts have written and the session has not read yet. Any thread may put something in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unread: dict[tuple[int, int], Roll] = {}

    def __bool__(self) -> bool:
        return bool(self._unread)

    def put(self, wrote: Wrote) -> bool:
        """Whether the session is to be told: not where it was told already, and has not read that yet."""
        with self._lock:
            is_news = (wrote.run, wrote.attempt) not in self._unread
            self._unread.setdefault((wrote.run, wrote.attempt), Roll(spare=SPARE)).extend(wrote.frames)
            return is_news

    def drop(self, notice: Notice) -> None:
        """It is of engines that nobody listens to any more."""
        if isinstance(notice, Wrote):
            with self._lock:
                self._unread.pop((notice.run, notice.attempt), None)

    def read(self, run: int, attempt: int) -> Wrote:
        """All that the attempt has written since the last time."""
        with self._lock:
            roll = self._unread.pop((run, attempt))
        progress = () if roll.progress is None else (roll.progress,)
        return Wrote(run, attempt, (*roll.frames(), *progress))
