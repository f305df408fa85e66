"""What runs have written, by run: gathered while they go on, stored with the result, read again when it is reused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phelps_jupyter.core.model import RunId
from phelps_jupyter.ports import Store
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.transcript import decode, encode


class Transcripts:
    """Of the runs of one session."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._frames: dict[RunId, list[Frame]] = {}

    def begin(self, run: RunId) -> None:
        """A new attempt: what earlier ones wrote no longer counts."""
        self._frames[run] = []

    def add(self, run: RunId, frames: Iterable[Frame]) -> None:
        """The run's attempt has written this."""
        self._frames.setdefault(run, []).extend(frames)

    def of(self, run: RunId) -> tuple[Frame, ...]:
        """What the run has written so far."""
        return tuple(self._frames.get(run, ()))

    def replay(self, run: RunId, transcript: str) -> None:
        """A stored result stands for the run: so does what was written then. Errors: StoreError."""
        if transcript:
            self._frames[run] = list(decode(self._store.get_bytes(transcript)))

    def drop(self, run: RunId) -> None:
        """Nobody will ask what it has written."""
        self._frames.pop(run, None)

    def keep(self, frames: Sequence[Frame]) -> str:
        """Store frames; returns the object's digest, empty when nothing was written. Errors: StoreError."""
        return self._store.put_bytes(b"".join(encode(frame) for frame in frames)) if frames else ""
