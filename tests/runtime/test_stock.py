"""Libraries that a zygote has imported ahead: bodies get them at once, and see nothing else of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zygote_kit import Told, order_in

from phelps_jupyter.runtime import host, surroundings
from phelps_jupyter.runtime.news import order_message
from phelps_jupyter.runtime.orders import Outcome

pytest.importorskip("numpy")
NUMPY = "import numpy"
HAS_IT = "any('_multiarray_umath' in line for line in open('/proc/self/maps'))"
"""Before it is imported: whether compiled code of numpy is there."""
SEEN = f"import json, os, sys\nfound = [{HAS_IT}, 'numpy' in sys.modules, sorted(sys.modules), os.getppid()]\n"
TOLD = "print(json.dumps(found), end='.')"


@pytest.fixture(autouse=True)
def _nobody_has_said_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (surroundings.OMP, *surroundings.FOLLOWING, *surroundings.THREADS):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Run a body; what it prints, as JSON, or its outcome."""
    told = Told(tmp_path / "store")
    numbers = iter(range(1, 100))
    folder = tmp_path / "work"
    folder.mkdir()

    def act(body: str, **fields: Any) -> Any:
        number = next(numbers)
        order = replace(order_in(tmp_path, body), run=number, outputs=(), folder=str(folder), **fields)
        told.keeper.tell(order_message(order))
        outcome = told.outcome(number)
        assert outcome.kind == "done", outcome
        return json.loads(told.wrote(number).removesuffix(".")) if "print" in body else outcome

    yield act
    told.keeper.close()


@pytest.fixture
def stocked(run: Callable[..., Any]) -> Callable[..., Any]:
    """Two bodies have imported numpy."""
    run(NUMPY)
    run(NUMPY)
    return run


def test_what_bodies_import_is_there_for_those_that_come_after(run: Callable[..., Any]) -> None:
    had = [run(SEEN + NUMPY + "\n" + TOLD)[0] for _ in range(4)]
    assert had == [False, False, True, True]


def test_a_body_sees_nothing_of_it_before_its_import_and_all_afterwards(run: Callable[..., Any]) -> None:
    body = f"{SEEN}{NUMPY}\nfound += [sorted(sys.modules), sorted(vars(numpy)), numpy.__spec__.origin]\n{TOLD}"
    first, _, third = run(body), run(body), run(body)
    assert (first[0], third[0]) == (False, True)
    assert first[1:3] + first[4:] == third[1:3] + third[4:]


def test_a_body_that_imports_nothing_has_nothing(stocked: Callable[..., Any]) -> None:
    has, named, *_ = stocked(SEEN + TOLD)
    assert (has, named) == (True, False)


def test_draws_without_a_seed_differ(stocked: Callable[..., Any]) -> None:
    draw = f"import json, numpy\nfound = [{HAS_IT}, numpy.random.random()]\n{TOLD}"
    (_, one), (has, other) = stocked(draw), stocked(draw)
    assert has
    assert one != other


def test_a_seed_holds(run: Callable[..., Any]) -> None:
    draw = f"import json, numpy\nfound = [numpy.random.random(), {HAS_IT}]\n{TOLD}"
    assert len({run(draw, seed=7)[0] for _ in range(4)}) == 1


def test_that_a_body_drew_is_noticed(stocked: Callable[..., Any]) -> None:
    drew: Outcome = stocked("import numpy\nx = numpy.random.random()")
    calm: Outcome = stocked("import numpy\nx = numpy.ones(2)")
    assert (drew.drew, calm.drew) == (True, False)


def test_another_environment_imports_anew(stocked: Callable[..., Any]) -> None:
    has, _, _, zygote = stocked(SEEN + TOLD, env={"NPY_SOMETHING": "1"})
    assert not has
    assert stocked(SEEN + TOLD)[3] == zygote


def test_a_module_of_the_user_s_that_came_to_be_called_the_same_is_taken(
    stocked: Callable[..., Any], tmp_path: Path
) -> None:
    path = (str(tmp_path / "work"), *sys.path)
    (tmp_path / "work" / "numpy.py").write_text("mine = 1")
    assert stocked("import json, numpy\nfound = numpy.mine\n" + TOLD, path=path) == 1


def test_where_libraries_were_installed_meanwhile_bodies_import_anew(run: Callable[..., Any], tmp_path: Path) -> None:
    library = tmp_path / "site-packages"
    library.mkdir()
    path = (*sys.path, str(library))
    before = [run(SEEN + NUMPY + "\n" + TOLD, path=path)[0] for _ in range(3)]
    (library / "other.py").write_text("")
    assert (before, run(SEEN + TOLD, path=path)[0]) == ([False, False, True], False)


def test_its_memory_is_no_body_s(run: Callable[..., Any]) -> None:
    # Long enough to be looked at.
    body = "import time\ntime.sleep(0.2)"
    before: Outcome = run(body)
    run(NUMPY)
    run(NUMPY)
    after: Outcome = run(body)
    assert abs(after.peak_memory - before.peak_memory) < 5_000_000


