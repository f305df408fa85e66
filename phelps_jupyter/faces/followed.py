"""The output of a task that somebody follows: knows what they have been told, and tells what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.faces.cards import joined
from phelps_jupyter.runtime.orders import Frame

MANY = 1000
"""Pieces that are told one by one; then all is told anew as few."""


class Piece(NamedTuple):
    """Some text of one kind: ``stdout``, ``stderr`` or what a display is."""

    kind: str
    text: str


@dataclass(slots=True)
class Followed:
    """One task, for one front end."""

    task: TaskName
    _told: list[Piece] = field(default_factory=list)
    _is_begun: bool = False

    def news(self, frames: Sequence[Frame]) -> Json | None:
        """What to tell of it, which has written this so far; None: nothing is new."""
        pieces = [Piece(frame.kind, frame.text) for frame in joined(frames) if frame.text]
        stands, new = news(self._told, pieces)
        if self._is_begun and stands == len(self._told) and not new:
            return None
        if stands + len(new) > MANY:
            stands, new = 0, pieces
        self._told[stands:], self._is_begun = new, True
        told = [piece._asdict() for piece in new]
        return {"type": "log", "task": self.task, "from": stands, "frames": told}


def news(told: Sequence[Piece], pieces: Sequence[Piece]) -> tuple[int, list[Piece]]:
    """How many of the pieces told still stand, and what follows them. A line that is written over takes its place."""
    at = offset = stands = 0
    for piece in told:
        if at < len(pieces) and offset == len(pieces[at].text):
            at, offset = at + 1, 0
        if at == len(pieces) or piece.kind != pieces[at].kind or not pieces[at].text.startswith(piece.text, offset):
            break
        offset += len(piece.text)
        stands += 1
    rest = [Piece(pieces[at].kind, pieces[at].text[offset:]), *pieces[at + 1 :]] if at < len(pieces) else []
    return stands, [piece for piece in rest if piece.text]
