"""What the system is told and asked about processes: who dies with whom, who inherits orphans, who has ended."""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
"""The signal that a process gets when its parent ends."""
PR_SET_CHILD_SUBREAPER = 36
"""What its children leave behind becomes its child, wherever it hid."""


def control_process(option: int, value: int) -> None:
    """Set such an option for this process. Errors: OSError."""
    if LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value}) failed")


def open_end(pid: int) -> int | None:
    """A descriptor that can be read once this child of ours has ended; None: the system (before Linux 5.3) has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
