"""What plain cells changed of matplotlib's rcParams and pandas' options: for the key, and for a task's process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from phelps_jupyter.core.model import Setting
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime import library_settings, values
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.summaries import summarise


@dataclass(frozen=True, slots=True)
class _Changed:
    """Options of one library."""

    content: str = ""
    told: str = ""
    packed: Mapping[str, bytes] = field(default_factory=dict)
    """Option -> ``values.dumps`` of its value."""
    fault: str = ""
    """Why one of them can't be handed to a task."""

    @classmethod
    def of(cls, changed: Mapping[str, Any]) -> _Changed:
        packed: dict[str, bytes] = {}
        fault = ""
        for name, value in changed.items():
            try:
                packed[name] = values.dumps(value)
            except values.Unstorable as error:
                fault = f"{name}: {error}"
        told = ", ".join(f"{name} = {summarise(value)}" for name, value in changed.items())
        return cls(digest(list(changed.items())).digest, told, packed, fault)


@dataclass(frozen=True, slots=True)
class LibraryOptions:
    """One look at the libraries that the kernel has loaded."""

    _changed: Mapping[str, _Changed]

    @classmethod
    def now(cls) -> LibraryOptions:
        """As they are at this moment. Imports no library."""
        found = {library: library_settings.changed(library) for library in library_settings.NAMES}
        return cls({library: _Changed.of(changed) for library, changed in found.items() if changed})

    def settings(self, libraries: Iterable[str]) -> tuple[Setting, ...]:
        """What counts for a body that may reach these. Errors: DeclarationError when a value can't be handed over."""
        return tuple(self._setting(library) for library in sorted(libraries))

    def _setting(self, library: str) -> Setting:
        name, changed = library_settings.NAMES[library], self._changed.get(library, _Changed())
        if changed.fault:
            raise DeclarationError(f"{name} can't be handed to a task: {changed.fault}")
        return Setting(name, changed.content, changed.told)

    @property
    def packed(self) -> dict[str, Mapping[str, bytes]]:
        """As an order carries them."""
        return {library: changed.packed for library, changed in self._changed.items()}
