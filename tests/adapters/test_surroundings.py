from __future__ import annotations

import os
import sys
import threading
import warnings
from dataclasses import replace

import matplotlib as mpl
import pandas as pd
import pytest

from phelps_jupyter.adapters.library_options import LibraryOptions
from phelps_jupyter.adapters.requirements import may_reach
from phelps_jupyter.adapters.surroundings import Surroundings, added_path
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.parts import setting_parts
from phelps_jupyter.runtime import values

BOTH = ("matplotlib", "pandas")


@pytest.fixture(autouse=True)
def undone():
    """Leaves the process's settings as they were."""
    with (
        warnings.catch_warnings(),
        mpl.rc_context(),
        pd.option_context("display.max_rows", 60, "display.float_format", None),
    ):
        yield


def changed(start: Surroundings, now: Surroundings) -> dict[str, str]:
    return {one.name: one.told for one in now.settings(start) if one.content}


def told() -> dict[str, str]:
    return {one.name: one.told for one in LibraryOptions.now().settings(BOTH) if one.content}


def test_nothing_changed_is_said_with_empty_contents():
    now = Surroundings.now()
    assert {one.content for one in (*now.settings(now), *LibraryOptions.now().settings(BOTH))} == {""}


def test_folder_search_path_and_environment_count():
    start = Surroundings("/home/book", ("/a",), {"A": "1", "B": "2", "TERM": "vt"})
    now = replace(start, folder="/home/book/data", path=("/home/book/lib", "/a"), env={"A": "3"})
    assert changed(start, now) == {
        "working directory": "data",
        "module search path": '["lib"]',
        "environment": '{"A": "3", "B": null}',
    }


@pytest.mark.parametrize(("path", "added"), [((), ()), (("lib", "../b"), ("lib", "../b")), (["x" * 300], None)])
def test_what_was_added_to_the_search_path_is_known_by_the_parts_of_a_key(path, added):
    start = Surroundings("/home/book", ("/a",), {})
    now = replace(start, path=(*(os.path.join("/home/book", entry) for entry in path), "/a"))
    assert added_path(setting_parts(now.settings(start), None)) == added
    assert added_path(()) == ()


def test_a_warning_filter_counts_and_is_told():
    start = Surroundings.now()
    warnings.filterwarnings("ignore", message="slow", category=FutureWarning)
    assert changed(start, Surroundings.now()) == {"warning filters": "ignore FutureWarning 'slow'"}


def test_a_filter_taken_back_does_not_count():
    start = Surroundings.now()
    with warnings.catch_warnings():
        warnings.simplefilter("once")
        assert changed(start, Surroundings.now()) == {"warning filters": "once Warning"}
    assert changed(start, Surroundings.now()) == {}


def test_filters_that_are_gone_count():
    start = Surroundings.now()
    warnings.resetwarnings()
    assert changed(start, Surroundings.now()) == {"warning filters": ""}


@pytest.mark.parametrize(("body", "counts"), [("message='chatty'", False), ("category=Warning", True)])
def test_a_librarys_own_filter_does_not_count_unless_it_concerns_all_warnings(tmp_path, monkeypatch, body, counts):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "phelps_sample_library.py").write_text(f"import warnings\nwarnings.filterwarnings('ignore', {body})")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "phelps_sample_library", raising=False)
    start = Surroundings.at_start(os.getcwd())
    __import__("phelps_sample_library")
    assert ("warning filters" in changed(start, Surroundings.now())) is counts


def test_a_librarys_changed_options_count_and_are_told():
    mpl.rcParams["figure.figsize"] = (3, 2)
    pd.set_option("display.max_rows", 5)
    assert told() == {"matplotlib rcParams": "figure.figsize = list of 2", "pandas options": "display.max_rows = 5"}


def test_only_the_libraries_asked_for_are_told():
    pd.set_option("display.max_rows", 5)
    assert [one.name for one in LibraryOptions.now().settings(["matplotlib"])] == ["matplotlib rcParams"]


def test_where_figures_are_shown_is_no_setting():
    mpl.rcParams["interactive"] = not mpl.rcParams["interactive"]
    assert told() == {}


def test_functions_count_by_their_code():
    def content(function) -> str:
        pd.set_option("display.float_format", function)
        return LibraryOptions.now().settings(["pandas"])[0].content

    assert content(lambda number: f"{number:.1f}") != content(lambda number: f"{number:.2f}")


def test_values_are_packed_for_an_order():
    pd.set_option("display.float_format", "{:.1f}".format)
    packed = LibraryOptions.now().packed["pandas"]["display.float_format"]
    assert values.loads(packed)(1.25) == "1.2"


def test_a_value_that_cannot_be_handed_over_is_an_error_where_the_library_is_reached():
    lock = threading.Lock()
    pd.set_option("display.float_format", lambda number: f"{number} {lock}")
    options = LibraryOptions.now()
    options.settings(["matplotlib"])
    with pytest.raises(DeclarationError, match="pandas options can't be handed to a task"):
        options.settings(["pandas"])


@pytest.mark.parametrize(
    ("distribution", "library", "reached"),
    [
        ("pandas", "pandas", True),
        ("pandas", "matplotlib", True),
        ("pyarrow", "pandas", True),
        ("numpy", "pandas", False),
        ("matplotlib", "pandas", False),
        ("phelps-nowhere", "pandas", False),
    ],
)
def test_a_distribution_reaches_what_it_needs_or_can_use(distribution, library, reached):
    assert may_reach(distribution, library) is reached
