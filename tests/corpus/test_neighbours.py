"""Neighbours of the cases with proven answers, each against a fresh run: what is shown, what ran and what did not.

Every eighth is played; ``PHELPS_NEIGHBOURS=all`` plays all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from forks import Forks
from neighbours import Case, cases
from watching import Theatre

pytestmark = pytest.mark.notebook

SUBMODULE = "a module crosses a border by its own name: submodules that its cell imported are missing"
UNKNOWN = "names that the same cell makes by star import, exec, globals() or %run are refused before it runs"
UNSTORED = "new names that a body makes by star import, exec or globals() are not stored"
ANNOTATION = "the value of an annotation is not part of a function's digest"
DOCSTRING = "docstrings of what a task provides are not seen"
DELETED = "what may be deleted counts as deleted"
STATE = "a function's own state does not cross a border"
WHOLE = "a module that a task imported counts as a whole"
SIZE = "the size of a file is no condition"
UNFORESEEN = "what is written to a file is not foreseen, and who read too early is not always run again"

KNOWN = {
    "scope/import_submodule_std": SUBMODULE,
    "scope/import_submodule_plain": SUBMODULE,
    "scope/import_submodule_function": SUBMODULE,
    "environment/package_submodule": SUBMODULE,
    "environment/two_submodules": SUBMODULE,
    "C-submodule": SUBMODULE,
    "scope/star_same_cell": UNKNOWN,
    "environment/star_same_cell_project": UNKNOWN,
    "dynamic/globals_update_same": UNKNOWN,
    "dynamic/setattr_main": UNKNOWN,
    "ipython/run_same_cell": UNKNOWN,
    "C-exec-global": UNKNOWN,
    "C-file-exec": UNKNOWN,
    "C-star-import-target": UNKNOWN,
    "scope/star_import": UNSTORED,
    "environment/star_import_module": UNSTORED,
    "dynamic/exec_computed": UNSTORED,
    "dynamic/exec_computed_two": UNSTORED,
    "dynamic/names_by_loop": UNSTORED,
    "scope/annotation_evaluated": ANNOTATION,
    "scope/annotation_plain": ANNOTATION,
    "scope/return_annotation": ANNOTATION,
    "C-annotation-value": ANNOTATION,
    "cosmetic/docstring_read": DOCSTRING,
    "cosmetic/docstring_read_of_class": DOCSTRING,
    "cosmetic/docstring_read_by_inspect": DOCSTRING,
    "scope/class_comprehension": "a comprehension in a class body sees the names of the class",
    "scope/except_name": DELETED,
    "scope/del_conditional": DELETED,
    "scope/unreached_name": "an absent name that is never reached refuses its cell",
    "mutation/class_counter": "a class that changes itself is no new version",
    "mutation/alias_by_function": "names of one object are known from assignments only",
    "mutation/default_counter": STATE,
    "mutation/closure_counter": STATE,
    "environment/module_attribute": WHOLE,
    "environment/module_function_of_two": WHOLE,
    "environment/lazy_import": "a module imported in a function that is defined and not called counts",
    "environment/sqlite": UNFORESEEN,
    "ipython/bang_touch_glob": UNFORESEEN,
    "environment/rename_file": UNFORESEEN,
    "ipython/user_ns": UNSTORED,
    "ipython/push": UNSTORED,
    "ipython/ev": "names within a text given to get_ipython().ev are not read",
    "C-file-size": SIZE,
    "C-file-stat": SIZE,
    "C-count": "the digest of itertools.count differs each time",
    "N-string-statement": "a text that stands alone counts as code",
}
"""Cases that fail today, and why."""

ALL = [*cases("neighbours"), *cases("pairs")]
CASES = ALL if os.environ.get("PHELPS_NEIGHBOURS") == "all" else ALL[::8]


def _marks(name: str) -> list[pytest.MarkDecorator]:
    # Whether a reader comes too early is a race.
    return [pytest.mark.xfail(reason=KNOWN[name], strict=KNOWN[name] != UNFORESEEN)] if name in KNOWN else []


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    started = Forks()
    yield started
    started.close()


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=_marks(case.name)) for case in CASES])
def test_a_neighbour_shows_what_a_fresh_run_shows_and_runs_no_more(case: Case, forks: Forks, tmp_path: Path) -> None:
    assert Theatre(tmp_path, forks).play(case) == [], case.about


def test_what_is_known_to_fail_is_a_case() -> None:
    assert KNOWN.keys() <= {case.name for case in ALL}
