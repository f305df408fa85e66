"""The processes of a cluster of our own: controller, engines, warden, client.

Knows how to start and end them; refuses to know what engines are asked.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import Any

import ipyparallel as ipp
from traitlets.config import Config

from phelps_jupyter.adapters.ipyparallel.cluster import Cluster
from phelps_jupyter.adapters.ipyparallel.life import Life
from phelps_jupyter.runtime import warden

CONTROLLER = ("--nodb", "--HeartMonitor.period=500")
GRACE = 0.3
ASIDE = ("IPYTHONDIR", "PYTHONSAFEPATH")
"""Environment variables set for engines; bodies get them back as they were."""


class OwnCluster(Cluster):
    """Controller, engines, warden and client, with a private folder that stands for the user's profile."""

    def __init__(self, count: int, lease: float, folder: str | None) -> None:
        super().__init__(tempfile.mkdtemp(prefix="phelps-cluster-", dir=folder), cpus=count)
        self._count = count
        command = [sys.executable, "-P", warden.__file__, self.folder, str(lease)]
        quiet = subprocess.DEVNULL
        self._warden = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        self._controller: Life | None = None
        config = Config()
        # Modules of the notebook's folder must not stand before those that ipyparallel imports.
        environment = dict(zip(ASIDE, (self.folder, "1"), strict=True))
        config.LocalControllerLauncher.environment = environment
        # Bodies that run in the engine itself find sets in the order of all others.
        config.LocalEngineSetLauncher.environment = environment | {"PYTHONHASHSEED": "0"}
        self._cluster: Any = ipp.Cluster(
            config=config,
            log=_silent(),
            log_level=logging.ERROR,
            profile_dir=self.folder,
            cluster_id="",
            load_profile=False,
            shutdown_atexit=False,
            controller_args=list(CONTROLLER),
        )

    def open(self, closing: threading.Event) -> int:
        self._cluster.start_controller_sync()
        self._controller = Life(self._cluster.controller.pid)
        if not closing.is_set():
            self._cluster.start_engines_sync(n=self._count)
            self._client = self._cluster.connect_client_sync()
        return self._count

    def replace_engine(self) -> bool:
        self._cluster.start_engines_sync(n=1)
        return True

    def controller_lives(self) -> bool:
        return self._controller is not None and self._controller.goes_on()

    def close(self) -> None:
        self._disconnect()
        if self._controller is not None:
            self._controller.close()
        processes = warden.members(self.folder)
        below = {child for process in processes for child in warden.descendants(process)}
        # Nothing is lost with them: what is worth keeping lies in the store.
        warden.end([*{*processes, *below}], grace=GRACE)
        self._warden.terminate()
        self._warden.wait()
        # All are gone; this only lets the launchers take note of it.
        self._cluster.stop_cluster_sync()
        shutil.rmtree(self.folder, ignore_errors=True)


def _silent() -> logging.Logger:
    logger = logging.Logger("phelps_jupyter.ipyparallel", logging.ERROR)
    logger.addHandler(logging.NullHandler())
    return logger
