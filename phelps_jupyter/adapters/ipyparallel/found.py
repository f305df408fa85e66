"""A cluster that others have started: we use its engines, and leave it as it was.

Knows how to find and reach it; never closes it, restarts its engines or clears what others asked of it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ipyparallel as ipp
from IPython.paths import locate_profile

from phelps_jupyter.adapters.ipyparallel.cluster import Cluster
from phelps_jupyter.errors import DeclarationError

Connection = Mapping[str, Any]
"""What a client's connection file holds."""


class FoundCluster(Cluster):
    """Its engines, as they come and go."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(tempfile.mkdtemp(prefix="phelps-cluster-"))
        self._connection = connection

    def open(self, closing: threading.Event) -> int:
        del closing
        self._client = ipp.Client(dict(self._connection))
        return len(self._client.ids)

    def replace_engine(self) -> bool:
        """Whoever has started it knows how."""
        return False

    def controller_lives(self) -> bool:
        """What runs does not need it; it may come back."""
        return True

    def close(self) -> None:
        """Leave it."""
        self._disconnect()
        shutil.rmtree(self.folder, ignore_errors=True)


def connection_of(cluster: object) -> Connection:
    """The way to a cluster: a client's, a cluster object's, the one in a client's connection file, a profile's newest.

    Errors: DeclarationError.
    """
    if isinstance(cluster, ipp.Client):
        # Ports alone: the client has made addresses of them.
        return _plain(cluster._config)
    if isinstance(cluster, ipp.Cluster):
        return _read(_newest(Path(cluster.profile_dir), cluster.cluster_id))
    if not isinstance(cluster, str):
        raise DeclarationError(f"a {type(cluster).__name__} is no cluster: there are ipp.Client and ipp.Cluster")
    if cluster.endswith(".json"):
        return _read(Path(cluster).expanduser())
    try:
        folder = Path(locate_profile(cluster))
    except OSError as error:
        raise DeclarationError(f"there is no profile {cluster!r}: {error}") from None
    return _read(_newest(folder))


def _newest(profile: Path, cluster_id: str = "") -> Path:
    pattern = f"ipcontroller-{cluster_id}-client.json" if cluster_id else "ipcontroller*client.json"
    found = sorted((profile / "security").glob(pattern), key=os.path.getmtime)
    if not found:
        raise DeclarationError(f"no cluster of {profile} is running: start one there, or give its connection file")
    return found[-1]


def _read(path: Path) -> Connection:
    try:
        connection: Connection = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{path} can't be read as a client's connection file: {error}") from None
    return connection


def _plain(config: Mapping[str, Any]) -> Connection:
    ports = ("control", "task", "mux", "iopub", "notification", "registration", "broadcast")
    return {name: int(str(value).rpartition(":")[2]) if name in ports else value for name, value in config.items()}
