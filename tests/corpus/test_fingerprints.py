"""Pairs of notebooks that differ in one respect: whether the task ``t`` must run again, proven by running."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cases import CaseFolder, Shown, read

pytestmark = pytest.mark.notebook

CASES = read("fingerprints")


def look(folder: CaseFolder, case: dict[str, Any], state: dict[str, Any]) -> Shown:
    folder.write_files(state["files"])
    for name, seconds in state["mtime"].items():
        os.utime(folder.folder / name, (seconds, seconds))
    cells = {cell["id"]: _source(cell["src"], cell["id"] == case["target"]) for cell in state["cells"]}
    return folder.run(cells, state["env"])


def _source(source: str, target: bool) -> str:
    if not target:
        return source
    magic = "" if source.startswith("%%task") else "%%task t\n"
    return f"{magic}{source}\nprint(repr(result))"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_task_runs_again_if_and_only_if_its_result_may_differ(case: dict[str, Any], tmp_path: Path) -> None:
    folder, target = CaseFolder(tmp_path), case["target"]
    before = look(folder, case, case["before"])
    assert before.texts[target] == case["before_result"]
    for name in case["before"]["files"].keys() - case["after"]["files"].keys():
        (tmp_path / name).unlink()
    after = look(folder, case, case["after"])
    assert (target in after.ran) == (case["expect"] == "must_change"), after.reasons
    assert after.texts[target] == case["after_result"]
