"""The runtime's source as cargo: packed here, installed there, intact or installed again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from phelps_jupyter.runtime import shipment
from phelps_jupyter.runtime.shipment import Outpost, Shipment


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_the_cargo_holds_the_runtime_and_nothing_above_it() -> None:
    files = shipment.pack().files
    assert {"phelps_jupyter/__init__.py", "phelps_jupyter/runtime/cell.py"} <= set(files)
    assert {Path(path).parent.name for path in files} == {"phelps_jupyter", "runtime"}


def test_what_is_installed_runs_by_itself() -> None:
    folder = shipment.install(shipment.pack())
    code = f"import sys; sys.path.insert(0, {folder!r}); from phelps_jupyter.runtime import cell; print(cell.__file__)"
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.startswith(folder)


def test_installing_twice_writes_once() -> None:
    cargo = shipment.pack()
    folder = shipment.install(cargo)
    written = os.stat(folder).st_ino
    assert shipment.install(cargo) == folder
    assert os.stat(folder).st_ino == written


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_installation_is_made_anew(damage: str) -> None:
    cargo = shipment.pack()
    cell = Path(shipment.install(cargo), "phelps_jupyter", "runtime", "cell.py")
    if damage == "changed":
        cell.write_text("raise SystemExit")
    else:
        cell.unlink()
    shipment.install(cargo)
    assert cell.read_text() == cargo.files["phelps_jupyter/runtime/cell.py"]


def test_other_sources_have_another_stamp_and_another_folder() -> None:
    one, two = Shipment("1" * 32, {"a.py": "1"}), Shipment("2" * 32, {"a.py": "2"})
    assert shipment.install(one) != shipment.install(two)


def test_a_folder_that_others_could_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"phelps-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"phelps-{os.getuid()}").chmod(0o777)
    with pytest.raises(PermissionError, match="mode 0700"):
        shipment.install(shipment.pack())


def test_an_outpost_unpacks_itself_from_the_cargo() -> None:
    outpost = Outpost(shipment.compress(shipment.pack()))
    assert outpost.facts()[0] == os.getpid()
