"""What a body finds around it, beside its inputs: environment, folder, ``sys.path``, settings, threads, no prompt.

Knows only the process it is called in, which is the body's own.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
import time
from contextlib import suppress
from typing import NoReturn

from phelps_jupyter.runtime import library_settings, warning_filters
from phelps_jupyter.runtime.orders import Order

OMP = "OMP_NUM_THREADS"
FOLLOWING = (
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)
"""Where these are not set, their libraries go by ``OMP``: who has set that one has set them."""
THREADS = (
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "ARROW_IO_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
"""Libraries read all of these while they are imported; pyarrow's pool for computing reads ``OMP``."""

INLINE = "module://matplotlib_inline.backend_inline"


def set_environment(order: Order) -> None:
    """Before anything is imported that could read it."""
    os.environ.setdefault("MPLBACKEND", INLINE)
    _set_threads(order)
    for name, value in order.env.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if order.gpus is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(order.gpus)
    # The system's library has read it when the zygote began.
    time.tzset()


def _set_threads(order: Order) -> None:
    """To the number of cpus, where neither a cell nor whoever started all this has said something else."""
    said = is_number_of_threads_said(order)
    for name in (*THREADS, *(() if said else (OMP, *FOLLOWING))):
        os.environ.setdefault(name, str(order.cpus))
    if not said and "numpy" in sys.modules:
        # Something that every Python here imports has brought it along, and it has made its threads.
        limit_threads(order.cpus)


def is_number_of_threads_said(order: Order) -> bool:
    """Whether a cell or whoever started all this has done so; asked before `set_environment`."""
    return bool(order.env.get(OMP, os.environ.get(OMP)))


def limit_threads(count: int) -> None:
    """Of libraries that are there already, if this can be done here."""
    with suppress(ImportError):
        importlib.import_module("threadpoolctl").threadpool_limits(count)


def enter(order: Order) -> None:
    """After all of ours and IPython's is imported: the notebook's folder may hold files named like modules."""
    os.chdir(order.folder)
    sys.path[:] = order.path
    sys.argv[:] = [""]
    sys.stdin = open(os.devnull)  # noqa: SIM115  # lives as long as the process
    builtins.input = _no_prompt
    warning_filters.order(order.filters)
    library_settings.order(order.settings)


def _no_prompt(prompt: object = "", /) -> NoReturn:
    asked = f"input({str(prompt)!r})" if prompt else "input()"
    raise RuntimeError(
        f"{asked}: a task has no prompt; ask in a plain cell above, and read the answer here by its name"
    )
