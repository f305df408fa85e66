"""A Run and its states. One table says which steps there are, one method takes them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from phelps_jupyter.core.freshness import Reason, Verdict
from phelps_jupyter.core.model import (
    GOOD,
    SETTLED,
    EngineId,
    Failure,
    HostId,
    Key,
    Resources,
    RunId,
    RunState,
    Seen,
    Task,
    TaskName,
    Usage,
    Version,
)
from phelps_jupyter.errors import InternalError

_ENDS = {RunState.FAILED, RunState.CANCELLED}
STEPS: Mapping[RunState, frozenset[RunState]] = {
    RunState.WAITING: frozenset({RunState.READY, RunState.REUSED, RunState.SKIPPED, RunState.BLOCKED} | _ENDS),
    RunState.READY: frozenset({RunState.SUBMITTED} | _ENDS),
    RunState.SUBMITTED: frozenset({RunState.RUNNING, RunState.DONE, RunState.READY} | _ENDS),
    RunState.RUNNING: frozenset({RunState.DONE, RunState.READY} | _ENDS),
    **{state: frozenset() for state in SETTLED},
}
"""From SUBMITTED straight to DONE: an engine's word that it started can come late or not at all."""

_ATTEMPTED = {RunState.SUBMITTED, RunState.RUNNING}
_TOLD_OF = {RunState.READY, RunState.DONE, RunState.FAILED}
"""Steps from an attempt that come with what it used; one that is cancelled tells nothing more."""

_STORY_LENGTH = 20


class Move(NamedTuple):
    """A step that a run has taken. ``place``: ``host:engine`` of its last attempt; nothing before the first."""

    state: RunState
    at: float
    place: str
    peak_memory: int | None
    """Bytes that the attempt which ended with this step held at most; None: none did, or it is not known."""


@dataclass(slots=True, eq=False)
class Run:
    """One planned execution of a task. Its edges are frozen when it is planned."""

    id: RunId
    task: Task
    providers: Mapping[str, RunId]
    """Name of an input -> the run that provides it."""
    needs: frozenset[RunId]
    """All runs that must end well first: providers and ``--after``."""
    resources: Resources
    """What the next attempt asks for: the task's own, or more after a failure for want of memory."""
    target: bool = False
    """Asked for by name, not only needed by another."""
    forced: bool = False
    state: RunState = RunState.WAITING
    waits_for: set[RunId] = field(default_factory=set)
    captured: bool = False
    attempt: int = 0
    engine: EngineId | None = None
    place: str = ""
    """``host:engine`` of the last attempt, for people."""
    losses: int = 0
    memory_failures: int = 0
    retries_left: int = 0
    seconds: float = 1.0
    """Predicted length."""
    remaining: float = 0.0
    """Predicted seconds from its start to the end of the longest path that hangs on it."""
    awaited: bool = False
    key: Key | None = None
    verdict: Verdict | None = None
    """What its key proved; None until then."""
    reasons: tuple[Reason, ...] = ()
    outputs: tuple[Version, ...] = ()
    kept_at: dict[HostId | None, set[str]] = field(default_factory=dict)
    """Names of outputs that hosts keep which do not see the store (None: the store), as far as attempts told."""
    changed: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    drew: bool = False
    """Its result hangs on the seed of its generators."""
    seen: Seen = Seen()
    failure: Failure | None = None
    failures: tuple[Failure, ...] = ()
    """Of the attempts that ended badly, in order."""
    usage: Usage = Usage()
    requested_at: float = 0.0
    ready_at: float = 0.0
    """When it could be placed, the last time."""
    started_at: float | None = None
    ended_at: float | None = None
    root: RunId | None = None
    """For a skipped run: the run that failed."""
    story: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    """The steps that it has taken, the oldest first."""

    @property
    def settled(self) -> bool:
        """It has ended, one way or another."""
        return self.state in SETTLED

    @property
    def good(self) -> bool:
        """Its outputs can be read."""
        return self.state in GOOD

    @property
    def urgency(self) -> tuple[bool, float, int]:
        """Smaller goes first: what someone waits for, then the longest remaining path, then the oldest."""
        return (not self.awaited, -self.remaining, self.id)

    def version(self, name: str) -> Version | None:
        """The version of this name that the run provides."""
        return next((version for version in self.outputs if version.name == name), None)

    def step(self, state: RunState, at: float, why: str) -> None:
        """The only place that changes a run's state. ``at``: seconds since the epoch."""
        self.story = (*self.story[-_STORY_LENGTH:], f"{self.state} -> {state}: {why}")
        if state not in STEPS[self.state]:
            raise InternalError(f"run {self.id} of {self.task.name}: no step {self.state} -> {state}; " + self.told())
        peak = self.usage.peak_memory if self.state in _ATTEMPTED and state in _TOLD_OF else 0
        self.state = state
        self.moves = (*self.moves, Move(state, at, self.place, peak or None))

    def told(self) -> str:
        """The run's story, for a bug report."""
        return "its story: " + "; ".join(self.story)

    def ask_for_memory(self, nbytes: int) -> None:
        """The next attempt gets this much."""
        self.resources = replace(self.resources, memory=nbytes)


