"""What the session needs of the outside, as Protocols. Knows no implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    # A look from the shell takes a store and an index, and nothing of what these bring along.
    from phelps_jupyter.core.events import EngineJoined, EngineLeft, EnginesFailed, EnginesSettled
    from phelps_jupyter.core.graph import Learned
    from phelps_jupyter.core.holds import Hold, HoldKind
    from phelps_jupyter.core.model import Digest, Ended, EngineId, Key, Part, Record, TaskName, Usage, Version
    from phelps_jupyter.core.shares import Stake
    from phelps_jupyter.runtime.orders import Order, Outcome, Started, Wrote


Notice: TypeAlias = "EngineJoined | EngineLeft | EnginesSettled | EnginesFailed | Started | Wrote | Outcome"
"""What engines report. Each attempt ends in exactly one Outcome, or with its engine's EngineLeft."""

Notify = Callable[[Notice], None]

Stamp = tuple[int, int, int, int]
"""A file's size, mtime_ns, ctime_ns and inode: while they are the same, so is its content."""


class Engines(Protocol):
    """A set of engines. No method blocks; all may be called from any thread; what happens comes as notices.

    Nothing here assumes that the engines were started by us. Backends never retry and never place.
    """

    def start(self) -> None:
        """Start or find the engines; nothing when they are there.

        Notices: EngineJoined for each, then EnginesSettled; or EnginesFailed.
        """

    def submit(self, engine: EngineId, order: Order) -> None:
        """Start an attempt. An attempt that was already started is refused silently."""

    def kill(self, run: int, attempt: int) -> None:
        """End an attempt: SIGINT to the body, SIGKILL to its group after a grace. Its Outcome is ``cancelled``."""

    def close(self) -> None:
        """Kill what runs, stop engines that we started, leave no process. Blocks until it is so. Idempotent."""

    def describe(self) -> str:
        """One line for people: what kind, how many, where."""

    def holds(self, digest: str) -> bool:
        """Whether a host that can be asked holds an object which the store may lack."""

    def bring(self, digest: str) -> None:
        """Have such an object in the store; waits for it. Errors: OSError."""

    def drop(self, digests: Sequence[str]) -> None:
        """Remove such objects from the hosts that hold them."""


class Store(Protocol):
    """Content-addressed values in a folder."""

    folder: str

    def put(self, name: str, value: object) -> Version:
        """Digest a value and store it. Errors: StoreError; Unstorable, naming the part that can't be pickled."""

    def get(self, digest: Digest) -> object:
        """The value, mapped copy-on-write. Errors: StoreError when it is not there or damaged."""

    def has(self, digest: Digest) -> bool:
        """Whether the object is there in full length."""

    def discard(self, digests: Sequence[Digest]) -> None:
        """Remove values that nobody is to read. Errors: StoreError."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes under their own digest."""

    def get_bytes(self, digest: str) -> bytes:
        """The bytes. Errors: StoreError."""


MakeEngines = Callable[[Notify], Engines]


class Ledger(Protocol):
    """What kernels of one user hold of this machine's cpus."""

    def share(self, total: int, stake: Stake) -> int:
        """Note our stake in the ``total`` cpus; how many we may hold. Errors: StoreError."""

    def leave(self) -> None:
        """We hold nothing, and want nothing. Errors: StoreError."""


class Index(Protocol):
    """Records by key, and the history of runs."""

    def find(self, key: Key, seed: str) -> Sequence[Record]:
        """The reusable records of this key that hang on no seed, or on this one, newest first."""

    def last(self, notebook: str, task: TaskName) -> Record | None:
        """The last record that this task of this notebook made or reused, as ``use`` was told of it."""

    def lasts(self, notebook: str) -> Mapping[TaskName, Record]:
        """What ``last`` tells, for all tasks of a notebook that have such a record."""

    def alike(self, codes: Iterable[Digest], most: int) -> Mapping[Digest, Sequence[Record]]:
        """The newest reusable records of tasks with these codes, in any notebook and by any name, newest first."""

    def add(self, record: Record) -> None:
        """Store a record, in one transaction, and make it the task's last."""

    def use(self, notebook: str, task: TaskName, record: Record) -> None:
        """Note that the task now stands on this record (it was reused).

        Its parts are of the same digests as when it was made, and may come from elsewhere by now.
        """

    def history(self, notebook: str, task: TaskName | None = None) -> Sequence[Record]:
        """Records of a notebook, newest first."""

    def forget(self, notebook: str, task: TaskName) -> None:
        """Never reuse what this task of this notebook made, and let it be as if it had never run. History stays."""

    def usages(self, notebook: str) -> dict[TaskName, Usage]:
        """What each task's last record took."""

    def remember_learned(self, code: Digest, learned: Learned) -> None:
        """Note what runs of this code have shown."""

    def learned(self) -> dict[Digest, Learned]:
        """What was noted of each code, the latest."""

    def remember_cell_sights(self, lineage: Digest, sets: Sequence[Sequence[Part]]) -> None:
        """Note what plain cells of this lineage were seen to use: one set of conditions for each time, latest first."""

    def cell_sights(self) -> Mapping[Digest, Sequence[tuple[Part, ...]]]:
        """What was noted of plain cells, by lineage."""

    def stamps(self) -> Mapping[str, tuple[Stamp, Digest]]:
        """Digests of files by path, each with the stamp that the file had."""

    def remember_stamps(self, stamps: Mapping[str, tuple[Stamp, Digest]]) -> None:
        """Note digests of files."""

    def remember_memory(self, code: Digest, nbytes: int) -> None:
        """Note the bytes that a task with this code, having run out of memory, was found to need."""

    def memory(self, code: Digest) -> int | None:
        """Bytes that this code was found to need; None when it never ran out of memory."""

    def note_end(self, notebook: str, task: TaskName, ended: Ended) -> None:
        """Note how the task's last run ended."""

    def ended(self, notebook: str, task: TaskName) -> Ended | None:
        """How the task's last run ended; None when it never did."""

    def hold(self, notebook: str, task: TaskName, hold: Hold) -> None:
        """Note that a result of the task was accepted or frozen. A new record of the task ends an acceptance."""

    def unhold(self, notebook: str, task: TaskName, kind: HoldKind) -> bool:
        """The task's result is no longer held in this way. Returns whether it was."""

    def holds(self, notebook: str) -> Mapping[TaskName, Sequence[Hold]]:
        """What was accepted and frozen of a notebook."""

    def record(self, number: int) -> Record | None:
        """The record of this number."""

    def named(self, digests: Iterable[Digest], notebook: str, tasks: Iterable[TaskName]) -> frozenset[Digest]:
        """Of these digests, the outputs in records of these tasks of this notebook, or of other notebooks."""

    def claim(self, key: Key, owner: str, at: float) -> str:
        """Say that ``owner`` makes the result of this key, unless another one does and lived lately; who does now."""

    def beat(self, owner: str, at: float) -> None:
        """Say that this owner lives: what it has claimed stays its own."""

    def release(self, keys: Iterable[Key], owner: str) -> None:
        """Give back those of these keys that are still this owner's."""

    def close(self) -> None:
        """Close the database."""
