"""The kernel's names: which cell bound each, what it holds, and what a placeholder hides. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, replace

from phelps_jupyter.core.lineage import NOBODY, Ran, as_read_now
from phelps_jupyter.core.model import CellId, Digest, RunId, TaskName
from phelps_jupyter.runtime.digests import digest

LineageOf = Callable[[CellId], Digest | None]
"""The lineage of a plain cell as the document has it; None when it can't be known."""


class Placeholder:
    """Stands under a task's output name until a plain cell reads it. Its repr tells the state."""

    __slots__ = ("_tell", "name", "task")

    def __init__(self, task: TaskName, name: str, tell: object) -> None:
        self.task = task
        self.name = name
        self._tell = tell

    def __repr__(self) -> str:
        told = self._tell() if callable(self._tell) else self._tell
        return f"<{self.name}: of task {self.task}, {told}>"


@dataclass(frozen=True, slots=True)
class Origin:
    """The plain cell that last bound a name, with its code as it was then, and what that rested on."""

    cell: CellId
    code: Digest
    lineage: Digest


@dataclass(frozen=True, slots=True)
class Fetched:
    """The run and digest of a task's value that was bound in the kernel."""

    run: RunId
    digest: Digest
    identity: str = ""
    """Versions of one identity and digest are one object."""


def identity_of(name: str, digest: Digest) -> str:
    """The identity of a plain value: tells one object from others, and says the same in the next kernel."""
    return f".{name}.{digest}"


class Missing(Exception):
    """The kernel has no value under this name."""


