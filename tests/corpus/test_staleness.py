"""Small notebooks with proven answers: run, change, run what is stale; what ran, and what each cell shows.

Each answer was proved by running: what must run can't be left out, and what must not makes no difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cases import CaseFolder, read

pytestmark = pytest.mark.notebook

EXCLUDED = {
    "106_numpy_view": "two names share an array's memory through a view; values are handed over as copies",
    "154_last_result_underscore": "`_` is the kernel's display history, which a task has none of",
}
PLAIN = {"070_import_dotted": {"c1", "c2"}, "145_chdir": {"c2"}}
"""Cells that stay plain: what they set is the kernel's (an attribute of a module, the working directory)."""

CASES = [case for case in read("staleness") if case["id"] not in EXCLUDED]


def notebook(case: dict[str, Any], cells: list[dict[str, str]]) -> dict[str, str]:
    plain = PLAIN.get(case["id"], set())
    return {cell["id"]: _source(cell, cell["id"] in plain) for cell in cells}


def _source(cell: dict[str, str], plain: bool) -> str:
    if plain or cell["source"].startswith("%%"):
        return cell["source"]
    return f"%%task {cell['id']}\n{cell['source']}"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_is_stale_runs_and_nothing_else(case: dict[str, Any], tmp_path: Path) -> None:
    folder, answer = CaseFolder(tmp_path), case["answer"]
    folder.write_files(case["files_before"])
    before = folder.run(notebook(case, case["cells_before"]))
    assert before.texts | _wanted(answer["outputs_before"]) == before.texts
    folder.write_files(case["files_after"])
    for event in case["events"]:
        if event["op"] == "touch_file":
            os.utime(tmp_path / event["path"])
    cells = notebook(case, case["cells_after"])
    after = folder.run(cells)
    told = {name: after.reasons[name] for name in after.ran & after.reasons.keys()}
    assert _differing(after, answer) == {}, told
    tasks = {name for name, source in cells.items() if source.startswith("%%task")}
    assert set(answer["rerun_must"]) & tasks - after.ran - after.failed == set(), told
    assert {never["cell"] for never in answer["rerun_never"]} & tasks & after.ran == set(), told


def _wanted(outputs: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: output["text"].strip() for name, output in outputs.items()}


def _differing(after: Any, answer: dict[str, Any]) -> dict[str, str]:
    """Cells that show something else than a fresh run does: what they show."""
    wrong = {}
    for name, wanted in answer["outputs_after"].items():
        failed = after.errors[name] is not None
        if failed != (wanted["error"] is not None) or (not failed and after.texts[name] != wanted["text"].strip()):
            wrong[name] = after.errors[name] or after.texts[name]
    return wrong
