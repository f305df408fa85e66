"""What of the kernel a session works with: its names, its beginnings, and whom it tells. No state of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.cell_sights import CellSights
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Part
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.questions import Questions
from phelps_jupyter.runtime.orders import Frame

Show = Callable[[TaskView, tuple[Frame, ...]], None]
Relearn = Callable[[Run, Sequence[Part], Mapping[str, str]], Graph | None]
"""Told of a run that has ended, with the parts of its key and what tells the objects of its inputs and outputs from one
another: returns the graph anew if that is another one by what the run has shown."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What of the kernel a session works with."""

    notebook: str
    namespace: Namespace
    start: Surroundings
    sights: CellSights
    show: Show
    relearn: Relearn
    questions: Questions
    headless: bool = False
    """One pass from top to bottom: what has ended well in it need not be proved again."""
