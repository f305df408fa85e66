"""The contracts between layers (pyproject.toml, importlinter) and the rules of style hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent


@pytest.mark.parametrize("command", [("lint-imports",), ("ruff", "check", "."), ("ruff", "format", "--check", ".")])
def test_the_contract_is_kept(command):
    done = subprocess.run([SCRIPTS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
