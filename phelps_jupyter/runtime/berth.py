"""The folder in which a host that does not see the project keeps values for one kernel; shared by all engines that see
it, and there as long as one of them holds it.

Standard library alone, but for the key: an engine loads it by itself.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import IO, Any

from phelps_jupyter.runtime.objects import make_folder
from phelps_jupyter.runtime.wire import AUTHORITY, CERTIFICATE, KEY

PREFIX = "values-"
HELD, SERVED, NAMED, ORDERS = "held", "served", "name", "depot.json"
"""Files of it: locked by who uses it, and by its server; its name, which none other has; what its server is told."""
PROGRAM = (
    "import sys; sys.path.insert(0, {runtime!r}); from phelps_jupyter.runtime import far_depot; "
    "sys.path.remove({runtime!r}); sys.exit(far_depot.main(sys.argv[1:]))"
)


class Berth:
    """``base``: a folder of this user alone; ``kernel``: what tells the kernel from others. Errors: OSError."""

    def __init__(self, base: str, kernel: str) -> None:
        self.folder = os.path.join(base, PREFIX + kernel)
        while True:
            sweep(base)
            make_folder(self.folder)
            with suppress(FileNotFoundError):
                # Who sweeps at this moment may have taken it away.
                self._held = open(os.path.join(self.folder, HELD), "ab")  # noqa: SIM115  # as long as we are
                fcntl.flock(self._held, fcntl.LOCK_SH)
                if os.path.samestat(os.fstat(self._held.fileno()), os.stat(self._held.name)):
                    break
        with open(os.path.join(self.folder, f"{NAMED}.lock"), "ab") as naming:
            fcntl.flock(naming, fcntl.LOCK_EX)
            self.name, self.public = self._named()
        self._server: subprocess.Popen[bytes] | None = None

    def _named(self) -> tuple[str, str]:
        """What all that see the folder read there, and the public half of its key, which the first one makes."""
        path = os.path.join(self.folder, NAMED)
        with suppress(FileNotFoundError), open(path) as file:
            told: dict[str, str] = json.load(file)
            return told["name"], told["public"]
        name, public = secrets.token_hex(8), new_key(os.path.join(self.folder, KEY))
        _put(path, json.dumps({"name": name, "public": public}))
        return name, public

    def serve(self, runtime: str, certificate: str, authority: str, home: dict[str, Any]) -> None:
        """Let there be a server, which goes to the kernel's one. ``runtime``: the folder of our code."""
        _put(os.path.join(self.folder, CERTIFICATE), certificate)
        _put(os.path.join(self.folder, AUTHORITY), authority)
        _put(os.path.join(self.folder, ORDERS), json.dumps(home))
        if is_locked(os.path.join(self.folder, SERVED)):
            return
        command = [sys.executable, "-P", "-c", PROGRAM.format(runtime=runtime), self.folder]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self._server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )

    def leave(self) -> None:
        """Hold it no more; whoever is the last one takes it away."""
        self._held.close()
        if self._server is not None:
            # It ends when nobody holds the folder, and maybe has by now.
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(0 if is_locked(os.path.join(self.folder, HELD)) else 5.0)
        remove(self.folder)


def new_key(path: str) -> str:
    """Make a private key, for its owner alone; the public half. Errors: ModuleNotFoundError."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
    _put(path, text)
    return key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()


def is_locked(path: str) -> bool:
    """Whether somebody holds a lock of this file."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def lock(path: str) -> IO[bytes] | None:
    """The file, locked; None: somebody else holds it."""
    file = open(path, "ab")  # noqa: SIM115  # the lock lasts as long
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def sweep(base: str) -> None:
    """Take away folders that nobody holds any more: of kernels and engines that were killed."""
    for name in os.listdir(base):
        if name.startswith(PREFIX):
            remove(os.path.join(base, name))


def remove(folder: str) -> None:
    """Take it away, if nobody holds it."""
    with suppress(FileNotFoundError):
        held = lock(os.path.join(folder, HELD))
        if held is not None:
            with held:
                shutil.rmtree(folder, ignore_errors=True)


def _put(path: str, text: str) -> None:
    """For its owner alone; it appears whole."""
    part = f"{path}.{secrets.token_hex(4)}"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.rename(part, path)
