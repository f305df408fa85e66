"""Parsl: a HighThroughputExecutor with a LocalProvider, futures as arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.engines.session import SLOTS, Setting, Tool
from benchmarks.engines.tools.futures import Futures, cold


class ParslSession(Futures):
    """One block, on the loopback."""

    flows = True

    def start(self, setting: Setting) -> None:
        import parsl
        from parsl.config import Config
        from parsl.executors import HighThroughputExecutor
        from parsl.providers import LocalProvider

        self._parsl = parsl
        self._apps: dict[Callable[..., Any], Any] = {}
        executor = HighThroughputExecutor(
            label="local",
            address="127.0.0.1",
            loopback_address="127.0.0.1",
            max_workers_per_node=SLOTS,
            provider=LocalProvider(init_blocks=1, max_blocks=1),
        )
        config = Config([executor], run_dir=str(setting.folder), strategy="none", initialize_logging=False)
        self._flow = parsl.load(config)

    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        del cpus
        if act not in self._apps:
            self._apps[act] = self._parsl.python_app(act)
        return self._apps[act](*arguments)

    def close(self) -> None:
        self._flow.cleanup()
        self._parsl.clear()


TOOL = Tool(
    "parsl",
    "parsl",
    ParslSession,
    cold,
    cannot={
        "cpus": "tasks of one executor all take one place",
        "memory": "a task has no memory limit that is kept",
        "cancel": "a task that runs can't be cancelled",
    },
)