class Namespace:
    """The kernel's names, seen by a session."""

    def __init__(self, names: MutableMapping[str, object]) -> None:
        self.names = names
        self._origins: dict[str, Origin] = {}
        self._hidden: dict[str, object] = {}
        self._fetched: dict[str, Fetched] = {}
        self._before: list[dict[str, int]] = []
        """Of each cell that runs, the outermost first: what each name held when it began."""
        self._executed: dict[CellId, tuple[Digest, Digest]] = {}
        """Code and lineage of cells as they ran."""
        self._ran: dict[Digest, Ran] = {}
        """By lineage, in the order in which they first ran."""

    def before_cell(self) -> None:
        """Remember what each name holds, so that the difference shows what a plain cell bound."""
        self._before.append({name: id(value) for name, value in self.names.items()})

    def bound(self) -> frozenset[str]:
        """The names that the cell that runs has bound so far, whatever its code says."""
        before = self._before[-1]
        return frozenset(name for name, value in self.names.items() if before.get(name) != id(value))

    def leave_cell(self) -> None:
        """The cell has run. What it bound is not the doing of the cell that it ran in, if it ran in one."""
        for name in self.bound() | self._gone():
            self._note(name)
        self._before.pop()

    def _gone(self) -> frozenset[str]:
        return frozenset(self._before[-1].keys() - self.names.keys())

    def _note(self, name: str) -> None:
        """What the name holds now is no running cell's doing."""
        for before in self._before:
            if name in self.names:
                before[name] = id(self.names[name])
            else:
                before.pop(name, None)

    def sources(self, inputs: Mapping[str, CellId | None], lineage_of: LineageOf) -> dict[str, str]:
        """What the values of a cell's inputs come from, as the kernel holds them now; see `core.lineage`."""
        return {name: self._source(name, provider, lineage_of) for name, provider in inputs.items()}

    def _source(self, name: str, provider: CellId | None, lineage_of: LineageOf) -> str:
        fetched, origin = self._fetched.get(name), self._origins.get(name)
        if provider is None:
            return NOBODY
        if fetched is not None:
            return fetched.digest
        if origin is not None:
            return origin.lineage
        if not self.is_plain(name):
            return NOBODY
        # No cell that we saw bound it: the one that the document names must have, before we came.
        return lineage_of(provider) or NOBODY

    def digest_of(self, task: TaskName, name: str) -> Digest | None:
        """The digest of the task's value that was bound under a name; None: there is none."""
        del task
        fetched = self._fetched.get(name)
        return None if fetched is None else fetched.digest

    def executed(self, cell: CellId) -> Digest | None:
        """The lineage that a plain cell had when it ran well in this kernel the last time; None: it did not."""
        found = self._executed.get(cell)
        return None if found is None else found[1]

    def executed_code(self, cell: CellId) -> Digest | None:
        """The code that it had then."""
        found = self._executed.get(cell)
        return None if found is None else found[0]

    def note_ran(self, ran: Ran) -> None:
        """A plain cell has run well."""
        # What rests on it has its place below, also when it runs once more.
        self._ran.setdefault(ran.lineage, ran)

    def relink(self, inputs: Mapping[CellId, Mapping[str, CellId | None]]) -> list[Ran]:
        """Cells read other names of each other now; returns those whose lineages are others by that."""
        if all(one.counted & one.passed == one.passed & inputs.get(one.cell, {}).keys() for one in self._ran.values()):
            return []
        moved, self._ran = as_read_now(self._ran, inputs)
        for name, origin in self._origins.items():
            self._origins[name] = replace(origin, lineage=moved.get(origin.lineage, origin.lineage))
        for cell, (code, lineage) in self._executed.items():
            self._executed[cell] = code, moved.get(lineage, lineage)
        return [self._ran[lineage] for lineage in moved.values()]

    def after_cell(self, cell: CellId, code: Digest, lineage: Digest, writes: Iterable[str], *, well: bool) -> None:
        """A plain cell has run: the names that it bound, or may have changed in place, are its."""
        self._executed.pop(cell, None)
        if well:
            self._executed[cell] = (code, lineage)
        for name in self.bound() | self._gone() | {name for name in writes if name in self.names}:
            if not isinstance(self.names.get(name), Placeholder):
                self._origins[name] = Origin(cell, code, lineage)
                self._hidden.pop(name, None)
                self._fetched.pop(name, None)

    def origin(self, name: str) -> Origin | None:
        """Who bound the plain value of this name; None when it was not a cell that we saw."""
        return self._origins.get(name)

    def value(self, name: str) -> object:
        """The plain value of a name, also when a task's value or its placeholder stands over it now."""
        if name in self._hidden:
            return self._hidden[name]
        if name not in self.names or name in self._fetched or isinstance(self.names[name], Placeholder):
            raise Missing(name)
        return self.names[name]

    def is_plain(self, name: str) -> bool:
        """Whether there is a plain value under this name."""
        try:
            self.value(name)
        except Missing:
            return False
        return True

    def first_name(self, value: object) -> str:
        """Of the names that hold this very object as a plain value, the one that was bound first."""
        names = (name for name in self.names if self.is_plain(name) and self.value(name) is value)
        return next(names, "")

    def hide(self, name: str, placeholder: Placeholder) -> None:
        """Put a task's placeholder over a name. The plain value is kept: tasks above may still read it."""
        if self.is_plain(name):
            self._hidden[name] = self.value(name)
        self._fetched.pop(name, None)
        self._set(name, placeholder)

    def drop(self, name: str) -> None:
        """A task above has deleted the name. The plain value is kept: cells above that task may still read it."""
        if self.is_plain(name):
            self._hidden[name] = self.value(name)
        self._fetched.pop(name, None)
        self.names.pop(name, None)
        self._note(name)

    def uncover(self, name: str) -> None:
        """Put the plain value back under a name that a task's value or placeholder stands over."""
        if name in self._hidden:
            self._set(name, self._hidden.pop(name))
            self._fetched.pop(name, None)

    def bind(self, name: str, load: Callable[[Digest], object], fetched: Fetched) -> None:
        """Bind a task's value under its name: the object that another name of it has here, or else what is loaded."""
        value = self._one_object(fetched)
        value = load(fetched.digest) if value is None else value
        if self.is_plain(name):
            self._hidden[name] = self.value(name)
        self._set(name, value)
        self._fetched[name] = fetched

    def _one_object(self, fetched: Fetched) -> object:
        if not fetched.identity:
            return None
        for name, other in self._fetched.items():
            if (other.identity, other.digest) == (fetched.identity, fetched.digest):
                return self.names.get(name)
        # What a plain cell made, and a task handed on as it was.
        plain = fetched.identity.removeprefix(".").removesuffix(f".{fetched.digest}")
        if self.is_plain(plain) and fetched.identity == identity_of(plain, fetched.digest):
            value = self.value(plain)
            return value if digest(value).digest == fetched.digest else None
        return None

    def _set(self, name: str, value: object) -> None:
        """What we bind while a cell runs is not the cell's doing."""
        self.names[name] = value
        self._note(name)

    def fetched(self, name: str) -> Fetched | None:
        """Which task's value the name holds, if it is one and no plain cell bound it since."""
        return self._fetched.get(name)