@pytest.mark.skipif(host.cpus() < 2, reason="numpy makes no more threads than there are cpus")
def test_it_has_as_many_threads_as_cpus(stocked: Callable[..., Any]) -> None:
    pytest.importorskip("threadpoolctl")
    count = "import threadpoolctl\nfound = [has, [each['num_threads'] for each in threadpoolctl.threadpool_info()]]\n"
    body = f"import json\nhas = {HAS_IT}\nimport numpy\n{count}{TOLD}"
    assert [stocked(body, cpus=cpus) for cpus in (2, 1)] == [[True, [2]], [True, [1]]]


def shows(library: str, compiled: str) -> str:
    """What importing a library changes, where it is compiled into files of such a name."""
    has = f"any({compiled!r} in line for line in open('/proc/self/maps'))"
    seen = (
        "[atexit._ncallbacks(), sorted(os.environ.items()), len(warnings.filters), len(os.listdir('/proc/self/task'))]"
    )
    return (
        f"import atexit, json, os, sys, warnings\nfound = [{has}, {seen}, sorted(sys.modules)]\n"
        f"import {library}\nfound += [{seen}, sorted(sys.modules)]\n{TOLD}"
    )


@pytest.mark.parametrize(("library", "compiled"), [("pandas", "pandas"), ("pyarrow.parquet", "_parquet")])
def test_what_an_import_leaves_beside_modules_is_there_with_it_and_not_before(
    run: Callable[..., Any], library: str, compiled: str
) -> None:
    pytest.importorskip(library)
    body = shows(library, compiled)
    # What it rests on is imported ahead before it.
    fresh, *later = [run(body) for _ in range(12)]
    assert (fresh[0], later[-1][0]) == (False, True)
    threads = fresh[3].pop()
    assert (later[-1][3].pop(), threads) == (1, 1 + ("pyarrow" in fresh[4]))
    assert later[-1][1:] == fresh[1:]


DRAWS = "import numpy as np\nfound = [np.random.random(), 'scipy' in sys.modules]\n"
HAS_SCIPY = "any('scipy' in line for line in open('/proc/self/maps'))"


@pytest.fixture
def well_stocked(run: Callable[..., Any]) -> Callable[..., Any]:
    """Three libraries, of which the later ones import the first one's parts again."""
    pytest.importorskip("scipy")
    pytest.importorskip("pandas")
    for library in ("numpy", "pandas", "scipy.stats"):
        for _ in range(9):
            if run(f"import json\nfound = {HAS_SCIPY}\nimport {library}\n{TOLD}") and library != "pandas":
                break
    return run


def test_draws_are_seeded_and_noticed_whatever_else_was_imported_ahead(well_stocked: Callable[..., Any]) -> None:
    draw = f"import json, sys\nhas = {HAS_SCIPY}\n{DRAWS}found.append(has)\n{TOLD}"
    (one, *_), (other, _, has) = well_stocked(draw), well_stocked(draw)
    assert has
    assert one != other
    assert len({well_stocked(draw, seed=7)[0] for _ in range(2)}) == 1
    drew: Outcome = well_stocked("import numpy as np\nx = np.random.random()", seed=7)
    assert drew.drew


@pytest.mark.parametrize("module", ["gzip", "unittest", "concurrent.futures"])
def test_a_module_of_python_s_brings_no_library(well_stocked: Callable[..., Any], module: str) -> None:
    body = f"import json, sys\nhas = {HAS_SCIPY}\nimport {module}\n"
    has, brought = well_stocked(
        f"{body}found = [has, [name for name in ('pandas', 'numpy') if name in sys.modules]]\n{TOLD}"
    )
    assert (has, brought) == (True, [])


def test_a_body_that_looks_for_modules_elsewhere_finds_its_own(stocked: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine" / "numpy").mkdir(parents=True)
    (tmp_path / "mine" / "numpy" / "__init__.py").write_text("mine = 1")
    (tmp_path / "other").mkdir()
    start = f"import json, sys\nhas = {HAS_IT}\nsys.path.insert(0, "
    end = f")\nimport numpy\nfound = [has, numpy.__file__]\n{TOLD}"
    both = [stocked(f"{start}{str(tmp_path / name)!r}{end}") for name in ("mine", "other")]
    assert [has for has, _ in both] == [True, True]
    assert [file.startswith(str(tmp_path)) for _, file in both] == [True, False]


def test_a_body_that_sets_variables_has_libraries_that_read_them(stocked: Callable[..., Any]) -> None:
    assert stocked(SEEN + TOLD)[0]
    assert not stocked(f"import os\nos.environ['SCIPY_ARRAY_API'] = '1'\n{SEEN}{TOLD}")[0]


@pytest.mark.skipif(host.cpus() < 2, reason="numpy makes no more threads than there are cpus")
def test_limiting_threads_brings_no_module(stocked: Callable[..., Any]) -> None:
    body = f"import json, sys\nhas = {HAS_IT}\nimport numpy\nfound = [has, 'threadpoolctl' in sys.modules]\n{TOLD}"
    assert stocked(body, cpus=2) == [True, False]
