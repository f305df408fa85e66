"""Whose code a module is."""

from __future__ import annotations

import importlib.metadata
import sys
import types

import numpy as np
import pytest

from phelps_jupyter.runtime.homes import Home, home_of_module, version_of


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
