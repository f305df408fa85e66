"""What happened (events, in) and what must happen (actions, out). Frozen data, to be grepped in three places only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phelps_jupyter.core.freshness import Reason, Verdict
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import (
    Digest,
    Engine,
    EngineId,
    Failure,
    Host,
    HostId,
    Key,
    Record,
    Resources,
    RunId,
    RunState,
    Seen,
    TaskName,
    Usage,
    Version,
)


@dataclass(frozen=True, slots=True)
class DocumentChanged:
    """The cells, their order or their code changed: here is the graph as it is now."""

    at: float
    graph: Graph


@dataclass(frozen=True, slots=True)
class RunRequested:
    """Somebody wants these tasks fresh; their upstream comes with them."""

    at: float
    targets: tuple[TaskName, ...]
    forced: bool = False
    took: Mapping[TaskName, Usage] = field(default_factory=dict)
    """What each task's last result took, where known."""
    renewed: frozenset[TaskName] = frozenset()
    """Targets whose open runs hold other values than the kernel has now: they are planned anew."""
    confirm: bool = True
    """Prove upstream tasks again that have ended already; a headless pass need not, nothing changes behind its back."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody sits and waits for this task: it and what it needs go first."""

    at: float
    task: TaskName


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Stop these tasks' open runs; all open runs when ``tasks`` is None."""

    at: float
    tasks: tuple[TaskName, ...] | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """The kernel's values that the run reads are held as they were when it was submitted."""

    at: float
    run: RunId


@dataclass(frozen=True, slots=True)
class CaptureFailed:
    """A value of the kernel can't be had: ``state`` is BLOCKED (cells to run first) or FAILED."""

    at: float
    run: RunId
    state: RunState
    failure: Failure


@dataclass(frozen=True, slots=True)
class Proved:
    """The run's key is known; ``record`` is the stored result that may stand for it, if there is one."""

    at: float
    run: RunId
    key: Key
    record: Record | None
    verdict: Verdict = Verdict.STALE
    reasons: tuple[Reason, ...] = ()
    memory: int | None = None
    """Bytes that its code was found to need when it ran out of memory; None: it never did."""


@dataclass(frozen=True, slots=True)
class ProofFailed:
    """The key can't be made: a file that ``--reads`` names is missing, say."""

    at: float
    run: RunId
    failure: Failure


@dataclass(frozen=True, slots=True)
class EngineJoined:
    """An engine is there and takes attempts."""

    at: float
    engine: Engine
    host: Host


@dataclass(frozen=True, slots=True)
class HostShared:
    """Other kernels use this machine as well: so many of its cpus we may hold now."""

    at: float
    host: HostId
    cpus: int


@dataclass(frozen=True, slots=True)
class EngineLeft:
    """An engine is gone; its attempts are lost."""

    at: float
    engine: EngineId
    why: str


@dataclass(frozen=True, slots=True)
class EnginesSettled:
    """All engines that were asked for have joined: what fits none of them fits nowhere."""

    at: float


@dataclass(frozen=True, slots=True)
class EnginesFailed:
    """Engines could not be started, or replaced; or those that are there are about to leave."""

    at: float
    why: str
    leaving: tuple[EngineId, ...] = ()
    """Those that are about to, and start nothing any more: what each runs is lost when it has left."""


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    """The body is running."""

    at: float
    run: RunId
    attempt: int


@dataclass(frozen=True, slots=True)
class AttemptDone:
    """The body ended and its outputs are stored."""

    at: float
    run: RunId
    attempt: int
    outputs: tuple[Version, ...]
    usage: Usage
    changed: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    drew: bool = False
    seen: Seen = Seen()


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """The attempt ended badly."""

    at: float
    run: RunId
    attempt: int
    failure: Failure
    usage: Usage = Usage()
    seen: Seen = Seen()
    """What it looked for, by name alone."""


@dataclass(frozen=True, slots=True)
class InputsLost:
    """The attempt could not begin: values that it reads are nowhere any more."""

    at: float
    run: RunId
    attempt: int
    names: tuple[str, ...]


Event = (
    DocumentChanged
    | RunRequested
    | Awaited
    | CancelRequested
    | Captured
    | CaptureFailed
    | Proved
    | ProofFailed
    | EngineJoined
    | HostShared
    | EngineLeft
    | EnginesSettled
    | EnginesFailed
    | AttemptStarted
    | AttemptDone
    | AttemptFailed
    | InputsLost
)


@dataclass(frozen=True, slots=True)
class Capture:
    """Hold the kernel's values that this run reads; answer Captured or CaptureFailed."""

    cause: Event
    run: RunId


@dataclass(frozen=True, slots=True)
class Prove:
    """Make the run's key and look it up; answer Proved or ProofFailed. All its inputs are known."""

    cause: Event
    run: RunId


@dataclass(frozen=True, slots=True)
class StartEngines:
    """A run is ready and there is no engine."""

    cause: Event


@dataclass(frozen=True, slots=True)
class Submit:
    """Start this attempt on this engine."""

    cause: Event
    run: RunId
    attempt: int
    engine: EngineId
    resources: Resources
    gpus: tuple[str, ...] | None = None
    """Those that it has to itself; empty: it is to see none. None: it sees what its engine does."""


@dataclass(frozen=True, slots=True)
class Kill:
    """End this attempt; its answer no longer counts."""

    cause: Event
    run: RunId
    attempt: int
    engine: EngineId


@dataclass(frozen=True, slots=True)
class Store:
    """Write the record of this run: its outputs are in the store."""

    cause: Event
    run: RunId


@dataclass(frozen=True, slots=True)
class Show:
    """The run changed in a way people can see."""

    cause: Event
    run: RunId


@dataclass(frozen=True, slots=True)
class Forget:
    """Nothing can come of this run any more, and nobody will ask for it: the machine has dropped it."""

    cause: Event
    run: RunId


@dataclass(frozen=True, slots=True)
class Discard:
    """Remove these values: they were kept for a plan, and it needs them no more."""

    cause: Event
    digests: tuple[Digest, ...]


Action = Discard | Capture | Prove | StartEngines | Submit | Kill | Store | Show | Forget
