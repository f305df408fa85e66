"""ipyparallel: a load-balanced view, with results through the client."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.engines.session import SLOTS, Setting, Tool
from benchmarks.engines.tools.futures import Futures, cold


class IpyparallelSession(Futures):
    """A cluster with a folder of its own for the profile."""

    def start(self, setting: Setting) -> None:
        import ipyparallel

        os.environ["IPYTHONDIR"] = folder = str(setting.folder / "ipython")
        self._cluster = ipyparallel.Cluster(n=SLOTS, log_level=logging.CRITICAL, ipython_dir=folder)
        self._client = self._cluster.start_and_connect_sync()
        self._view = self._client.load_balanced_view()

    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        del cpus
        return self._view.apply_async(act, *arguments)

    def bulk(self, act: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        return list(self._view.map_async(act, items, chunksize=1).get())

    def stop(self, futures: Sequence[Any]) -> None:
        del futures
        self._client.send_signal(signal.SIGINT, targets="all", block=False)

    def close(self) -> None:
        self._client.close()
        self._cluster.stop_cluster_sync()


TOOL = Tool(
    "ipyparallel",
    "ipyparallel",
    IpyparallelSession,
    cold,
    cannot={"cpus": "a task has no cpus to say", "memory": "a task has no memory limit"},
)
