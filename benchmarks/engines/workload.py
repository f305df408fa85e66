"""What a workload is: rows of the table, and how their figures are found with any tool."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.engines.session import Session, Setting, Tool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. ``factor``: from the figure's unit (seconds, bytes, ..) to the row's."""

    name: str
    unit: str = "s"
    factor: float = 1.0
    digits: int = 2


@dataclass(frozen=True, slots=True)
class Workload:
    """``runs_once``: a repetition would take long and show nothing new."""

    name: str
    rows: tuple[Row, ...]
    measure: Callable[[Trial], None]
    runs_once: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a workload with a tool. ``why``: no figures, and the reason; ``said``: words beside the figures.

    ``load``: the machine's when it began.
    """

    figures: dict[str, list[float]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    why: str = ""
    load: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Trial:
    """One workload with one tool: opens sessions, and notes what was found."""

    def __init__(self, tool: Tool, folder: Path, scale: float, runs: int) -> None:
        self.tool, self.runs = tool, range(runs)
        self.figures: dict[str, list[float]] = {}
        self.said: dict[str, str] = {}
        self._scale = scale
        self._folders = (folder / str(number) for number in itertools.count())

    def sized(self, full: int, least: int) -> int:
        """The number that is asked for in a full run, as the scale has it."""
        return max(least, round(full * self._scale))

    def folder(self) -> Path:
        """An empty one."""
        folder = next(self._folders)
        folder.mkdir()
        return folder

    def session(self, **setting: Any) -> AbstractContextManager[Session]:
        """The tool, started."""
        return self.tool.open(Setting(self.folder(), **setting))

    def note(self, row: Row, figure: float) -> None:
        """One run's figure."""
        self.figures.setdefault(row.name, []).append(figure * row.factor)

    def say(self, row: Row, words: str) -> None:
        """Words that stand beside the row's figure, or in its place."""
        self.said[row.name] = words
