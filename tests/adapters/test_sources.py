"""What module names stand for, on disk and by the finders of this process."""

from __future__ import annotations

import sys
import zipfile
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.core.modules import AbsentModule, InstalledModule, ProjectModule
from phelps_jupyter.errors import DeclarationError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("")
    (tmp_path / "pkg/sub.py").write_text("x = 1\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/st.py").write_text("y = 1\n")
    (tmp_path / "old.py").write_bytes("# coding: latin-1\nname = 'é'\n".encode("latin-1"))
    (tmp_path / "broken.py").write_bytes(b"name = '\xe9'\n")
    (tmp_path / "unknown.py").write_bytes(b"# coding: klingon\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pkg", ProjectModule("", True)),
        ("pkg.sub", ProjectModule("x = 1\n", False)),
        ("lib", None),
        ("lib.st", ProjectModule("y = 1\n", False)),
        ("old", ProjectModule("# coding: latin-1\nname = 'é'\n", False)),
        ("pkg.absent", None),
        ("old.absent", None),
        ("absent_altogether", AbsentModule()),
        ("json", None),
        ("__main__", None),
        ("", None),
    ],
)
def test_names_stand_for_what_is_on_the_path(
    project: Path, name: str, expected: ProjectModule | AbsentModule | None
) -> None:
    assert ModuleSources([str(project)]).find(name) == expected


def test_installed_modules_are_told_by_distribution(project: Path) -> None:
    found = ModuleSources([str(project), *sys.path]).find("xxhash")
    assert isinstance(found, InstalledModule)
    assert found.distribution == "xxhash"


def test_modules_in_an_archive_count(project: Path) -> None:
    with zipfile.ZipFile(project / "zipped.zip", "w") as archive:
        archive.writestr("inside.py", "z = 1\n")
    found = ModuleSources([str(project / "zipped.zip")]).find("inside")
    assert found == ProjectModule("z = 1\n", False)


@pytest.mark.parametrize("name", ["broken", "unknown"])
def test_a_source_that_cant_be_read_is_told(project: Path, name: str) -> None:
    with pytest.raises(DeclarationError, match=f"module {name} can't be read from "):
        ModuleSources([str(project)]).find(name)


class Editable:
    """Finds one package, as ``pip install -e`` has it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name == "fails_to_be_found":
            raise RuntimeError(name)
        return spec_from_file_location("editable", self.path) if name == "editable" else None


def test_finders_of_editable_installs_are_asked_and_nothing_is_imported(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "src").mkdir()
    (project / "src/editable.py").write_text("raise RuntimeError\n")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, object(), Editable(project / "src/editable.py")])
    sources = ModuleSources([])
    assert sources.find("editable") == ProjectModule("raise RuntimeError\n", False)
    assert sources.find("fails_to_be_found") == AbsentModule()
    assert "editable" not in sys.modules
