"""A machine for each test."""

from __future__ import annotations

import pytest
from documents import Kernel, Remembering

from phelps_jupyter.core.machine import Machine


@pytest.fixture
def machine() -> Remembering:
    return Remembering()


@pytest.fixture
def kernel(machine: Machine) -> Kernel:
    """The machine in a kernel that remembers what was stored."""
    return Kernel(machine)