@dataclass(slots=True)
class Runs:
    """The runs of one kernel that something can still come of, by id, by task, and by who waits for whom.

    Kept are those that are open, that tell their task's state, whose key is their task's newest, and all that these
    need. `forget` drops the others.
    """

    by_id: dict[RunId, Run] = field(default_factory=dict)
    latest: dict[TaskName, RunId] = field(default_factory=dict)
    """The run that tells a task's state. A run that merely confirms the last one never gets here."""
    open: dict[TaskName, dict[RunId, None]] = field(default_factory=dict)
    """Runs that have not settled, the oldest first."""
    proved: dict[TaskName, list[RunId]] = field(default_factory=dict)
    """Open runs whose key is known, and the youngest one with a key that has ended well; the oldest first."""
    readers: dict[RunId, set[RunId]] = field(default_factory=dict)
    """Open runs that wait for this one, or did when they were planned."""
    took: dict[TaskName, Usage] = field(default_factory=dict)
    """What each task's last result took, as far as requests told it and runs showed it."""
    made: int = 0
    _ties: dict[RunId, int] = field(default_factory=dict)
    """For how many reasons each run is kept."""
    _loose: dict[RunId, None] = field(default_factory=dict)
    """Runs that are kept for none."""

    def __getitem__(self, run: RunId) -> Run:
        return self.by_id[run]

    def new_id(self) -> RunId:
        """A number that no run has had."""
        self.made += 1
        return RunId(self.made - 1)

    def add(self, run: Run) -> None:
        """A run was planned."""
        task = run.task.name
        self.by_id[run.id] = run
        self.open.setdefault(task, {})[run.id] = None
        self._tie(run.id)
        for need in run.needs:
            self._tie(need)
            self.readers.setdefault(need, set()).add(run.id)
        run.waits_for = {need for need in run.needs if not self.by_id[need].good}
        if run.target or task not in self.latest or not self.by_id[self.latest[task]].good:
            self._tell(run)

    def wait(self, run: Run, other: Run) -> None:
        """``run`` goes on when ``other`` has settled."""
        run.waits_for.add(other.id)
        self.readers.setdefault(other.id, set()).add(run.id)

    def ask_for(self, run: Run, *, forced: bool) -> None:
        """A run that is open already is asked for by name now."""
        run.target = True
        run.forced = run.forced or forced
        self.is_news(run)

    def is_news(self, run: Run) -> None:
        """The run tells its task's state from now on."""
        if self.latest[run.task.name] < run.id:
            self._tell(run)

    def _tell(self, run: Run) -> None:
        before = self.latest.get(run.task.name)
        self.latest[run.task.name] = run.id
        self._tie(run.id)
        if before is not None:
            self._untie(before)

    def note_key(self, run: Run, key: Key) -> None:
        """The run's key is known now, perhaps once more."""
        if run.key is None:
            insort(self.proved.setdefault(run.task.name, []), run.id)
        run.key = key

    def newest_key(self, task: TaskName) -> Key | None:
        """The key of the task's youngest run that has one and has not ended badly."""
        proved = self.proved.get(task)
        return self.by_id[proved[-1]].key if proved else None

    def settled(self, run: Run) -> None:
        """The run has ended. One that only found again what the task's last run had made is no news."""
        self.open[run.task.name].pop(run.id, None)
        if run.state is RunState.DONE:
            self.took[run.task.name] = run.usage
        for other in run.needs | run.waits_for:
            self.readers[other].discard(run.id)
        last = self.by_id[self.latest[run.task.name]]
        confirms = run.state is RunState.REUSED and not run.target and last.good and last.key == run.key
        if not confirms:
            self.is_news(run)
        if run.key is not None:
            self._settle_key(run, self.proved[run.task.name])
        self._untie(run.id)

    def _settle_key(self, run: Run, proved: list[RunId]) -> None:
        if not run.good:
            proved.remove(run.id)
            return
        self._tie(run.id)
        older, *younger = [other for other in proved if self.by_id[other].good]
        if younger:
            proved.remove(older)
            self._untie(older)

    def _tie(self, run: RunId) -> None:
        self._ties[run] = self._ties.get(run, 0) + 1
        self._loose.pop(run, None)

    def _untie(self, run: RunId) -> None:
        self._ties[run] -= 1
        if not self._ties[run]:
            self._loose[run] = None

    def forget(self) -> list[RunId]:
        """Drop the runs that nothing can come of any more; returns them."""
        gone: list[RunId] = []
        while self._loose:
            number, _ = self._loose.popitem()
            gone.append(number)
            del self._ties[number]
            self.readers.pop(number, None)
            for need in self.by_id.pop(number).needs:
                self._untie(need)
        return gone

    def open_of(self, tasks: Iterable[TaskName]) -> list[Run]:
        """The runs of these tasks that have not settled."""
        return [self.by_id[run] for task in dict.fromkeys(tasks) for run in self.open.get(task, ())]

    def of(self, task: TaskName) -> Run | None:
        """The run that tells this task's state."""
        return self.by_id[self.latest[task]] if task in self.latest else None

    def waiting_on(self, run: Run) -> list[Run]:
        """The open runs that wait for this one, the oldest first."""
        return [self.by_id[reader] for reader in sorted(self.readers.get(run.id, ()))]
