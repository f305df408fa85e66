"""One front end that is linked to a kernel: what it has told of its document, and how it is told. Knows no tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.model import Cell, CellId, TaskName
from phelps_jupyter.faces.followed import Followed


class UntoldError(Exception):
    """A front end speaks of cells whose sources have not arrived: it is to tell all of them."""


class Link:
    """One front end: what it has told of the document, and how it is told."""

    def __init__(self, kernel: Any, comm: Any) -> None:
        self._kernel = kernel
        self._comm = comm
        self.sources: dict[CellId, str] = {}
        self.order: list[CellId] = []
        self.heard_at = 0.0
        """Its last word."""
        self.logs: dict[TaskName, Followed] = {}

    @property
    def cells(self) -> list[Cell]:
        """Its document, in order."""
        return [Cell(cell, source) for cell, source in self.sources.items()]

    def ask(self) -> None:
        """It is to tell all of its document; until then it has told nothing."""
        self.order, self.sources = [], {}
        self.send({"type": "tell"})

    def send(self, message: Json) -> None:
        """Tell this front end. Any thread may."""
        self.send_data(message)

    def send_data(self, data: Json) -> None:
        """Put this on the comm as it is."""
        content = {"comm_id": self._comm.comm_id, "data": json.loads(json.dumps(data))}
        # As nobody's answer: ipykernel has what comes back on a comm handled by the shell whose message was answered
        # last, which for the main one is when its cell has ended.
        self._kernel.session.send(self._kernel.iopub_socket, "comm_msg", content, parent={}, ident=self._comm.topic)

    def close(self) -> None:
        """Tell it that nobody is here any more, if it can still be told."""
        with suppress(Exception):
            self._comm.close()

    def take(self, message: Mapping[str, Any]) -> list[Cell]:
        """It has told of its document what has changed; the code cells in order. Errors: UntoldError."""
        known = self.sources | message.get("changed", {})
        order = [CellId(cell) for cell in message["order"]]
        untold = [cell for cell in order if cell not in known]
        if untold:
            raise UntoldError(untold)
        self.order, self.sources = order, {cell: known[cell] for cell in order}
        return self.cells
