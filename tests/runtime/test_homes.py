"""Whose code a module is."""

from __future__ import annotations

import importlib.metadata
import sys
import types

import numpy as np
import pytest

from phelps_jupyter.runtime import homes
from phelps_jupyter.runtime.homes import Home, home_of_module, look_at_loaded, outside_libraries, version_of


@pytest.mark.parametrize(
    ("module", "home"),
    [
        ("__main__", Home.NOTEBOOK),
        ("json.decoder", Home.LIBRARY),
        ("numpy", Home.LIBRARY),
        ("phelps_jupyter.runtime.homes", Home.PROJECT),
        ("nowhere", Home.PROJECT),
        (None, Home.PROJECT),
    ],
)
def test_the_home_of_a_module(module, home):
    assert home_of_module(module) is home


def test_a_module_without_a_file_is_the_projects(monkeypatch):
    monkeypatch.setitem(sys.modules, "made_here", types.ModuleType("made_here"))
    assert home_of_module("made_here") is Home.PROJECT


@pytest.mark.parametrize(
    ("module", "version"),
    [
        ("numpy.linalg", np.__version__),
        ("json", f"{sys.version_info.major}.{sys.version_info.minor}"),
        ("pytest_timeout", importlib.metadata.version("pytest-timeout")),
        ("nowhere", ""),
        ("", ""),
    ],
)
def test_the_version_of_a_module(module, version):
    assert version_of(module) == version


def test_what_is_loaded_after_a_look_is_found_beside_what_was_there(monkeypatch):
    monkeypatch.setattr(homes._LookedAt, "last", None)
    monkeypatch.setattr(homes._LookedAt, "outside", ())
    monkeypatch.setitem(sys.modules, "came_before", types.ModuleType("came_before"))
    whole = outside_libraries()
    look_at_loaded()
    monkeypatch.setitem(sys.modules, "came_after", types.ModuleType("came_after"))
    found = outside_libraries()
    assert "came_before" in whole
    assert (sorted(found), len(found)) == (sorted([*whole, "came_after"]), len(whole) + 1)


def test_where_the_last_module_that_was_seen_is_gone_all_are_looked_at(monkeypatch):
    monkeypatch.setattr(homes._LookedAt, "outside", ("never_there",))
    monkeypatch.setattr(homes._LookedAt, "last", "gone")
    assert "phelps_jupyter.runtime.homes" in outside_libraries()
    assert "never_there" not in outside_libraries()
