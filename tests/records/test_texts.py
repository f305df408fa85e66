"""What parts of a key were made from, kept and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from phelps_jupyter.adapters.disk_store import DiskStore
from phelps_jupyter.core.model import Cell, CellId, Digest, Part, PartKind
from phelps_jupyter.core.modules import ProjectModule, module_parts
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.records.texts import Keeper, Kept, dumps, loads, module_text

CELLS = {"set": "rate = 2", "load": "%%task load\nraw = [1]", "plain": "table = [rate for r in raw]"}
MODULE = {"tools": ProjectModule("LIMIT = 3\n\ndef used():\n    return LIMIT\n\ndef spared():\n    return 1\n", False)}


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    return DiskStore(str(tmp_path / ".phelps"))


def keep(keeper: Keeper, lineage: str = "l1") -> str:
    book = Notebook()
    book.read([Cell(CellId(name), source) for name, source in CELLS.items()], 0.0)
    return keeper.cell(book.graph(), CellId("plain"), Digest(lineage), lambda _task, _name: Digest("v1"))


def test_cells_are_read_as_they_were_kept(store):
    found = Kept(store.folder).cells(keep(Keeper(store)))
    assert [(one.cell, one.source) for one in found] == [("set", CELLS["set"]), ("plain", CELLS["plain"])]
    assert [(taken.name, taken.task, taken.digest) for taken in found[-1].takes] == [("raw", "load", "v1")]
    assert loads(dumps(found)) == found


def test_cells_of_one_lineage_are_kept_once(store):
    keeper = Keeper(store)
    assert keep(keeper) == keep(keeper)


def test_of_a_module_the_lines_in_reach_are_kept(store):
    parts = Keeper(store).with_modules(module_parts([("tools", "used")], MODULE.get), MODULE.get)
    assert [Kept(store.folder).text(part.source) for part in parts] == ["LIMIT = 3\ndef used():\n    return LIMIT"]
    assert module_text(parts[0], MODULE.get) == Kept(store.folder).text(parts[0].source)


def test_other_parts_stay_as_they_are(store):
    code = Part(PartKind.CODE, "", Digest("c1"))
    assert Keeper(store).with_modules([code], MODULE.get) == (code,)


@pytest.mark.parametrize("source", ["", "0" * 32])
def test_what_was_not_kept_or_is_gone_is_nothing(store, source):
    kept = Kept(store.folder)
    assert (kept.cells(source), kept.text(source)) == ((), "")


def test_what_is_of_another_form_is_nothing(store):
    assert Kept(store.folder).cells(store.put_bytes(b'[["only"]]')) == ()
