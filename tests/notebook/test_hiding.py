"""Tasks that are asked for from elsewhere while a cell runs: the cell goes on with the values that it has."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.notebook

ASKED = """
import asyncio, threading
from phelps_jupyter.faces.magics import _lives
[live] = _lives.values()
asking = threading.Thread(target=lambda: live.submit(["a"], forced=True))
asking.start()
for _ in range(20):
    await asyncio.sleep(0.02)
print(type(x).__name__)
"""


def test_a_cell_that_awaits_something_keeps_its_names(kernel: Any) -> None:
    kernel.execute("%%task a\nimport time\ntime.sleep(0.1)\nx = 1")
    assert kernel.text(f"x\n{ASKED}").strip() == "int"
    assert kernel.text("asking.join(); print(type(live.namespace.names.get('x')).__name__)").strip() == "Placeholder"
    assert kernel.text("print(x + 1)").strip() == "2"
