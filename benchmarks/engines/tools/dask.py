"""Dask: a LocalCluster of processes, futures as arguments."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.engines.session import SLOTS, Setting, Tool
from benchmarks.engines.tools.futures import Futures, cold


class DaskSession(Futures):
    """A process for each slot; one process with a thread for each slot where tasks say their cpus."""

    flows = True

    def start(self, setting: Setting) -> None:
        from distributed import Client, LocalCluster

        shape: dict[str, Any] = {"n_workers": SLOTS, "threads_per_worker": 1}
        if setting.counts_cpus:
            shape = {"n_workers": 1, "threads_per_worker": SLOTS, "resources": {"cpu": SLOTS}}
        self._cluster = LocalCluster(
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            processes=True,
            memory_limit=setting.memory or "auto",
            silence_logs=logging.CRITICAL,
            **shape,
        )
        self._client = Client(self._cluster)

    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        resources = {"resources": {"cpu": cpus}} if self.setting.counts_cpus else {}
        return self._client.submit(act, *arguments, pure=False, **resources)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        return list(self._client.gather(list(futures)))

    def bulk(self, act: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        return self.gather(self._client.map(act, items, pure=False))

    def stop(self, futures: Sequence[Any]) -> None:
        self._client.cancel(list(futures), force=True)

    def close(self) -> None:
        self._client.close()
        self._cluster.close()


TOOL = Tool("dask", "distributed", DaskSession, cold)
