"""The process on the kernel's host that gives values to other hosts and takes what they send; see `home_depot`.

Knows how to start it, talk to it and end it; refuses to know what is wanted where.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from phelps_jupyter.adapters.ipyparallel.authority import Authority
from phelps_jupyter.runtime import berth, home_depot
from phelps_jupyter.runtime.objects import make_folder
from phelps_jupyter.runtime.places import Place
from phelps_jupyter.runtime.wire import AUTHORITY, CERTIFICATE, KEY

NAME = "home"
PATIENCE = 5.0
Hear = Callable[[dict[str, Any]], None]


class Home:
    """``store``: of the project; ``address``: ours, as other hosts see it. ``hear`` gets what it says, in a thread.

    Errors: OSError, where nobody can come to that address.
    """

    def __init__(self, store: str, address: str, host: str, authority: Authority, hear: Hear) -> None:
        make_folder(store)
        berth.sweep(store)
        # In the store, as hosts that see it fetch values as we do.
        self.credentials = tempfile.mkdtemp(prefix=berth.PREFIX, dir=store)
        self._held = berth.lock(os.path.join(self.credentials, berth.HELD))
        public = berth.new_key(os.path.join(self.credentials, KEY))
        certificate, fingerprint = authority.sign(NAME, public)
        for name, text in ((CERTIFICATE, certificate), (AUTHORITY, authority.certificate)):
            with open(os.path.join(self.credentials, name), "w") as file:
                file.write(text)
        # It outlives no kernel: then its input ends.
        self._process = subprocess.Popen(
            [sys.executable, "-P", home_depot.__file__, store, self.credentials, address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([_package(), os.environ.get("PYTHONPATH", "")])},
        )
        self._hear = hear
        self._listener: threading.Thread | None = None
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            self.close()
            raise OSError(f"no values can be given at {address}")
        self.place = Place(NAME, host, address, json.loads(ready)["ready"], fingerprint)
        self._listener = threading.Thread(target=self._listen, name="phelps-values", daemon=True)
        self._listener.start()

    def tell(self, **words: Any) -> None:
        """In any thread."""
        assert self._process.stdin is not None
        # One write is one line, whoever else writes.
        try:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            # It is gone: who listens is told.
            return

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._hear(json.loads(line))
        self._hear({"over": True})

    def close(self) -> None:
        """End it; the other depots are told that all is over."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._listener is not None:
            self._listener.join()
        self._process.stdout.close()
        if self._held is not None:
            self._held.close()
        shutil.rmtree(self.credentials, ignore_errors=True)


def _package() -> str:
    """The folder that ours is in."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(home_depot.__file__))))
