"""What comes along with a name: the globals that its functions read, and the other names of its object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from phelps_jupyter.core.model import Bindings
from phelps_jupyter.core.scopes import RESULT, SELF, SOFTLY

_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Carried:
    """For each name, at the point reached, what using its functions reads and writes."""

    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    writes: dict[str, frozenset[str]] = field(default_factory=dict)
    returned: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each function or class, what the value of a call reads."""
    kinds: dict[str, frozenset[str]] = field(default_factory=dict)
    """For each class, and each name that may hold a subclass or an instance of one: the classes' names."""

    def reached(self, names: Iterable[str]) -> set[str]:
        """The names that using these reads, through all functions and texts; what texts mean, as SOFTLY tells."""
        reads = self.reads
        if not reads:
            return set()
        found: set[str] = set()
        stack = [name for name in names if name in reads]
        while stack:
            for name in reads[stack.pop()]:
                if name not in found:
                    found.add(name)
                    meant = name.removeprefix(SOFTLY)
                    if meant in reads:
                        stack.append(meant)
        return found

    def idle(self, names: Mapping[str, object]) -> bool:
        """Whether using these reads and writes nothing."""
        reads, writes = self.reads, self.writes
        return not (reads or writes) or (reads.keys().isdisjoint(names) and writes.keys().isdisjoint(names))

    def written(self, names: Iterable[str]) -> set[str]:
        """The names that calling these binds or changes, their own included."""
        found: set[str] = set()
        for name in names:
            writes = self.writes.get(name, _NONE)
            found |= writes | {name} if SELF in writes else writes
        return found - {SELF, RESULT}

    def write(self, bindings: Bindings, bound: frozenset[str]) -> None:
        """A cell has bound these names."""
        if not (bindings.deferred or bindings.holds):
            self.forget(bound - bindings.passed if bindings.passed else bound)
            return
        kinds = {name: self._kinds_of(bindings, name) for name in {*bindings.kinds, *map(_plain, bindings.holds)}}
        made = [(name, *self._of(bindings, name)) for name in {*bindings.deferred, *map(_plain, bindings.holds)}]
        self.forget(bound - bindings.passed)
        self.returned.update(dict.fromkeys(bindings.returned, _NONE))
        for name, reads, writes, returned in made:
            # Neither bound nor passed on: functions were put into its object.
            self._add(self.reads, name, reads)
            self._add(self.writes, name, writes)
            self._add(self.returned, name, returned)
        for name, classes in kinds.items():
            self._add(self.kinds, name, classes)

    def _kinds_of(self, bindings: Bindings, name: str) -> frozenset[str]:
        above = (self.kinds.get(_plain(token), _NONE) for token in bindings.holds.get(name, _NONE))
        return bindings.kinds.get(name, _NONE).union(*above)

    def of_kinds(self, classes: Set[str]) -> set[str]:
        """The names that may hold subclasses or instances of these classes: who changes a class changes them, too."""
        return {name for name, kinds in self.kinds.items() if not kinds.isdisjoint(classes)}

    def forget(self, names: frozenset[str]) -> None:
        """These are bound to something that has no functions, as far as is known."""
        for known in (self.reads, self.writes, self.returned, self.kinds):
            # Of most names there is nothing to forget.
            if known and not known.keys().isdisjoint(names):
                for name in names:
                    known.pop(name, None)

    def _of(self, bindings: Bindings, name: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        reads = bindings.deferred.get(name, _NONE)
        writes = bindings.deferred_writes.get(name, _NONE)
        returned = bindings.returned.get(name, _NONE)
        for token in bindings.holds.get(name, _NONE):
            reads |= self._token(token)
            writes |= self._written_by(token)
            if not token.endswith("()"):
                returned |= self.returned.get(token, _NONE)
        for token in bindings.holds.get(f"{name}()", _NONE):
            returned |= self._token(token)
        return reads, writes, returned

    def _written_by(self, token: str) -> frozenset[str]:
        writes = self.writes.get(_plain(token), _NONE)
        if not token.endswith("()"):
            return writes
        # What a call gives writes nothing by itself, unless it is a function or an instance.
        own = writes - {SELF, RESULT} if _plain(token) in self.returned else _NONE
        return own | {SELF} if RESULT in writes else own

    def _token(self, token: str) -> frozenset[str]:
        return self.returned.get(_plain(token), _NONE) if token.endswith("()") else self.reads.get(token, _NONE)

    @staticmethod
    def _add(into: dict[str, frozenset[str]], name: str, names: frozenset[str]) -> None:
        if names:
            into[name] = into.get(name, _NONE) | names


def _plain(token: str) -> str:
    return token.removesuffix("()")


@dataclass(slots=True)
class Objects:
    """Objects that go by several names. Names whose object has one name only are not listed."""

    _of: dict[str, frozenset[int]] = field(default_factory=dict)
    _names: dict[int, set[str]] = field(default_factory=dict)
    _made: int = 0

    def others(self, names: Set[str]) -> set[str]:
        """The other names of these names' objects."""
        found = {other for name in names for one in self._of.get(name, ()) for other in self._names[one]}
        return found - names

    def write(self, aliases: Mapping[str, frozenset[str]], bound: frozenset[str]) -> None:
        """A cell has bound these names; ``aliases`` as in Bindings."""
        if not aliases:
            self.forget(bound)
            return
        here: dict[str, int] = {}
        given: dict[str, frozenset[int]] = {}
        for name, tokens in aliases.items():
            if name not in self._of and tokens == {name}:
                # It keeps the only name that it has.
                continue
            given[name] = frozenset().union(*(self._token(token, here) for token in tokens))
        self.forget(bound)
        for name, objects in given.items():
            self._of[name] = self._of.get(name, frozenset()) | objects
            for one in objects:
                self._names[one].add(name)

    def forget(self, names: frozenset[str]) -> None:
        """These are bound to other objects."""
        for name in names if self._of else ():
            for one in self._of.pop(name, ()):
                self._names[one].discard(name)

    def _token(self, token: str, here: dict[str, int]) -> frozenset[int]:
        if token.startswith("#"):
            return frozenset({here[token] if token in here else here.setdefault(token, self._new())})
        if token not in self._of:
            one = self._new()
            self._of[token] = frozenset({one})
            self._names[one].add(token)
        return self._of[token]

    def _new(self) -> int:
        self._made += 1
        self._names[self._made] = set()
        return self._made
