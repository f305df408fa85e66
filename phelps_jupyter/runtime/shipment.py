"""The runtime as cargo: its source files and their stamp; how it is packed, and installed where an engine runs.

Standard library alone: an engine that knows nothing of us executes this file's text first, and asks it for the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import zlib
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

PACKAGE = "phelps_jupyter"


class Shipment(NamedTuple):
    """Path below the folder that is put on ``sys.path`` -> text of the file; ``stamp`` is a digest of all of them."""

    stamp: str
    files: dict[str, str]


def pack() -> Shipment:
    """The runtime that this process runs."""
    here = os.path.dirname(os.path.abspath(__file__))
    files = {f"{PACKAGE}/__init__.py": _text(os.path.join(os.path.dirname(here), "__init__.py"))}
    for name in sorted(os.listdir(here)):
        if name.endswith(".py"):
            files[f"{PACKAGE}/runtime/{name}"] = _text(os.path.join(here, name))
    return Shipment(_stamp(files), files)


def compress(shipment: Shipment) -> bytes:
    return zlib.compress(json.dumps(shipment.files).encode())


def install(shipment: Shipment) -> str:
    """Write the files, unless they are there and intact; the folder to put on ``sys.path``."""
    base = private_folder()
    folder = os.path.join(base, shipment.stamp)
    if _intact(folder, shipment):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    made = tempfile.mkdtemp(dir=base)
    for path, text in shipment.files.items():
        target = os.path.join(made, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    # Another process may have been faster: what it wrote is the same.
    with suppress(OSError):
        os.rename(made, folder)
    shutil.rmtree(made, ignore_errors=True)
    return folder


class Outpost:
    """Stands in an engine and answers the adapter's requests with plain values."""

    def __init__(self, cargo: bytes) -> None:
        files = json.loads(zlib.decompress(cargo))
        self._shipment = Shipment(_stamp(files), files)
        self._host, _, self._mail, _, self._keeping, self._agents, self._vigils = map(
            self._load, ("host", "line", "mailbox", "recent", "keeper", "agent", "vigil")
        )
        *_, self._berthing = map(self._load, ("places", "objects", "wire", "berth"))
        self._housing = self._load("quarters")
        self._quarters: dict[bytes, Any] = {}
        self._ours: dict[str, ModuleType] = {}
        self._berths: dict[bytes, Any] = {}
        self._posts: dict[bytes, Any] = {}
        self._running: dict[bytes, Any] = {}
        self._keys: dict[bytes, Any] = {}
        self._watching: dict[bytes, Any] = {}

    def facts(self) -> tuple[Any, ...]:
        return tuple(self._host.facts())

    def open(
        self,
        name: bytes,
        boot: str,
        channel: str,
        store: str,
        probe: str,
        owner: str,
        environment: dict[str, str | None],
    ) -> tuple[bool, bytes | None]:
        """Let there be a zygote, if we see the store: ``probe`` is a file of it. Each kernel has names of its own.

        Returns whether there is one; and, unless we see the channel as the kernel does, a key to come to its gate.
        ``boot``: of the kernel's machine.
        """
        if not os.path.exists(os.path.join(store, probe)):
            return False, None
        self._post(name, store, owner, environment)
        if boot == self._host.boot() and os.path.exists(channel.removeprefix("ipc://")):
            return True, None
        return True, self._new_key(name)

    def berth(
        self, name: bytes, kernel: str, owner: str, environment: dict[str, str | None]
    ) -> tuple[str, str, str, bytes]:
        """Let there be a zygote that keeps values in a folder of this host, as we don't see the store.

        Returns that folder, what it is called, the public half of the key that is shown to other hosts, and a key to
        come to the kernel's gate.
        """
        if find_spec("cryptography") is None:
            told = "it does not see the project's store, and lacks what it takes to fetch values from other hosts"
            raise ModuleNotFoundError(f"{told}; run there: python -m pip install cryptography")
        berth = self._berths[name] = self._berthing.Berth(private_folder(), kernel)
        self._post(name, berth.folder, owner, environment)
        return berth.folder, berth.name, berth.public, self._new_key(name)

    def serve(self, name: bytes, certificate: str, authority: str, home: dict[str, Any]) -> None:
        """Give values to other hosts from now on. ``home``: the place of the kernel's host."""
        self._berths[name].serve(install(self._shipment), certificate, authority, home)

    def _post(self, name: bytes, store: str, owner: str, environment: dict[str, str | None]) -> None:
        setting = self._keeping.Setting(store, owner, environment, True)
        keeper = self._keeping.Keeper(setting, lambda: install(self._shipment))
        keeper.open()
        self._posts[name] = self._agents.Post(keeper)
        self._watching[name] = self._vigils.Vigil(self._posts[name])
        self._watching[name].start()

    def _new_key(self, name: bytes) -> bytes:
        self._keys[name] = self._agents.new_keys()
        public: bytes = self._keys[name].public
        return public

    def attach(self, name: bytes, endpoint: str, kernel: bytes) -> None:
        """Let messages go by a channel from now on; nobody waits for it here. ``kernel``: the key of its gate."""
        self._detach(name)
        agent = self._agents.Agent(self._posts[name], endpoint, name, kernel, self._keys.get(name))
        self._running[name] = agent
        agent.start()

    def leave(self, name: bytes) -> None:
        """End what runs for this name, and forget it."""
        self._detach(name)
        self._keys.pop(name, None)
        self._quarters.pop(name, None)
        if name in self._posts:
            self._watching.pop(name).stop()
            self._posts.pop(name).keeper.close()
        if name in self._berths:
            self._berths.pop(name).leave()

    def _detach(self, name: bytes) -> None:
        if name in self._running:
            self._running.pop(name).stop()

    def exchange(self, name: bytes, letters: tuple[Any, ...]) -> tuple[Any, ...]:
        """Hand letters over, and take those that are there. Ends the channel."""
        self._detach(name)
        post = self._posts[name]
        post.take(self._mail.Letters(*letters))
        post.collect()
        return tuple(post.mailbox.all_letters())

    def take_in(self, name: bytes, folder: str) -> bool:
        """Run here, in the engine's own process, the body that waits in the zygote's folder."""
        if name not in self._quarters:
            self._quarters[name] = self._housing.Quarters(install(self._shipment), self._ours)
        taken: bool = self._quarters[name].take_in(folder)
        return taken

    def _load(self, name: str) -> ModuleType:
        """A module of the cargo under a name of its own, as what it imports of the others: engines may have another
        version of us, or none."""
        private = f"phelps_{self._shipment.stamp}"
        sys.modules.setdefault(private, ModuleType(private))
        text = self._shipment.files[f"{PACKAGE}/runtime/{name}.py"]
        module = sys.modules[f"{private}.{name}"] = ModuleType(f"{private}.{name}")
        source = text.replace(f"from {PACKAGE}.runtime.", f"from {private}.")
        exec(compile(source, f"<{PACKAGE}.runtime.{name}>", "exec"), module.__dict__)
        return module


def private_folder() -> str:
    base = os.path.join(tempfile.gettempdir(), f"phelps-{os.getuid()}")
    with suppress(FileExistsError):
        os.mkdir(base, 0o700)
    seen = os.lstat(base)
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or stat.S_IMODE(seen.st_mode) != 0o700:
        raise PermissionError(f"{base} must be a folder of yours with mode 0700, and is not: remove it, or set TMPDIR")
    return base


def _intact(folder: str, shipment: Shipment) -> bool:
    try:
        return all(_text(os.path.join(folder, path)) == text for path, text in shipment.files.items())
    except (OSError, UnicodeDecodeError):
        return False


def _stamp(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:32]


def _text(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()
