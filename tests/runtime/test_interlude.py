"""What an engine's process is given back after a body."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, random, sys
from phelps_jupyter.runtime.generators import Generators
from phelps_jupyter.runtime.interlude import interlude
assert "numpy" not in sys.modules
with interlude(dict(os.environ)):
    Generators(7).seed()
    import numpy.random
print(numpy.random.random())
"""


def test_numpy_s_generator_is_no_body_s_when_a_body_was_the_first_to_import_it() -> None:
    drawn = {subprocess.check_output([sys.executable, "-c", PROGRAM]) for _ in range(2)}
    assert len(drawn) == 2
