"""What may change while notebook and index stay as they are: versions, modules, files, variables. Knows no task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    def digest(self, part: Part, wrote: Sequence[str] = ()) -> Digest:
        """What a part is now; empty: gone. ``wrote``: files that the body writes itself."""
        match part.kind:
            case PartKind.VERSION:
                found = installed(part.name)
                return Digest("") if found is None else version_digest(found.version)
            case PartKind.MODULE:
                return self._module(part)
            case PartKind.FILE:
                return self.files.digest(str(Path(self.folder(part), part.name)))
            case PartKind.ENV:
                text = self.now.env.get(part.name)
                return Digest("") if text is None else env_parts({part.name: text})[0].digest
            case _:
                return self.files.now(part, wrote)

    def folder(self, part: Part) -> str:
        """The folder that the body ran in."""
        inside = "" if part.origin.startswith("cell:") else part.origin
        return str(Path(self.start, inside))

    def _module(self, part: Part) -> Digest:
        try:
            if part.digest == ABSENT:
                return ABSENT if self.sources.find(part.name) == AbsentModule() else Digest("there")
            return project_digest(part.name, reach_of(part), self.sources.find) or Digest("")
        except DeclarationError:
            return Digest("")
