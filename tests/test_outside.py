"""What may change while notebook and index stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from phelps_jupyter.adapters.files import Files
from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.core.modules import module_parts, version_digest
from phelps_jupyter.outside import Outside
from phelps_jupyter.parts import env_parts


@dataclass
class Place:
    """A folder that is looked at."""

    folder: Path
    index: SqliteIndex

    @property
    def sources(self) -> ModuleSources:
        return ModuleSources([str(self.folder)])

    def digest(self, part: Part, env: Mapping[str, str], added: tuple[str, ...] = ()) -> Digest:
        now = replace(Surroundings.now(), env=env)
        return Outside(now, str(self.folder), Files(str(self.folder), self.index), self.sources).digest(
            part, added=added
        )

    def stands(self, part: Part, **env: str) -> bool:
        return self.digest(part, env) == part.digest


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    index = SqliteIndex(str(tmp_path / "state.db"))
    yield Place(tmp_path, index)
    index.close()


def test_a_variable_counts_by_its_value(place: Place):
    (part,) = env_parts({"MODE": "on"})
    assert place.stands(part, MODE="on")
    assert not place.stands(part, MODE="off")
    assert not place.stands(part)


def test_a_variable_that_cells_have_set_is_theirs(place: Place):
    outer, own = env_parts({"MODE": "on", "OTHER": "on"}, {"OTHER"}, Digest("l1"))
    assert (outer.origin, own.origin) == ("", "cells:l1")
    assert place.stands(own, OTHER="off")


@pytest.mark.parametrize("source", ["fast.py", "fast/__init__.py"])
def test_a_module_that_was_not_there_counts_until_it_is(place: Place, source: str):
    (part,) = module_parts([("fast", None)], place.sources.find)
    assert place.stands(part)
    (place.folder / source).parent.mkdir(exist_ok=True)
    (place.folder / source).write_text("x = 1")
    assert not place.stands(part)
    (part,) = module_parts([("fast", None)], place.sources.find)
    assert place.stands(part)
    (place.folder / source).unlink()
    assert place.digest(part, {}) == ""


def test_a_module_in_a_folder_that_cells_have_added_is_found_there(place: Place):
    (place.folder / "src").mkdir()
    (place.folder / "src/tools.py").write_text("x = 1")
    (part,) = module_parts([("tools", None)], ModuleSources([str(place.folder / "src")]).find)
    assert place.digest(part, {}) == ""
    assert place.digest(part, {}, ("src",)) == part.digest
    (place.folder / "src/tools.py").write_text("x = 2")
    assert place.digest(part, {}, ("src",)) not in ("", part.digest)


def test_an_installed_distribution_counts_by_its_version(place: Place):
    from importlib.metadata import version

    part = Part(PartKind.VERSION, "xxhash", version_digest(version("xxhash")))
    assert place.stands(part)
    assert not place.stands(replace(part, digest=version_digest("0.1")))
    assert place.digest(replace(part, name="phelps_sample_of_nothing"), {}) == ""
