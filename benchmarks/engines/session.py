"""What the benchmark asks of a tool: to run tasks, and to bear trouble."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmarks.engines.graph import Graph, Node

SLOTS = 2
"""Tasks that run at once, in every tool."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a session is opened.

    ``folder``: an empty one. ``counts_cpus``: tasks say how many they use, of SLOTS. ``memory``: the limit of a task in
    bytes, where there is one. ``remembers``: a run may profit from what earlier ones showed. ``warm``: engines have
    run something before anything is measured.
    """

    folder: Path
    counts_cpus: bool = False
    memory: int | None = None
    remembers: bool = False
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of some tasks: times since the epoch, and the results that nobody else read, by their nodes' numbers."""

    begun: float
    ended: float
    results: Mapping[int, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """From handing over the first task to holding the last result."""
        return self.ended - self.begun


@dataclass(frozen=True, slots=True)
class Survived:
    """A run in which an engine was killed. ``said``: what the failures say, each once."""

    seconds: float
    done: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limited:
    """A run of a task that takes too much: after how many seconds it ended, what was said, who else ended well."""

    seconds: float
    said: str
    bystanders: int


@dataclass(frozen=True, slots=True)
class Idle:
    """What stands ready while nothing is to be done, without the process of the user. ``size``: bytes."""

    size: int
    processes: int


@dataclass(frozen=True, slots=True)
class Cold:
    """Seconds to the first result: from the start of the tool's first process, and from where Python already runs."""

    whole: float
    loaded: float


class Session(Protocol):
    """A tool that is ready to run tasks."""

    def many(self, count: int) -> Ran:
        """So many no-ops, handed over in the tool's best way."""

    def trips(self, count: int) -> Ran:
        """So many small tasks, each handed over when the result of the one before is there."""

    def graph(self, graph: Graph) -> Ran:
        """All of these."""

    def rehearse(self, graph: Graph) -> None:
        """Before anything is measured: these tasks, so that engines have imported what they need."""

    def survive(self, graph: Graph, after: float) -> Survived:
        """The same, and so many seconds later an engine is killed."""

    def limit(self, hog: Node, bystanders: Graph) -> Limited:
        """A task that takes more memory than the setting allows, and others beside it."""

    def cancel(self, kind: str, seconds: float) -> float:
        """Fill all slots with tasks of this kind, cancel them: seconds until all slots have run another task."""

    def idle(self) -> Idle:
        """What stands ready now."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One column of the table. ``cannot``: workloads that can't be said in it, each with the reason."""

    name: str
    distribution: str | None
    open: Callable[[Setting], AbstractContextManager[Session]]
    cold: Callable[[str, Path], Cold]
    cannot: Mapping[str, str] = field(default_factory=dict)

    def version(self) -> str | None:
        """None where it isn't installed; what comes with Python has Python's."""
        try:
            return importlib.metadata.version(self.distribution) if self.distribution else ""
        except importlib.metadata.PackageNotFoundError:
            return None
