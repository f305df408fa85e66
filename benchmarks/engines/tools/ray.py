"""Ray: one node, object references as arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as Late
from typing import Any

from benchmarks.engines.session import SLOTS, Setting, Tool
from benchmarks.engines.tools.futures import Futures, cold

STORE = 1 << 30


class RaySession(Futures):
    """No dashboard, no usage report, on the loopback."""

    flows = True

    def start(self, setting: Setting) -> None:
        del setting
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray

        self._ray = ray
        self._remote: dict[tuple[Callable[..., Any], int], Any] = {}
        ray.init(
            num_cpus=SLOTS,
            include_dashboard=False,
            object_store_memory=STORE,
            logging_level="ERROR",
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )

    def submit(self, act: Callable[..., Any], *arguments: Any, cpus: int = 1) -> Any:
        if (act, cpus) not in self._remote:
            self._remote[act, cpus] = self._ray.remote(num_cpus=cpus)(act)
        return self._remote[act, cpus].remote(*arguments)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        return list(self._ray.get(list(futures)))

    def result(self, future: Any, seconds: float) -> Any:
        try:
            return self._ray.get(future, timeout=seconds)
        except self._ray.exceptions.GetTimeoutError as error:
            raise Late from error

    def stop(self, futures: Sequence[Any]) -> None:
        # Without force, what is inside C goes on.
        for future in futures:
            self._ray.cancel(future, force=True)

    def close(self) -> None:
        self._ray.shutdown()


CANNOT = {"memory": "memory= of a task is for placing it, and limits nothing"}
TOOL = Tool("ray", "ray", RaySession, cold, CANNOT)
