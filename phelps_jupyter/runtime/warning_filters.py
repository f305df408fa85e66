"""The warning filters of a process, as plain data: read in the kernel, put in place around a body.

Refuses to import a category's module: a filter of a library counts as soon as the body has imported that.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import Any

from phelps_jupyter.runtime.import_watch import Imported, ImportWatch
from phelps_jupyter.runtime.orders import WarningFilter


def told(one: WarningFilter) -> str:
    """For people: action, category, patterns."""
    patterns = (
        pattern if isinstance(pattern, str) else pattern and pattern[0] for pattern in (one.message, one.module)
    )
    return " ".join([one.action, one.category.partition(":")[2], *(repr(pattern) for pattern in patterns if pattern)])


def _is_narrow(one: WarningFilter) -> bool:
    """It speaks of some warnings only: of one message, module or library."""
    return bool(one.message or one.module) or not one.category.startswith("builtins:")


def _pattern(pattern: Any) -> tuple[str, int] | str | None:
    return (pattern.pattern, pattern.flags) if isinstance(pattern, re.Pattern) else pattern


def _compiled(pattern: tuple[str, int] | str | None) -> Any:
    return re.compile(*pattern) if isinstance(pattern, tuple) else pattern


def plain(entry: Any) -> WarningFilter:
    """An entry of ``warnings.filters`` as data."""
    action, message, category, module, line = entry
    return WarningFilter(
        action, _pattern(message), f"{category.__module__}:{category.__qualname__}", _pattern(module), line
    )


def _entry(one: WarningFilter) -> Any:
    """The entry, or None while its category has not been imported."""
    module, _, qualname = one.category.partition(":")
    found: Any = sys.modules.get(module)
    for name in qualname.split("."):
        found = getattr(found, name, None)
    if not (isinstance(found, type) and issubclass(found, Warning)):
        return None
    return (one.action, _compiled(one.message), found, _compiled(one.module), one.line)


def _set(entries: Sequence[Any]) -> None:
    held: Any = warnings.filters
    held[:] = entries
    with warnings.catch_warnings():
        # Entering and leaving tells the interpreter that its filters have changed; no other public call does so alone.
        pass


class LibrariesFilters:
    """In the kernel: the filters that installed libraries made while they were imported, from now on."""

    def __init__(self) -> None:
        self._made: list[Any] = []
        self._watch = ImportWatch({}, self._begin, _is_installed)

    def watch(self) -> None:
        self._watch.install()

    def _begin(self) -> Imported:
        before = list(warnings.filters)

        def imported(_: str) -> None:
            known = {id(entry) for entry in before}
            self._made += [entry for entry in list(warnings.filters) if id(entry) not in known]

        return imported

    def all(self) -> tuple[WarningFilter, ...]:
        """All filters, in order."""
        return tuple(plain(entry) for entry in list(warnings.filters))

    def made_by_cells(self) -> tuple[WarningFilter, ...]:
        """All filters but those that libraries made for themselves. One that concerns all warnings is left in."""
        made = {id(entry) for entry in self._made}
        pairs = [(entry, plain(entry)) for entry in list(warnings.filters)]
        return tuple(one for entry, one in pairs if id(entry) not in made or not _is_narrow(one))


def _is_installed(spec: ModuleSpec) -> bool:
    place = spec.origin or ""
    return "site-packages" in place or "dist-packages" in place


class BodyFilters:
    """In a body's process: the kernel's filters, in the kernel's order, as far as their categories are there."""

    def __init__(self, ordered: Iterable[WarningFilter]) -> None:
        self._ordered = tuple(ordered)
        self._rank = {one: place for place, one in enumerate(self._ordered)}

    @contextmanager
    def applied(self) -> Iterator[None]:
        """While the body runs, and no longer: what stores its outputs may warn too."""
        before = list(warnings.filters)
        own = [entry for entry in before if _of_a_shell(plain(entry)) and plain(entry) not in self._rank]
        watch = ImportWatch({}, self._begin)
        _set([*self._there(), *own])
        watch.install()
        try:
            yield
        finally:
            watch.remove()
            _set(before)

    def _there(self) -> list[Any]:
        return [entry for entry in map(_entry, self._ordered) if entry is not None]

    def _begin(self) -> Imported:
        before = list(warnings.filters)

        def imported(_: str) -> None:
            # What the library does to the filters while it is imported, it has done in the kernel already, before or
            # after the filters that cells made: each is put where the kernel has it. Others stay in front.
            known = {plain(entry) for entry in before}
            new = [entry for entry in warnings.filters if plain(entry) not in known]
            late = [entry for entry in self._there() if plain(entry) not in known]
            result = [*(entry for entry in new if plain(entry) not in self._rank), *before]
            for entry in late:
                result.insert(self._place(result, self._rank[plain(entry)]), entry)
            if result != list(warnings.filters):
                _set(result)

        return imported

    def _place(self, entries: Sequence[Any], rank: int) -> int:
        later = (place for place, entry in enumerate(entries) if self._rank.get(plain(entry), -1) > rank)
        return next(later, len(entries))


def _of_a_shell(one: WarningFilter) -> bool:
    """IPython's in the body's process; Python's own have no message."""
    return one.message is not None


_body: list[BodyFilters] = []


def order(filters: Iterable[WarningFilter]) -> None:
    """What the body that this process is for shall find; none: its own."""
    found = tuple(filters)
    _body[:] = [BodyFilters(found)] if found else []


@contextmanager
def applied() -> Iterator[None]:
    """Around the body."""
    if not _body:
        yield
        return
    with _body[0].applied():
        yield
