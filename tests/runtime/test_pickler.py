"""Notebook functions and classes on their way from one process to another, whose notebook has them or hasn't."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import ModuleType

import pytest

import phelps_jupyter
from phelps_jupyter.runtime import values

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(phelps_jupyter.__file__).parents[1])}

HEAD = """
import sys
from phelps_jupyter.runtime import values
STORE = sys.argv[1]
sys.path.insert(0, STORE)
def put(value): values.write(value, "abcdef", STORE)
def get(): return values.read("abcdef", STORE)
"""

FORKS = """
import os, runpy, sys, traceback
from phelps_jupyter.runtime import values
for line in sys.stdin:
    sys.argv = line.rstrip("\\n").split("\\t")
    if os.fork() == 0:
        with open(sys.argv[0] + ".out", "w") as sys.stdout:
            sys.stderr = sys.stdout
            try:
                runpy.run_path(sys.argv[0], run_name="__main__")
            except BaseException:
                traceback.print_exc()
                sys.stdout.write("FAILED")
        os._exit(0)
    os.wait()
    print(flush=True)
"""


class Notebook:
    """A folder of scripts, each a process whose ``__main__`` is the notebook. Forked: that takes a tenth of a start."""

    def __init__(self, forks: subprocess.Popen[str], folder: Path) -> None:
        self.forks = forks
        self.folder = folder

    def run(self, source: str) -> str:
        script = self.folder / f"script{len(list(self.folder.glob('script*.py')))}.py"
        script.write_text(HEAD + source)
        assert self.forks.stdin is not None
        assert self.forks.stdout is not None
        print(script, self.folder, sep="\t", file=self.forks.stdin, flush=True)
        assert self.forks.stdout.readline() == "\n"
        output = script.with_suffix(".py.out").read_text()
        assert not output.endswith("FAILED"), output
        return output.strip()


@pytest.fixture(scope="module")
def forks() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", FORKS]
    with subprocess.Popen(command, env=ENVIRONMENT, stdin=-1, stdout=-1, text=True) as process:
        yield process


@pytest.fixture
def notebook(forks: subprocess.Popen[str], tmp_path: Path) -> Notebook:
    return Notebook(forks, tmp_path)


@dataclass(frozen=True, slots=True)
class Case:
    """A cell, an expression over what it defines, and what must hold of its ``value`` in another process."""

    name: str
    cell: str
    made: str
    checks: str


def cases(name: str) -> list[Case]:
    text = (Path(__file__).parent / name).read_text()
    found = re.findall(r"^## (.+)\n((?:.*\n)*?)>>> (.+)\n((?:assert .*\n)+)", text, re.MULTILINE)
    return [Case(*each) for each in found]


ALL = [*cases("notebook_classes.txt"), *cases("notebook_functions.txt")]
CLASSES = pytest.mark.parametrize("case", cases("notebook_classes.txt"), ids=attrgetter("name"))
FUNCTIONS = pytest.mark.parametrize("case", cases("notebook_functions.txt"), ids=attrgetter("name"))


@CLASSES
def test_instances_work_where_the_class_is_unknown(notebook: Notebook, case: Case) -> None:
    notebook.run(f"{case.cell}put({case.made})")
    notebook.run(f"value = get()\n{case.checks}")


@CLASSES
def test_instances_work_where_the_class_is_known(notebook: Notebook, case: Case) -> None:
    notebook.run(f"{case.cell}put({case.made})")
    notebook.run(f"{case.cell}value = get()\n{case.checks}")


@CLASSES
def test_instances_travel_on_from_a_process_without_source(notebook: Notebook, case: Case) -> None:
    notebook.run(f"{case.cell}put({case.made})")
    notebook.run("value = get()\nvalues.write(value, 'bbbbbb', STORE)")
    notebook.run(f"value = values.read('bbbbbb', STORE)\n{case.checks}")


@pytest.mark.parametrize("case", ALL, ids=attrgetter("name"))
def test_all_that_comes_back_in_one_process_is_the_same(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    writer, reader = ModuleType("__main__"), ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", writer)
    exec(compile(case.cell, "cell", "exec", dont_inherit=True), vars(writer))
    data = values.dumps(eval(case.made, vars(writer)))
    monkeypatch.setitem(sys.modules, "__main__", reader)
    vars(reader)["value"] = values.loads(data)
    exec(case.checks, vars(reader))


C = "class C:\n    def __init__(self, x): self.x = x\n"


def test_an_instance_resolves_to_the_readers_class_of_equal_digest(notebook: Notebook) -> None:
    notebook.run(f"{C}put([C(1), C])")
    notebook.run(f"{C}value, cls = get()\nassert type(value) is cls is C")


def test_an_instance_keeps_its_own_class_when_the_readers_differs(notebook: Notebook) -> None:
    notebook.run(f"{C}put(C(1))")
    notebook.run(f"{C.replace('= x', '= x + 1')}value = get()\nassert not isinstance(value, C)\nassert value.x == 1")


def test_a_name_that_is_no_class_for_the_reader_is_passed_over(notebook: Notebook) -> None:
    notebook.run(f"{C}put(C(1))")
    notebook.run("C = 5\nassert get().x == 1")


def test_a_class_is_built_once_in_a_process(notebook: Notebook) -> None:
    notebook.run(f"{C}put(C(1))")
    notebook.run("assert type(get()) is type(get())")


def test_a_subclass_that_comes_later_is_built_on_the_class_that_is_there(notebook: Notebook) -> None:
    base = "class B:\n    made = 0\n    def __init_subclass__(cls, *, tag): B.made += 1\n"
    notebook.run(f"{base}values.write(B, 'aaaaaa', STORE)\nclass C(B, tag='c'): pass\nC.kept = 'kept'\nput(C())")
    notebook.run(
        "B = values.read('aaaaaa', STORE)\nvalue = get()\n"
        "assert value.kept == 'kept'\nassert '__init_subclass__' in vars(B)"
    )


def test_a_class_whose_definition_fails_to_load_leaves_nothing_half_made(notebook: Notebook) -> None:
    broken = (
        "def fail(): raise ValueError('broken')\n"
        "class Broken:\n    def __reduce__(self): return fail, ()\n"
        "class C: part = [Broken()]\n"
    )
    notebook.run(f"{broken}put(C())")
    notebook.run(
        "from phelps_jupyter.runtime import classes\n"
        "try: get()\nexcept values.Unreadable as error: assert 'broken' in str(error)\n"
        "else: raise AssertionError\n"
        "assert not classes._building\nassert not classes._built"
    )


MADE_MODULE = """
import types
main = sys.modules["__main__"] = types.ModuleType("__main__")
vars(main).update(put=put, get=get)
"""


def test_classes_work_in_a_process_whose_main_module_is_a_made_one(notebook: Notebook) -> None:
    notebook.run(f"{MADE_MODULE}exec({C + 'def f(): return C(3)'!r}, vars(main))\nput([main.C(1), main.f])")
    notebook.run(
        f"{MADE_MODULE}value, f = get()\nmain.C = type(value)\nassert f().x == 3\nassert type(f()) is type(value)"
    )


@FUNCTIONS
def test_functions_work_where_they_are_unknown(notebook: Notebook, case: Case) -> None:
    notebook.run(f"{case.cell}put({case.made})")
    notebook.run(f"value = get()\n{case.checks}")


def test_a_function_uses_the_globals_of_its_reader(notebook: Notebook) -> None:
    notebook.run("rate = 1\nbig = lambda: open(__file__)\nhandle = big()\ndef f(): return rate\nput(f)\nhandle.close()")
    notebook.run("rate = 2\nf = get()\nassert f() == 2\nassert f.__globals__ is globals()\nrate = 3\nassert f() == 3")


def test_a_function_that_arrived_has_the_digest_it_had(notebook: Notebook) -> None:
    source = "def f(x):\n    # a comment\n    return (lambda y: x + y)\n" + C + "    def g(self): return f\n"
    show = "from phelps_jupyter.runtime.functions import function_digest as d\nprint(d(f), d(C), d(C.g))"
    before = notebook.run(f"{source}put([f, C])\n{show}")
    assert notebook.run(f"f, C = get()\n{show}") == before


def test_equal_notebooks_write_equal_definitions(notebook: Notebook) -> None:
    source = f"{C}print(values.dumps(C(1)) == values.dumps(C(1)))"
    assert notebook.run(source) == "True"


def test_the_part_of_a_class_that_cant_be_stored_is_named(notebook: Notebook) -> None:
    source = (
        "import threading\nclass B:\n    lock = threading.Lock()\nclass C(B): pass\n"
        "for value in (C, C()):\n    try: put(value)\n    except values.Unstorable as error: print(error)\n"
    )
    assert notebook.run(source).splitlines() == [
        ".__bases__[0].lock: _thread.lock can't be stored",
        " (its class C).__bases__[0].lock: _thread.lock can't be stored",
    ]


def test_functions_registered_by_value_go_with_their_globals(notebook: Notebook) -> None:
    (notebook.folder / "mine.py").write_text("factor = 3\ndef f(x):\n    return factor * x\n")
    notebook.run("import cloudpickle, mine\ncloudpickle.register_pickle_by_value(mine)\nput(mine.f)")
    (notebook.folder / "mine.py").unlink()
    notebook.run("assert get()(2) == 6")


def test_a_generic_function_that_arrived_has_the_digest_it_had_and_takes_more(notebook: Notebook) -> None:
    digested = "from phelps_jupyter.runtime.digests import digest\n"
    show = "from functools import singledispatch\n@singledispatch\ndef show(x):\n    return 'any'\n"
    before = notebook.run(f"{digested}{show}put(show)\nprint(digest(show).digest)")
    read = f"{digested}show = get()\nprint(digest(show).digest)\nshow.register(int)(lambda x: 'int')\n"
    arrived, after, shown = notebook.run(f"{read}print(digest(show).digest, show(1), sep='\\n')").splitlines()
    assert (arrived, after == before, shown) == (before, False, "int")
