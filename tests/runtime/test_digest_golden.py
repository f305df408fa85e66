"""Digests are the same in every process, whatever the hash seed, and were the same yesterday."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from digest_battery import BATTERY

HERE = Path(__file__).parent
LIBRARIES = """
import numpy as np, pandas as pd, polars as pl, pyarrow as pa, scipy.sparse
from sklearn.linear_model import LinearRegression
from phelps_jupyter.runtime.digests import digest
class C:
    def __init__(self, x): self.x = x
words = {"a", "b", "c", ("d", 1), frozenset({"e", ("f",)})}
frame = pd.DataFrame({"a": [1.5], "b": ["x"], "c": pd.Categorical(["y"]), "d": [words]})
print(digest([frame, frame.set_index(["a", "b"]), pl.DataFrame({"a": [1], "b": ["x"]}), pa.table({"a": [[1], None]}),
    scipy.sparse.eye(3), LinearRegression().fit([[1], [2]], [1, 2]), np.random.default_rng(1), np.sin,
    np.array([words, C(words)], dtype=object), {C(1), C(2)}, lambda x, y={"p", "q"}: x in {"r", "s"}]))
"""


def told(script: Path, seed: str) -> str:
    """What a script prints in a process of its own."""
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, script], capture_output=True, check=True, text=True, env=environment)
    return done.stdout


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_battery_has_the_digests_that_are_written_down(seed):
    assert told(HERE / "digest_battery.py", seed) == (HERE / "digest_golden.txt").read_text()


def test_all_that_is_written_down_has_a_digest():
    lines = (HERE / "digest_golden.txt").read_text().splitlines()
    assert {name: len(found) for name, _, found in (line.rpartition(": ") for line in lines)} == dict.fromkeys(
        BATTERY, 32
    )


def test_values_of_libraries_have_one_digest_in_all_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(LIBRARIES)
    found = {told(script, seed) for seed in ("1", "2", "3")}
    assert len(found) == 1
    assert "opaque=''" in found.pop()
