"""First looks at stored values that front ends ask for: each in a process of its own, one at a time, within bounds.

Loads no value in the kernel: it may be large, and loading it runs code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from phelps_jupyter.core.board import Json
from phelps_jupyter.core.model import Version
from phelps_jupyter.runtime.summaries import size_text

SECONDS = 15
LARGEST = 500_000_000
"""Bytes of a value that is loaded for a look."""
GRACE = 5
"""Seconds until a process ends itself that nobody has ended."""
ANSWER = 2_000_000
"""Bytes of what is told of it."""
QUIET = {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value in the store, and how its modules are found."""

    version: Version
    store: str
    folder: str
    path: tuple[str, ...]


class Previews:
    """Of one kernel."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def ask(self, wanted: Wanted, answer: Callable[[Json], None]) -> None:
        """Answer what is to be shown, or why not, in another thread."""
        if wanted.version.size > LARGEST:
            size = f"{wanted.version.name} has {size_text(wanted.version.size)}"
            answer({"refused": f"{size}, and only up to {size_text(LARGEST)} are loaded for a look; read it in a cell"})
            return
        threading.Thread(target=lambda: self._look(wanted, answer), name="phelps-preview", daemon=True).start()

    def _look(self, wanted: Wanted, answer: Callable[[Json], None]) -> None:
        with self._turn:
            shown = looked(wanted)
        answer(shown)


def looked(wanted: Wanted, seconds: int = SECONDS) -> Json:
    """What is to be shown of a value, or ``refused`` with the reason."""
    told = {"digest": wanted.version.digest, "folder": wanted.store, "path": wanted.path, "seconds": seconds + GRACE}
    command = [sys.executable, "-m", "phelps_jupyter.faces.preview"]
    # It must find us, whatever the kernel has done to its own path; what it loads is found by the kernel's.
    ours = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    env = os.environ | QUIET | {"PYTHONPATH": ours}
    try:
        done = subprocess.run(
            command, input=json.dumps(told).encode(), capture_output=True, timeout=seconds, env=env, cwd=wanted.folder
        )
    except subprocess.TimeoutExpired:
        return {"refused": f"no look at it was ready after {seconds} s; read it in a cell"}
    except OSError as error:
        return {"refused": f"no process could be started to look at it: {error.strerror}"}
    last = done.stdout.rpartition(b"\n")[2]
    if done.returncode or not last or len(last) > ANSWER:
        return {"refused": f"the process that looked at it ended with {done.returncode}; read it in a cell"}
    shown: Json = json.loads(last)
    return shown
