"""What crosses to an engine and back: an Order to run one attempt, its Frames of output, and its Outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from phelps_jupyter.runtime.places import Haul, Source


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
class WarningFilter:
    """One entry of ``warnings.filters``. Of a regular expression: its text and flags; Python's own hold plain text."""

    action: str
    message: tuple[str, int] | str | None
    category: str
    """``module:qualname``."""
    module: tuple[str, int] | str | None
    line: int


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
    foreseen: frozenset[str] | None = None
    """Names that the text tells that the body binds: any other public one is told, and stored. None: it is not."""
    base: str = ""
    """The notebook's folder: sightings are named relative to it."""
    project: str = ""
    """The project's root: what lies in it is watched, and named relative to ``base``."""
    modules: tuple[str, ...] = ()
    """Submodules that cells above have imported, and that the body takes as attributes: ``xml.etree.ElementTree``."""
    documented: bool = False
    """Docstrings of the functions and classes that it stores are read below: they count in the digests of outputs."""
    writes: tuple[str, ...] = ()
    """``--writes``: patterns, relative to ``folder``; each must name something at the end, and is kept in the store."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Names that the body may read by a text that only it knows, and whose values can't be handed over -> why."""
    settings: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """Library -> option -> ``values.dumps`` of its value: set as soon as the body has the library."""
    filters: tuple[WarningFilter, ...] = ()
    """All warning filters of the kernel; none: the body keeps its own."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Names that nobody gives the body -> what is to be said of each if it reaches them."""
    gpus: tuple[str, ...] | None = None
    """The GPUs that it has to itself, as CUDA names them; None: it sees what its engine does."""
    asked_memory: int | None = None
    """Bytes that ``--mem`` says; ``memory`` is more where that was found to be too little. None: it was not given."""
    alone: bool = False
    """Nothing else of ours runs on this machine."""
    away: bool = False
    """Its host does not see the project: ``store`` is a folder of that host, and it works in a folder of its own."""
    sources: tuple[Source, ...] = ()
    """Where to fetch what ``store`` may lack of the inputs."""
    objects: Mapping[str, bytes] = field(default_factory=dict)
    """Digest -> the whole file, of small ones that ``store`` may lack."""
    temp: bool = False
    """What it makes is not kept for long, and stays where it was made until somebody reads it."""
    isolation: Literal["fork", "engine"] = "fork"
    """``engine``: the body is a guest in the engine's own process."""
    credentials: str = ""
    """Folder with the key and the certificate to fetch with."""
    note: Mapping[str, object] = field(default_factory=dict)
    """Kept beside the attempt as JSON, so that a later kernel can record the result."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of output, in order: text of a stream, or a display (a MIME bundle).

    A ``gap`` stands for output that was left out: ``lines``, ``characters`` and ``displays`` in its metadata.
    ``progress`` has no place among the others; its metadata: how much is ``done``, of how much (``total``, or None).
    """

    kind: Literal["stdout", "stderr", "display", "result", "clear", "gap", "progress"]
    text: str = ""
    back: int = 0
    """Of text: so many characters at the end of what the stream has shown are taken back first."""
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
    members: Mapping[str, str] = field(default_factory=dict)
    """Of a small dict: the digest of each item's value."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One thing of the file system that a body saw: a file's content, a folder's names, where a path leads."""

    kind: Literal["file", "folder", "path"]
    name: str
    """Relative to the order's ``base``, or absolute outside the project."""
    digest: str
    """As ``watched_digest`` tells it."""
    stamp: tuple[int, int, int, int] | None = None
    """Of a file: size, mtime_ns, ctime_ns and inode when the digest was taken; None where they can't be relied on."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """All that a body saw and left of the file system."""

    read: tuple[Sighting, ...] = ()
    wrote: tuple[Sighting, ...] = ()
    kept: tuple[str, ...] = ()
    """Names of those of ``wrote`` whose content is in the store."""
    unwatched: tuple[str, ...] = ()
    """What may have read files without being seen, in words for people."""
    torn: tuple[str, ...] = ()
    """Names of files that changed while the body ran, not by its doing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; exactly one for each attempt that started."""

    run: int
    attempt: int
    kind: Literal["done", "code", "timeout", "memory", "output", "declaration", "lost", "cancelled"]
    outputs: tuple[Stored, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    """Inputs whose digest after the body differs from the one before, and names that it bound unforeseen."""
    drew: bool = False
    """The body drew from ``random`` or from numpy's global state: the result hangs on the seed."""
    sightings: Sightings = Sightings()
    error_type: str = ""
    message: str = ""
    line: int | None = None
    traceback: str = ""
    evidence: str = ""
    seconds: float = 0.0
    peak_memory: int = 0
    cpu_seconds: float = 0.0
    read_bytes: int | None = None
    """Through calls that read, by all its processes: files, pipes, sockets, no mapped files. None: not known."""
    written_bytes: int | None = None
    memory_curve: tuple[tuple[float, int], ...] = ()
    """Of a failure: seconds since it began, and what all its processes held then, over the last seconds."""
    ends_engine: bool = False
    """The engine whose own process ran it is about to be killed for it."""
    temp: bool = False
    """As its order said."""
    haul: Haul = Haul()
    """What it fetched from other hosts."""
    objects: Mapping[str, bytes] = field(default_factory=dict)
    """Digest -> the whole file, of small outputs that were made away from the project's store."""


@dataclass(frozen=True, slots=True)
class Started:
    """The body of this attempt is running."""

    run: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Wrote:
    """An attempt wrote output; in order, each piece once."""

    run: int
    attempt: int
    frames: tuple[Frame, ...]
