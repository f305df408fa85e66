"""What a cluster of ipyparallel is to us, whoever has started it: a client, and engines that come and go."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import urlsplit


class Cluster(ABC):
    """``folder``: private, for files that stand for this connection.

    ``cpus``: of a cluster that we have started, how many its host offers. None: it is not ours.
    """

    def __init__(self, folder: str, cpus: int | None = None) -> None:
        self.folder = folder
        self.cpus = cpus
        self._client: Any = None

    @property
    def is_ours(self) -> bool:
        """We have started it, and end it."""
        return self.cpus is not None

    @abstractmethod
    def open(self, closing: threading.Event) -> int:
        """Start engines or find those that are there, unless it is closed meanwhile; how many it is to have."""

    @abstractmethod
    def replace_engine(self) -> bool:
        """Start one in the place of one that is gone. Returns whether that is ours to do."""

    @abstractmethod
    def controller_lives(self) -> bool:
        """Whether engines can still be found."""

    @abstractmethod
    def close(self) -> None:
        """End what is ours, and leave what is not."""

    def ids(self) -> list[int]:
        """Of the engines that are there."""
        return list(self._client.ids) if self._client is not None else []

    def view(self, number: int) -> Any:
        """Of one engine. Errors: LookupError, IPythonError when it has left."""
        return self._client.direct_view(number)

    def address(self) -> str:
        """Ours, as it is seen from where the controller is."""
        controller = urlsplit(self._client._config["registration"]).hostname
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Nothing is sent; the port is of no matter.
            probe.connect((controller, 9))
            return str(probe.getsockname()[0])

    def forget(self, view: Any, reply: Any) -> None:
        """The client keeps every result until told otherwise."""
        self._client.purge_local_results(reply)
        self._client.history.clear()
        view.history.clear()

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close(linger=0)
