"""What a task's process takes over from the kernel's: folder, ``sys.path`` and what changed of the environment."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phelps_jupyter.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One look at the kernel's process."""

    folder: str
    path: tuple[str, ...]
    env: Mapping[str, str]

    @classmethod
    def now(cls) -> Surroundings:
        """As they are at this moment. The empty entry of ``sys.path`` stands for the folder."""
        folder = os.getcwd()
        path = tuple(dict.fromkeys(entry or folder for entry in sys.path))
        return cls(folder, path, dict(os.environ))

    @classmethod
    def at_start(cls, folder: str) -> Surroundings:
        """As they were when the process began, as far as can be known: cells may have run before we were loaded."""
        try:
            raw = Path("/proc/self/environ").read_bytes()
        except OSError:
            return replace(cls.now(), folder=folder)
        pairs = (os.fsdecode(pair).partition("=") for pair in raw.split(b"\0") if pair)
        return cls(folder, cls.now().path, {name: text for name, _, text in pairs})

    def changed_env(self, start: Surroundings) -> dict[str, str | None]:
        """Variables that differ from those at the start; None: removed."""
        changed: dict[str, str | None] = {name: None for name in start.env if name not in self.env}
        changed.update({name: text for name, text in self.env.items() if start.env.get(name) != text})
        return {name: text for name, text in changed.items() if name not in _VOLATILE}

    def settings(self, start: Surroundings) -> dict[str, str]:
        """What changed since the start, as text by name; empty text: nothing did."""
        added = [os.path.relpath(entry, start.folder) for entry in self.path if entry not in start.path]
        env = self.changed_env(start)
        return {
            "working directory": "" if self.folder == start.folder else os.path.relpath(self.folder, start.folder),
            "module search path": json.dumps(added) if added else "",
            "environment": json.dumps(env, sort_keys=True) if env else "",
        }

    def variables(self, names: Sequence[str]) -> dict[str, str]:
        """The values of these variables. Errors: DeclarationError when one is not set."""
        missing = [name for name in names if name not in self.env]
        if missing:
            raise DeclarationError(f"--env {missing[0]}: this environment variable is not set in the kernel")
        return {name: self.env[name] for name in names}


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
