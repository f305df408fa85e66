"""Phelps for Jupyter: cells marked ``%%task`` run on ipyparallel engines, and only what is stale runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phelps_jupyter.runtime.progress import progress as progress

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by ``%load_ext phelps_jupyter``: registers ``%%task`` and ``%phelps`` in this kernel."""
    from phelps_jupyter.faces.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Called by ``%unload_ext phelps_jupyter``: stops our engines and removes every hook."""
    from phelps_jupyter.faces.magics import unload

    unload(shell)
