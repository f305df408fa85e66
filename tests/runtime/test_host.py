"""What a process knows of its machine: the GPUs that it may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from phelps_jupyter.runtime import host

TWO = """\
GPU 0: Tesla V100-SXM2-16GB (UUID: GPU-3a23c669-1f69-c64e-cf85-44e9b07e7a2a)
GPU 1: Tesla V100-SXM2-16GB (UUID: GPU-4b34d770-2f70-d75f-d096-55f0c18f8b3b)
"""


@pytest.fixture(autouse=True)
def _no_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(host, "GPUS", str(tmp_path / "driver"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def tool(folder: Path, script: str) -> None:
    """An nvidia-smi that is found first."""
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "nvidia-smi").chmod(0o755)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", ()),
        ("0", ("0",)),
        ("2, 3", ("2", "3")),
        ("GPU-3a23c669,MIG-c6d4f1ef", ("GPU-3a23c669", "MIG-c6d4f1ef")),
        ("0,-1,1", ("0",)),
        ("1,1", ("1",)),
        ("NoDevFiles", ()),
    ],
)
def test_what_the_environment_names_is_what_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str, expected: tuple[str, ...]
) -> None:
    tool(tmp_path, f"printf '%s' '{TWO}'")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert host.facts().gpus == expected


def test_the_driver_lists_them(tmp_path: Path) -> None:
    tool(tmp_path, "exit 1")
    for place in ("0000:3b:00.0", "0000:af:00.0", "0000:d8:00.0"):
        (tmp_path / "driver" / place).mkdir(parents=True)
    assert host.facts().gpus == ("0", "1", "2")


def test_where_the_driver_lists_none_its_tool_is_asked(tmp_path: Path) -> None:
    tool(tmp_path, f"[ \"$1\" = -L ] && printf '%s' '{TWO}'")
    assert host.facts().gpus == ("0", "1")


@pytest.mark.parametrize("script", ["echo 'No devices found.'", "echo 'GPU 0: broken'; exit 9", None])
def test_there_are_none_where_nothing_tells_of_any(tmp_path: Path, script: str | None) -> None:
    if script is not None:
        tool(tmp_path, script)
    assert host.facts().gpus == ()


@pytest.mark.parametrize(("limit", "left"), [("max\n", None), ("1000\n", 350)])
def test_a_container_may_have_less_than_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, left: int | None
) -> None:
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 600\ninactive_anon 9\ninactive_file 50\n")
    whole = host.available()
    monkeypatch.setattr(host, "GROUP", str(tmp_path))
    found = host.available()
    assert whole is not None
    assert found is not None
    assert found == left if left else abs(found - whole) < whole / 2


def test_what_is_available_is_no_more_than_there_is() -> None:
    left = host.available()
    assert left is not None
    assert 0 < left <= host.memory()
