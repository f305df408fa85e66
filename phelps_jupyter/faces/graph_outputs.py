"""The graphs below ``%phelps graph`` cells of one kernel: shown, and shown anew when what runs has settled.

Each is one bundle: our own MIME type, which our extension draws live; a table and a picture, for where nothing runs;
and while tasks run, for front ends without our extension, the view of a widget. A saved notebook shows that view only
as an error, so it leaves the bundle when all has settled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from phelps_jupyter.core.board import Json
from phelps_jupyter.faces.graph_picture import graph_bundle

if TYPE_CHECKING:
    from phelps_jupyter.faces.graph_widget import GraphWidget
    from phelps_jupyter.faces.live import Live

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class GraphOutputs:
    """Follows what front ends are told, as one of them."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._ids: list[str] = []
        self._tasks: dict[str, Json] = {}
        self._widget: GraphWidget | None = None
        self._shown: object = None
        self._is_live = False
        """Whether the widget's view stands in the bundle."""

    def show(self) -> None:
        """Put a graph below the cell that is executed."""
        lab = self._live.lab
        if not self._ids:
            lab.follow(self.hear)
        self._ids.append(f"phelps-graph-{len(self._ids) + 1}-{os.getpid()}")
        tasks = lab.tell_now()
        if self._widget is None and self._wants_widget():
            # What it rests on takes a third of a second to import, and few notebooks need it.
            from phelps_jupyter.faces.graph_widget import GraphWidget

            self._widget = GraphWidget(self._live)
        self._publish(self._ids[-1], self._bundle(tasks), update=False)

    def catch_up(self) -> None:
        """Show what has happened so far: where updates reach the notebook only while some cell runs."""
        if self._ids:
            self._live.lab.tell_now()

    def _wants_widget(self) -> bool:
        """Who executes cells and does not name them writes for readers: nbclient. Ours draws the graph itself."""
        parent = cast("Mapping[str, Any]", getattr(self._live.shell, "parent_header", {}))
        named = parent.get("metadata", {}).get("cellId") or "google.colab" in sys.modules
        return bool(named) and not self._live.headless and not self._live.lab.is_linked

    def hear(self, message: Json) -> None:
        """What all front ends are told. Called in their thread."""
        told = cast("list[Json]", message.get("tasks", ()))
        known = ({} if message["type"] == "snapshot" else self._tasks) | {str(task["name"]): task for task in told}
        order = cast("list[str]", message.get("order", list(known)))
        self._tasks = {name: known[name] for name in order}
        is_open = any(task["open"] for task in self._tasks.values())
        # An edit alone is no reason to change what is saved.
        if self._widget is not None and not self._is_live if is_open else self._ends() != self._shown:
            self._refresh()

    def _ends(self) -> object:
        return {name: (task["state"], task["ended_at"], task["outputs"]) for name, task in self._tasks.items()}

    def _refresh(self) -> None:
        bundle = self._bundle(list(self._tasks.values()))
        # After a reload of the page a front end knows no display ids: ours finds the outputs by their type.
        if not self._live.lab.tell_author({"type": "graph", "bundle": bundle}):
            for name in self._ids:
                self._publish(name, bundle, update=True)

    def _bundle(self, tasks: list[Json]) -> dict[str, object]:
        self._shown = self._ends()
        self._is_live = self._widget is not None and any(task["open"] for task in tasks)
        bundle = graph_bundle(tasks)
        if self._widget is not None and self._is_live:
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return bundle

    def _publish(self, name: str, bundle: Mapping[str, object], *, update: bool) -> None:
        self._live.shell.display_pub.publish(dict(bundle), transient={"display_id": name}, update=update)
