"""How many threads a body has: as many as its cpus, unless somebody has said something else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from zygote_kit import Told, order_in

from phelps_jupyter.runtime import host, surroundings
from phelps_jupyter.runtime.news import order_message

SHOWN = """
import json, os, sys
names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
print(json.dumps([os.environ.get(name) for name in names]), end=".")
"""
COUNTED = """
import json, os
import numpy
square = numpy.ones((700, 700))
square @ square
print(json.dumps(len(os.listdir("/proc/self/task"))), end=".")
"""
TWO_CPUS = pytest.mark.skipif(host.cpus() < 2, reason="numpy makes no more threads than there are cpus")


@pytest.fixture(autouse=True)
def _nobody_has_said_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (surroundings.OMP, *surroundings.FOLLOWING, *surroundings.THREADS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[Callable[..., object]]:
    """What a body with so many cpus prints."""
    told: list[Told] = []

    def run(body: str, cpus: int, env: dict[str, str | None] | None = None) -> object:
        told.append(Told(tmp_path / f"store{len(told)}"))
        order = replace(order_in(tmp_path, body), outputs=(), env=env or {}, cpus=cpus)
        told[-1].keeper.tell(order_message(order))
        assert told[-1].outcome().kind == "done", told[-1].outcome().traceback
        return json.loads(told[-1].wrote().removesuffix("."))

    yield run
    for each in told:
        each.keeper.close()


@pytest.mark.parametrize("cpus", [1, 3])
def test_libraries_are_told_the_number_of_cpus(printed: Callable[..., object], cpus: int) -> None:
    assert printed(SHOWN, cpus) == [str(cpus)] * 3


@TWO_CPUS
@pytest.mark.parametrize("cpus", [1, 2])
def test_numpy_has_as_many_threads_as_cpus(printed: Callable[..., object], cpus: int) -> None:
    assert printed(COUNTED, cpus) == cpus


@TWO_CPUS
def test_numpy_that_was_there_before_obeys_as_well(
    printed: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("threadpoolctl")
    (tmp_path / "sitecustomize.py").write_text("import numpy")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    body = """
import json, threadpoolctl
print(json.dumps([pool["num_threads"] for pool in threadpoolctl.threadpool_info()]), end=".")
"""
    assert printed(body, 1) == [1]
    assert printed(body, 2) == [2]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"OMP_NUM_THREADS": "5"}, ["5", None, "2"]),
        ({"OPENBLAS_NUM_THREADS": "5"}, ["2", "5", "2"]),
        ({"RAYON_NUM_THREADS": "5"}, ["2", "2", "5"]),
    ],
)
@pytest.mark.parametrize("by", ["a cell", "whoever started the kernel"])
def test_what_somebody_has_said_stands(
    printed: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
    by: str,
    said: dict[str, str],
    expected: list[str | None],
) -> None:
    if by == "a cell":
        assert printed(SHOWN, 2, said) == expected
    else:
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        assert printed(SHOWN, 2) == expected


def test_a_variable_that_counts_as_absent_is_absent(printed: Callable[..., object]) -> None:
    # ``--env OMP_NUM_THREADS``: the key says that it was not set.
    assert printed(SHOWN, 2, {"OMP_NUM_THREADS": None}) == [None, "2", "2"]
