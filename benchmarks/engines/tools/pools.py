"""Pools of processes: loky's, and the one of the standard library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks.engines.session import SLOTS, Setting, Tool
from benchmarks.engines.tools.futures import Futures, cold

CANNOT = {
    "cpus": "a task has no cpus to say",
    "memory": "a task has no memory limit",
    "cancel": "a task that runs can't be cancelled",
}


class PoolSession(Futures):
    """The standard library's, as it is."""

    def start(self, setting: Setting) -> None:
        del setting
        self._pool: Any = ProcessPoolExecutor(SLOTS)

    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        del cpus
        return self._pool.submit(act, *arguments)

    def bulk(self, act: Callable[..., Any], items: Sequence[Any]) -> list[Any]:
        return list(self._pool.map(act, items))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class LokySession(PoolSession):
    """Its reusable executor."""

    def start(self, setting: Setting) -> None:
        del setting
        import loky

        self._pool = loky.get_reusable_executor(max_workers=SLOTS, timeout=600)

    def close(self) -> None:
        self._pool.shutdown(kill_workers=True)


POOL = Tool("pool", None, PoolSession, cold, CANNOT)
LOKY = Tool("loky", "loky", LokySession, cold, CANNOT)
