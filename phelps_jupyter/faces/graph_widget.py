"""The live graph for front ends without our extension: the same drawing, as a widget that is told what front ends are.

Its script is built from labextension/src/widget.ts. docs/protocol.md tells what is said, in custom messages.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

from phelps_jupyter.core.board import Json
from phelps_jupyter.faces.links import Link

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live

BUILT = Path(__file__).parents[1] / "widget"


class _Graph(anywidget.AnyWidget):
    """Has no state: its view asks what there is when it is drawn."""

    _esm = BUILT / "graph.js"
    _css = BUILT / "graph.css"


class GraphWidget:
    """One per kernel, with any number of views."""

    def __init__(self, live: Live) -> None:
        """In the main thread, where its cell runs."""
        graph = _Graph()
        self.model_id: str = graph.model_id
        graph.on_msg(lambda _, message, __: self._said(live, message))
        live.lab.link(self.model_id, _WidgetLink(getattr(live.shell, "kernel", None), graph.comm))

    def _said(self, live: Live, message: Mapping[str, Any]) -> None:
        live.lab.hear(self.model_id, message, time.time())


class _WidgetLink(Link):
    """What front ends say and are told, as a widget's own messages."""

    def send(self, message: Json) -> None:
        self.send_data({"method": "custom", "content": message})
