"""The precision benchmark: it knows by itself what an edit demands, and ours does just that on a few edits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.precision", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_what_an_edit_demands_is_found_by_running_the_project() -> None:
    edits = "comment,docstring,helper-unused,helper-logic,same-result,file-equal,package"
    told = benchmark("--answers", "--edits", edits).stdout.splitlines()
    assert [" ".join(line.split()) for line in told] == [
        "comment must run: -; may run: -",
        "docstring must run: -; may run: -",
        "helper-unused must run: -; may run: -",
        "helper-logic must run: kept, model, report, tally; may run: -",
        "same-result must run: -; may run: kept",
        "file-equal must run: -; may run: rows",
        "package must run: audit, report; may run: -",
    ]


@pytest.mark.notebook
def test_ours_is_exact_on_a_comment_a_value_and_a_value_without_effect() -> None:
    done = benchmark("--tools", "ours", "--edits", "comment,new-value,same-result")
    assert done.returncode == 0, done.stdout + done.stderr
