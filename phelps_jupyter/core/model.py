"""The nouns of the core, as frozen data. Knows no behaviour beyond what a noun says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

CellId = NewType("CellId", str)
TaskName = NewType("TaskName", str)
RunId = NewType("RunId", int)
EngineId = NewType("EngineId", str)
HostId = NewType("HostId", str)
Digest = NewType("Digest", str)
Key = NewType("Key", str)


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell of the document, as it is written there."""

    id: CellId
    source: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What one attempt of a task needs."""

    cpus: int | Literal["all"] = 1
    memory: int | None = None
    """Bytes of anonymous memory of the process tree; None: not limited."""
    time: float | None = None
    """Seconds; None: not limited."""
    label: str | None = None
    """An engine label or a host name it must run on."""
    gpus: int | None = None
    """How many it has to itself; None: none, and what its engine sees is not hidden from it."""
    alone: bool = False
    """Nothing else of ours may run on its host: it ran out of memory there beside others."""
    foreseen: int = 0
    """Bytes that it will likely hold, where ``memory`` says none: it starts beside others only where they are free."""


@dataclass(frozen=True, slots=True)
class Host:
    """A machine whose resources its engines share. ``memory`` in bytes."""

    id: HostId
    name: str
    cpus: int
    memory: int
    gpus: tuple[str, ...] = ()
    """As CUDA names them: numbers, or ``GPU-..`` with an identifier."""
    apart: bool = False
    """It does not see the store, and keeps values for itself."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A slot on a host: it holds one running attempt at a time."""

    id: EngineId
    host: HostId
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Options:
    """What the ``%%task`` line says, parsed."""

    inputs: tuple[str, ...] | None = None
    """``--in``: None when not declared."""
    outputs: tuple[str, ...] | None = None
    """``--out``: None when not declared."""
    after: tuple[TaskName, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    """``--writes``: files, folders and globs that the body makes; kept in the store, and restored from there."""
    resources: Resources = Resources()
    temp: bool = False
    """Its values go when the last reader of a plan has ended."""
    always: bool = False
    ttl: float | None = None
    """Seconds for which a result may stand; None: for ever."""
    uptodate: str = ""
    """A Python expression, as `ast.unparse` writes it; empty: none."""
    env: tuple[str, ...] = ()
    seed: int | Literal["task", "none"] = "task"
    """``task``: derived from the task's name."""
    retries: int = 0
    isolation: Literal["fork", "engine"] = "fork"
    """``engine``: the body runs in the engine's own process, which keeps its modules; else in a fresh one."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a cell does to the notebook's names, by scope analysis alone (SEMANTICS 2)."""

    reads: frozenset[str] = frozenset()
    """Loaded before they are bound; for a conditional write or an in-place change, the name written as well."""
    writes: frozenset[str] = frozenset()
    """Bound at the top level, by ``global`` in a function that is called, by a literal ``exec``."""
    changes: frozenset[str] = frozenset()
    """Names read that the body may change in place: a guess, overruled by digests after the run."""
    deletes: frozenset[str] = frozenset()
    """Names that are gone at the end (``del x``): the cell provides their absence."""
    deferred: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each function, class or lambda bound here at the top level: the globals it reads when it is used."""
    deferred_writes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each function bound here: the globals it binds or changes when it is called; ``.`` if a call changes what the
    function itself keeps (a default, its closure), ``.()`` if calling what a call gives does so."""
    calls: frozenset[str] = frozenset()
    """Names read from outside that are called (their ``deferred_writes`` happen here)."""
    attributes: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """For each name read: the attributes taken of it (``np.sin`` -> sin); None when it is used otherwise as well."""
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each name of which nothing but items by literal keys is read (``d["a"]``): the keys."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """For each name read: the first line of the cell (1-based) that reads it."""
    reads_everything: bool = False
    """``eval`` of a text that is no literal, ``globals()`` and the like: every name above may be read."""
    code: Digest = Digest("")
    """Digest of the cell's code (SEMANTICS 3, rule 1)."""
    error: str | None = None
    """The cell can't be parsed: the message, with its line."""
    error_line: int | None = None
    """The line (1-based) that ``error`` speaks of."""
    optional: frozenset[str] = frozenset()
    """Names read that may be absent: conditionally bound here, or guarded (``try: x``, ``"x" in globals()``)."""
    passed: frozenset[str] = frozenset()
    """Of ``optional``: names only passed on where the cell does not bind or delete them; no code loads them."""
    imports: frozenset[str] = frozenset()
    """Of ``writes``: names that are bound by an import at the end."""
    definitions: frozenset[str] = frozenset()
    """Of ``writes``: names that are bound by ``def``, ``class`` or a lambda at the end."""
    holds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each name bound or changed here: names from above whose functions it holds. ``f()`` stands for what calling
    ``f`` gives: an instance of a class, or the functions that a function returns. Keys may be spelled so as well."""
    returned: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each function or class bound here: the globals read by the functions or the instance that a call gives."""
    kinds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each class bound here, and each name that may hold a subclass or an instance of one: the classes' names."""
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each name that is bound to an object that has another name: the names that the object had above this cell, or
    ``#1``, ``#2`` .. for objects made here."""
    binds_unknown: bool = False
    """It may bind names that can't be known (``from m import *``, ``%run``, ``exec`` of a text that is no literal)."""
    fleeting: frozenset[str] = frozenset()
    """Names that may be gone at the end (``if c: del x``, ``except .. as e``): what is left of them is passed on."""
    texts: frozenset[str] = frozenset()
    """Literal texts that may be paths of files that it reads, and the files that its imports may stand for."""
    made: frozenset[str] = frozenset()
    """Files that it writes, as far as literal texts say so."""
    looks: bool = False
    """It, or a function that is defined in it, calls what may read, write or look for files, whatever their names."""
    meant: frozenset[str] = frozenset()
    """Names that texts ask for which are used here (``q = "x > @name"``): they need not be there."""


@dataclass(frozen=True, slots=True)
class Task:
    """A named cell: declared, never executed by itself."""

    name: TaskName
    cell: CellId
    body: str
    """The cell with its magic lines turned into comments, so that its line numbers are the cell's."""
    options: Options
    bindings: Bindings
    still: bool = False
    """Its result is frozen: it needs nothing, and does not run."""


@dataclass(frozen=True, slots=True)
class Version:
    """One recorded value of a name."""

    name: str
    digest: Digest
    size: int
    """Bytes in the store."""
    summary: str
    """For people: ``DataFrame 333 x 8``."""
    identity: str = ""
    """Names whose versions carry one identity are one object, and are loaded as one. Empty: on its own."""
    opaque: str = ""
    """Why the value has no content digest: the path of the part at fault. Empty: it has one."""
    modules: tuple[str, ...] = ()
    """The modules that code inside the value comes from or imports: who uses the value may run all that is in them."""
    members: Mapping[str, Digest] = field(default_factory=dict)
    """Of a small dict with text keys: the digest of each item's value."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One of the kernel's settings that plain cells may change."""

    name: str
    content: str = ""
    """A text that differs wherever it does; empty while it is as it was at the start."""
    told: str = ""
    """For people."""


class PartKind(StrEnum):
    """What a part of a key stands for."""

    CODE = "code"
    INPUT = "input"
    FUNCTION = "function"
    MODULE = "module"
    VERSION = "version"
    FILE = "file"
    """A file's content."""
    FOLDER = "folder"
    """The names in a folder that was listed."""
    PATH = "path"
    """What a path that was looked for leads to: a file, a folder or nothing."""
    ENV = "env"
    SETTING = "setting"
    UPTODATE = "uptodate"
    """The value of the expression that ``--uptodate`` names; the part is called like the expression."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One thing that can change a task's result; a key is the digest of all of them."""

    kind: PartKind
    name: str
    digest: Digest
    detail: str = field(default="", compare=False)
    """For people (a version number, where a function stands); not part of the key."""
    origin: str = field(default="", compare=False)
    """Where an input came from: ``task:NAME``, or ``cell:LINEAGE`` for a plain cell. Not part of the key."""
    source: str = field(default="", compare=False)
    """The object in the store that holds the text this part was made from: a function, a module's slice. For people."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a body was seen to use and to leave of the file system.

    Names are relative to the notebook's folder, or absolute outside the project.
    """

    conditions: tuple[Part, ...] = ()
    """Files read, folders listed, paths looked for: the result stands while all of them are as they were."""
    files: tuple[Part, ...] = ()
    """Files that it wrote and that were there at its end."""
    kept: frozenset[str] = frozenset()
    """Of ``files``: those whose content is in the store, under its digest."""
    unwatched: tuple[str, ...] = ()
    """What may have read files without being seen, in words: ``pyarrow``, ``a subprocess (sort)``, ``the network``."""
    torn: tuple[str, ...] = ()
    """Files that changed while the body ran, not by its doing: what it made of them can't be trusted again."""


class FailureKind(StrEnum):
    """Failures told apart by what is to be done about them (SEMANTICS 6)."""

    CODE = "code"
    LOST = "lost"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    IMPOSSIBLE = "impossible"
    OUTPUT = "output"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt or a run ended badly."""

    kind: FailureKind
    message: str
    type: str = ""
    """Name of the exception's class, if there was one."""
    line: int | None = None
    """1-based line of the cell."""
    traceback: str = ""
    """As the notebook shows it, with colours (ANSI)."""
    evidence: str = ""
    """Signal, limit, peak: what proves the kind."""
    memory_curve: tuple[tuple[float, int], ...] = ()
    """Seconds since the attempt began, and bytes that it held then, over its last seconds: want of memory, losses."""


class RunState(StrEnum):
    """State of a run (SEMANTICS 4); the steps allowed are the machine's table."""

    WAITING = "waiting"
    READY = "ready"
    SUBMITTED = "submitted"
    RUNNING = "running"
    DONE = "done"
    REUSED = "reused"
    FAILED = "failed"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


SETTLED = frozenset(
    {RunState.DONE, RunState.REUSED, RunState.FAILED, RunState.SKIPPED, RunState.BLOCKED, RunState.CANCELLED}
)
GOOD = frozenset({RunState.DONE, RunState.REUSED})


@dataclass(frozen=True, slots=True)
class Ended:
    """How a task's last run ended, in whatever kernel."""

    state: RunState
    attempts: int
    engine: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used, with all its processes: wall seconds, peak bytes of anonymous memory, CPU seconds."""

    seconds: float = 0.0
    peak_memory: int = 0
    cpu_seconds: float = 0.0
    read_bytes: int | None = None
    """Through calls that read: files, pipes, sockets; mapped files don't count. None: the system did not tell."""
    written_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One stored result: what was run, from what, and what came of it."""

    key: Key
    task: TaskName
    notebook: str
    source: str
    parts: tuple[Part, ...]
    outputs: tuple[Version, ...]
    usage: Usage
    engine: str
    at: float
    """Seconds since the epoch, when the result was stored."""
    transcript: str = ""
    """Object in the store that holds stdout, stderr and displays; empty when there were none."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Names that were bound but can't be stored -> why."""
    changed: tuple[str, ...] = ()
    """Inputs found changed in place (digests before and after differ)."""
    reusable: bool = True
    seed: str = ""
    """The seed that the result hangs on; empty when the body drew from no generator."""
    seen: Seen = Seen()
    writes: tuple[str, ...] = ()
    """What ``--writes`` named when it was made: all of it was there."""
    number: int = field(default=0, compare=False)
    """Its place in the index; 0 before it is there."""
