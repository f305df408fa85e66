"""What a task's process takes over from the kernel's: folder, ``sys.path``, changed variables and warning filters."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from phelps_jupyter.core.files import WORKING_DIRECTORY
from phelps_jupyter.core.model import Part, PartKind, Setting
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.runtime.host import environment_at_start
from phelps_jupyter.runtime.orders import WarningFilter
from phelps_jupyter.runtime.warning_filters import LibrariesFilters, told

SEARCH_PATH = "module search path"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One look at the kernel's process."""

    folder: str
    path: tuple[str, ...]
    env: Mapping[str, str]
    filters: tuple[WarningFilter, ...] = ()
    """All warning filters, in order."""
    counted: tuple[WarningFilter, ...] = ()
    """Those that no library made for itself while it was imported."""

    @classmethod
    def now(cls) -> Surroundings:
        """As they are at this moment. The empty entry of ``sys.path`` stands for the folder."""
        folder = os.getcwd()
        path = tuple(dict.fromkeys(entry or folder for entry in sys.path))
        filters = _watched_filters()
        return cls(folder, path, dict(os.environ), filters.all(), filters.made_by_cells())

    @classmethod
    def at_start(cls, folder: str) -> Surroundings:
        """As they were when the process began, as far as can be known: cells may have run before we were loaded.

        From now on, libraries' own warning filters are told from those of cells.
        """
        return replace(cls.now(), folder=folder, env=environment_at_start())

    def changed_env(self, start: Surroundings) -> dict[str, str | None]:
        """Variables that differ from those at the start; None: removed."""
        changed: dict[str, str | None] = {name: None for name in start.env if name not in self.env}
        changed.update({name: text for name, text in self.env.items() if start.env.get(name) != text})
        return {name: text for name, text in changed.items() if name not in _VOLATILE}

    def settings(self, start: Surroundings) -> tuple[Setting, ...]:
        """What changed since the start."""
        added = [os.path.relpath(entry, start.folder) for entry in self.path if entry not in start.path]
        env = self.changed_env(start)
        texts = {
            WORKING_DIRECTORY: "" if self.folder == start.folder else os.path.relpath(self.folder, start.folder),
            SEARCH_PATH: json.dumps(added) if added else "",
            "environment": json.dumps(env, sort_keys=True) if env else "",
        }
        return (*(Setting(name, text, text) for name, text in texts.items()), self._filters(start))

    def _filters(self, start: Surroundings) -> Setting:
        if self.counted == start.counted:
            return Setting("warning filters")
        new = [one for one in self.counted if one not in start.counted]
        return Setting("warning filters", repr(self.counted), ", ".join(map(told, new)))

    def variables(self, names: Sequence[str]) -> dict[str, str]:
        """The values of these variables. Errors: DeclarationError when one is not set."""
        missing = [name for name in names if name not in self.env]
        if missing:
            raise DeclarationError(f"--env {missing[0]}: this environment variable is not set in the kernel")
        return {name: self.env[name] for name in names}


def added_path(parts: Iterable[Part]) -> tuple[str, ...] | None:
    """What cells had added to ``sys.path``, by the parts of a key; None: that is not known in full."""
    told = next((part.detail for part in parts if (part.kind, part.name) == (PartKind.SETTING, SEARCH_PATH)), "")
    try:
        return tuple(json.loads(told or "[]"))
    except ValueError:
        # Cut off, for people.
        return None


@lru_cache(maxsize=1)
def _watched_filters() -> LibrariesFilters:
    """One for the process, watching from the first look at it on."""
    filters = LibrariesFilters()
    filters.watch()
    return filters


_VOLATILE = frozenset(
    {
        *(
            "CLICOLOR",
            "CLICOLOR_FORCE",
            "COLUMNS",
            "FORCE_COLOR",
            "GIT_PAGER",
            "LINES",
            "OLDPWD",
            "PAGER",
            "PWD",
            "TERM",
        ),
        *("JPY_PARENT_PID", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "MPLBACKEND", "PYDEVD_USE_FRAME_EVAL"),
    }
)
"""Set by the tools around a cell (terminal, front end, a library while it is imported), not by the notebook."""
