"""What may change while notebook and index stay as they are: versions, modules, files, variables. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phelps_jupyter.adapters.files import Files
from phelps_jupyter.adapters.sources import ModuleSources, installed
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.core.modules import ABSENT, AbsentModule, project_digest, reach_of, version_digest
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.parts import env_parts


@dataclass(frozen=True, slots=True)
class Outside:
    """One look. ``start``: the folder that names of files are relative to."""

    now: Surroundings
    start: str
    files: Files
    sources: ModuleSources
    _widened: dict[tuple[str, ...], ModuleSources] = field(default_factory=dict)

    def digest(self, part: Part, wrote: Sequence[str] = (), added: tuple[str, ...] = ()) -> Digest:
        """What a part is now; empty: gone. ``wrote``: files that the body writes itself; ``added``: to ``sys.path``."""
        match part.kind:
            case PartKind.VERSION:
                found = installed(part.name)
                return Digest("") if found is None else version_digest(found.version)
            case PartKind.MODULE:
                return self._module(part, self._sources(added))
            case PartKind.FILE:
                return self.files.digest(str(Path(self.folder(part), part.name)))
            case PartKind.ENV if part.origin:
                # Cells have set it: it is no longer what it was outside.
                return part.digest
            case PartKind.ENV:
                text = self.now.env.get(part.name)
                return Digest("") if text is None else env_parts({part.name: text})[0].digest
            case _:
                return self.files.now(part, wrote)

    def folder(self, part: Part) -> str:
        """The folder that the body ran in."""
        inside = "" if part.origin.startswith("cell:") else part.origin
        return str(Path(self.start, inside))

    def _sources(self, added: tuple[str, ...]) -> ModuleSources:
        if not added:
            return self.sources
        if added not in self._widened:
            self._widened[added] = ModuleSources((*(str(Path(self.start, entry)) for entry in added), *self.now.path))
        return self._widened[added]

    def _module(self, part: Part, sources: ModuleSources) -> Digest:
        try:
            if part.digest == ABSENT:
                return ABSENT if sources.find(part.name) == AbsentModule() else Digest("there")
            return project_digest(part.name, reach_of(part), sources.find) or Digest("")
        except DeclarationError:
            return Digest("")
