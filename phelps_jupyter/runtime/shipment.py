"""The runtime as cargo: its source files and their stamp; how it is packed, and installed where an engine runs.

Standard library alone: an engine that knows nothing of us executes this file's text first, and asks it for the rest.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import stat
import sys
import tempfile
import zlib
from contextlib import suppress
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
    base = _private_folder()
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
        folder = install(self._shipment)
        self._launch = _load("launch", folder, self._shipment.stamp)
        self._host = _load("host", folder, self._shipment.stamp)

    def facts(self) -> tuple[Any, ...]:
        return tuple(self._host.facts())

    def start(self, folder: str, files: tuple[bytes, str, str], environment: dict[str, str | None]) -> None:
        # Temporary folders get swept while engines live.
        runtime = install(self._shipment)
        self._launch.start(folder, self._launch.Files(*files), runtime, environment, True)

    def read(self, requests: list[tuple[str, int]]) -> list[tuple[Any, ...]]:
        return [tuple(self._launch.read(folder, offset)) for folder, offset in requests]

    def cancel(self, folder: str) -> None:
        self._launch.cancel(folder)


def _load(name: str, folder: str, stamp: str) -> ModuleType:
    """A module of the cargo under a name of its own: engines may have another version of us, or none."""
    private = f"phelps_{name}_{stamp}"
    spec = importlib.util.spec_from_file_location(private, os.path.join(folder, PACKAGE, "runtime", f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[private] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _private_folder() -> str:
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
