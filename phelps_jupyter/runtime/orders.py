"""What crosses to an engine and back: an Order to run one attempt, its Frames of output, and its Outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Given:
    """One input of the body: ``digest`` names an object of the store, or ``inline`` holds ``values.dumps`` of it."""

    name: str
    digest: str = ""
    inline: bytes = b""
    identity: str = ""
    """Inputs with one identity are bound to one object."""
    watched: bool = True
    """Digest it again after the body: it may have been changed in place."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that one attempt needs; an engine is told nothing else."""

    run: int
    attempt: int
    task: str
    body: str
    """Python with IPython syntax; line numbers are the cell's."""
    inputs: tuple[Given, ...]
    outputs: tuple[str, ...]
    """Names to store at the end."""
    declared: bool
    """``--out`` was given: each of ``outputs`` must be bound and storable."""
    optional: frozenset[str]
    """Outputs that may be unbound at the end without a failure (conditional writes, deletions)."""
    store: str
    """Folder of the store; objects lie in ``objects/``."""
    folder: str
    """Working directory."""
    path: tuple[str, ...]
    """``sys.path``."""
    env: Mapping[str, str | None]
    """Environment variables to set; None removes one."""
    seed: int | None
    """For ``random`` and numpy's global state; None leaves them unseeded."""
    cpus: int
    memory: int | None
    """Bytes of anonymous memory of the process tree; None: not limited."""
    time: float | None
    """Seconds; None: not limited."""
    note: Mapping[str, object] = field(default_factory=dict)
    """Kept beside the attempt as JSON, so that a later kernel can record the result."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of output, in order: text of a stream, or a display (a MIME bundle)."""

    kind: Literal["stdout", "stderr", "display", "result", "clear"]
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    display_id: str = ""
    """Of a display that may be updated later."""
    update: bool = False
    """Takes the place of the displays that carry this ``display_id``."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One output as it lies in the store."""

    name: str
    digest: str
    size: int
    summary: str
    identity: str = ""
    opaque: str = ""
    modules: tuple[str, ...] = ()
    """The modules that code inside the value comes from or imports."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; exactly one for each attempt that started."""

    run: int
    attempt: int
    kind: Literal["done", "code", "timeout", "memory", "output", "lost", "cancelled"]
    outputs: tuple[Stored, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    """Inputs whose digest after the body differs from the one before."""
    drew: bool = False
    """The body drew from ``random`` or from numpy's global state: the result hangs on the seed."""
    error_type: str = ""
    message: str = ""
    line: int | None = None
    traceback: str = ""
    evidence: str = ""
    seconds: float = 0.0
    peak_memory: int = 0
    cpu_seconds: float = 0.0
