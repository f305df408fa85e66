"""What bodies are seen to use and to leave of the file system: each in a process of its own, as on an engine."""

from __future__ import annotations

import contextlib
import os
import py_compile
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from zygote_kit import Told

from phelps_jupyter.runtime import digests, values
from phelps_jupyter.runtime.news import order_message
from phelps_jupyter.runtime.orders import Given, Order, Outcome, Sightings
from phelps_jupyter.runtime.sights import own_names, watched_digest, word_digest

HANG = 60.0
LONG_AGO = 1_600_000_000


class Place:
    """A project with a notebook's folder in it, and bodies that run there."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.base = self.project / "notebooks"
        self.store = self.base / ".phelps"
        self.base.mkdir(parents=True)
        self._told = Told(self.store)
        self._runs = 0

    def put(self, name: str, text: str = "old") -> Path:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    def outcome(self, body: str, inputs: dict[str, object] | None = None, **fields: Any) -> Outcome:
        self._runs += 1
        given = tuple(Given(name, inline=values.dumps(value)) for name, value in (inputs or {}).items())
        standard: dict[str, Any] = {
            "run": self._runs,
            "attempt": 1,
            "task": "fit",
            "body": body,
            "inputs": given,
            "outputs": (),
            "declared": False,
            "optional": frozenset(),
            "store": str(self.store),
            "folder": str(self.base),
            "path": (str(self.base), *sys.path),
            "env": {},
            "seed": None,
            "cpus": 1,
            "memory": None,
            "time": None,
            "base": str(self.base),
            "project": str(self.project),
        }
        order = Order(**standard | fields)
        self._told.keeper.tell(order_message(order))
        return self._told.outcome(order.run)

    def sees(self, body: str, inputs: dict[str, object] | None = None, **fields: Any) -> Sightings:
        outcome = self.outcome(body, inputs, **fields)
        assert outcome.kind == "done", outcome.traceback or outcome.message
        return outcome.sightings

    def broken(self, seen: Sightings) -> list[str]:
        """The names of the conditions that don't hold now, looked at as a kernel does."""
        outputs = wrote(seen)
        return [
            each.name
            for each in seen.read
            if each.digest
            != watched_digest(each.kind, os.path.join(self.base, each.name), own_names(each.name, outputs))
        ]

    def close(self) -> None:
        self._told.keeper.close()


def conditions(seen: Sightings) -> list[tuple[str, str]]:
    return [(each.kind, each.name) for each in seen.read]


def wrote(seen: Sightings) -> list[str]:
    return [each.name for each in seen.wrote]


def files(seen: Sightings) -> list[str]:
    return [each.name for each in seen.read if each.kind == "file"]


def content(text: str) -> str:
    return digests.digest_bytes(text.encode())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


READS = {
    "text": ("open('a.txt').read()", ["a.txt"]),
    "a path": ("from pathlib import Path\nPath('a.txt').read_text()", ["a.txt"]),
    "bytes": ("open(b'a.txt').close()", ["a.txt"]),
    "by number": ("import os\nos.close(os.open('a.txt', os.O_RDONLY))", ["a.txt"]),
    "absolute": ("import os\nopen(os.path.abspath('a.txt')).close()", ["a.txt"]),
    "roundabout": ("open('../notebooks/./sub//b.txt').close()", ["sub/b.txt"]),
    "above": ("open('../c.txt').close()", ["../c.txt"]),
    "twice": ("for _ in 'ab': open('a.txt').close()", ["a.txt"]),
    "from elsewhere": ("%cd -q sub\nopen('b.txt').close()\n%cd -q ..\nopen('a.txt').close()", ["a.txt", "sub/b.txt"]),
    "by pandas": ("import pandas\npandas.read_csv('a.txt')", ["a.txt"]),
    "by numpy": ("import numpy\nnumpy.loadtxt('a.txt', dtype=str)", ["a.txt"]),
    "by linecache": ("import linecache\nlinecache.getline('a.txt', 1)", ["a.txt"]),
    "by a thread": (
        "import threading\nt = threading.Thread(target=open, args=('a.txt',))\nt.start()\nt.join()",
        ["a.txt"],
    ),
    "by a fork": (
        "import os\nif (pid := os.fork()) == 0:\n    open('a.txt')\n    os._exit(0)\nos.waitpid(pid, 0)",
        ["a.txt"],
    ),
    "by a pool": (
        "import linecache, multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    pool.map(linecache.getlines, ['a.txt', 'sub/b.txt'])",
        ["a.txt", "sub/b.txt"],
    ),
    "by %run": ("%run sub/script.py", ["sub/script.py"]),
    "by a subprocess": ("import subprocess\nsubprocess.run(['wc', 'a.txt'])", ["a.txt"]),
    "by a shell": ("import os\nos.system('cat a.txt | sort --output=/dev/null -')", ["a.txt"]),
    "by the notebook's shell": ("!cat a.txt", ["a.txt"]),
    "by a shell elsewhere": ("import subprocess\nsubprocess.run('cat b.txt', shell=True, cwd='sub')", ["sub/b.txt"]),
}


@pytest.mark.parametrize(("body", "names"), READS.values(), ids=READS.keys())
def test_a_file_that_is_read_is_seen_however_it_is_read(place: Place, body: str, names: list[str]) -> None:
    for name in ("a.txt", "sub/b.txt", "../c.txt", "sub/script.py"):
        place.put(name, "1")
    seen = place.sees(body)
    assert files(seen) == names
    assert (wrote(seen), seen.torn, seen.unwatched, place.broken(seen)) == ([], (), (), [])


def test_a_file_is_told_with_its_content_and_with_no_stamp_while_it_is_young(place: Place) -> None:
    # By its times it is not even written yet, however slowly the body starts.
    os.utime(place.put("a.txt", "hello"), (2 * time.time(), 2 * time.time()))
    (seen,) = place.sees("open('a.txt').read()").read
    assert (seen.digest, seen.stamp) == (content("hello"), None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("import os\nos.path.exists('a.txt')", [("path", "a.txt")]),
        ("import os\nos.path.isfile('none.txt')", [("path", "none.txt")]),
        ("from pathlib import Path\nPath('sub').is_dir()", [("path", "sub")]),
        ("import os\nos.access('a.txt', os.R_OK)", [("path", "a.txt")]),
        ("try:\n    open('none.txt')\nexcept FileNotFoundError:\n    pass", [("path", "none.txt")]),
        ("import os\nos.path.exists('a.txt')\nopen('a.txt').close()", [("file", "a.txt")]),
        ("import os\nos.path.exists('a.txt')\nos.path.getsize('a.txt')", [("file", "a.txt")]),
        ("import os\nos.stat('a.txt').st_size", [("file", "a.txt")]),
        ("from pathlib import Path\nPath('a.txt').stat().st_size", [("file", "a.txt")]),
        ("import os\nos.path.realpath('a.txt')", [("path", "a.txt")]),
        ("import os\nos.listdir()", [("folder", ".")]),
        ("import os\nlist(os.walk('sub'))", [("folder", "sub")]),
        ("import glob\nglob.glob('sub/*.txt')", [("folder", "sub")]),
        ("from pathlib import Path\nlist(Path().rglob('*.csv'))", [("folder", "."), ("folder", "sub")]),
        ("import os\nos.path.isdir('none') or os.path.isdir('none')", [("path", "none")]),
        ("import os\ntry:\n    os.listdir('none')\nexcept FileNotFoundError:\n    pass", [("path", "none")]),
    ],
)
def test_what_is_looked_for_and_what_is_listed_are_conditions(
    place: Place, body: str, expected: list[tuple[str, str]]
) -> None:
    place.put("a.txt")
    place.put("sub/b.txt")
    seen = place.sees(body)
    assert conditions(seen) == expected
    assert (place.broken(seen), seen.unwatched) == ([], ())


def test_a_file_that_appears_in_a_listed_folder_breaks_a_condition(place: Place) -> None:
    place.put("sub/b.txt")
    seen = place.sees("import glob\nglob.glob('sub/*.txt')")
    place.put("sub/.ipynb_checkpoints/b.txt")
    assert place.broken(seen) == []
    place.put("sub/c.txt")
    assert place.broken(seen) == ["sub"]


def test_a_file_that_was_missing_and_appears_breaks_a_condition(place: Place) -> None:
    seen = place.sees("from pathlib import Path\nPath('a.txt').exists()")
    assert place.broken(seen) == []
    place.put("a.txt")
    assert place.broken(seen) == ["a.txt"]


IGNORED = {
    "tools' folders": "import os\nos.path.exists('.git')\nopen('.git/HEAD').close()\nos.listdir('.ipynb_checkpoints')",
    "the interpreter": "import os, colorsys\nopen(os.__file__).close()\nos.listdir(os.path.dirname(os.__file__))",
    "packages": "import cloudpickle\nopen(cloudpickle.__file__).close()",
    "the store": "import glob\n[open(order).close() for order in glob.glob('.phelps/engines/*/owner.json')]",
    "the system": "open('/etc/hostname').close()\nopen('/proc/self/stat').close()\nopen('/dev/null').close()",
    "temporary files": "import tempfile\nf = tempfile.NamedTemporaryFile()\nopen(f.name).close()",
    "the user's caches": "import os\nos.path.exists(os.path.expanduser('~/.cache/x/y'))",
    "its own folder": "import os\nos.path.isdir('.')\nos.path.exists(os.getcwd())\nos.path.realpath('.')",
    "modules": "import module\nmodule.text()",
    "sources of modules": "import inspect, module\ninspect.getsource(module.text)",
    "what is installed": "import importlib.metadata as m\n[d.name for d in m.distributions()]\nm.version('numpy')",
    "tracebacks": "import module, traceback\ntry:\n    module.fails()\nexcept ValueError:\n    traceback.format_exc()",
    "an open number": "import os\nr, w = os.pipe()\nos.close(w)\nopen(r).close()\nos.stat(1)",
    "nonsense": "import os\nos.path.exists('a\\0b')\ntry:\n    open(['a'])\nexcept TypeError:\n    pass",
    "a folder removed": "import os, shutil\nos.makedirs('o/deep')\nopen('o/deep/x', 'w').close()\nshutil.rmtree('o')",
}


@pytest.mark.parametrize("body", IGNORED.values(), ids=IGNORED.keys())
def test_what_is_no_condition_is_not_told(place: Place, body: str) -> None:
    place.put(".git/HEAD")
    place.put(".ipynb_checkpoints/a.txt")
    place.put("module.py", "def text(): return 1\ndef fails(): raise ValueError\n")
    assert place.sees(body, env={"TMPDIR": None}) == Sightings()


def test_compiled_code_of_the_project_is_not_trusted_and_that_of_libraries_is(place: Place) -> None:
    path = place.put("module.py", "number = 1\n")
    compiled = Path(py_compile.compile(str(path), doraise=True))
    place.put("module.py", "number = 2\n")
    before = compiled.read_bytes()
    place.put("lib/site-packages/library.py", "number = 1\n")
    py_compile.compile(str(place.base / "lib/site-packages/library.py"), doraise=True)
    place.put("lib/site-packages/library.py", "number = 2\n")
    body = "import module, library\nassert (module.number, library.number) == (2, 1)"
    place.sees(body, path=(str(place.base), str(place.base / "lib/site-packages"), *sys.path))
    assert compiled.read_bytes() == before


def test_data_that_a_module_reads_while_it_is_imported_counts(place: Place) -> None:
    place.put(
        "package/__init__.py", "import os, pkgutil\nopen(os.path.join(os.path.dirname(__file__), 'a.csv')).close()\n"
    )
    place.put("package/a.csv")
    place.put("package/b.csv")
    assert files(place.sees("import package, pkgutil\npkgutil.get_data('package', 'b.csv')")) == [
        "package/a.csv",
        "package/b.csv",
    ]


WRITES = {
    "text": ("open('out.txt', 'w').write('new')", [], ["out.txt"]),
    "read back": ("open('out.txt', 'w').write('new')\nopen('out.txt').read()", [], ["out.txt"]),
    "into a new folder": (
        "import os\nos.makedirs('made/deep', exist_ok=True)\nopen('made/deep/out.txt', 'w').write('new')",
        [],
        ["made/deep/out.txt"],
    ),
    "looked for before": (
        "import os\nif not os.path.exists('made'):\n    os.mkdir('made')\n"
        "if not os.path.exists('made/out.txt'):\n    open('made/out.txt', 'w').write('new')",
        [],
        ["made/out.txt"],
    ),
    "into a listed folder": (
        "import os\nos.listdir()\nos.makedirs('made')\nopen('made/x', 'w').write('new')\nopen('y', 'w').write('new')",
        [("folder", ".")],
        ["made/x", "y"],
    ),
    "renamed into place": (
        "import os\nopen('.new', 'w').write('new')\nos.replace('.new', 'out.txt')\nopen('out.txt').read()",
        [],
        ["out.txt"],
    ),
    "a folder renamed into place": (
        "import os\nos.mkdir('new')\nopen('new/x', 'w').write('new')\nos.rename('new', 'made')",
        [],
        ["made/x"],
    ),
    "and removed": ("import os\nopen('out.txt', 'w').write('new')\nos.remove('out.txt')", [], []),
    "appended": ("open('a.txt', 'a').write('new')", [], ["a.txt"]),
    "over what was read": ("open('a.txt').read()\nopen('a.txt', 'w').write('new')", [("file", "a.txt")], ["a.txt"]),
    "within what was there": ("open('a.txt', 'r+').write('new')", [("file", "a.txt")], ["a.txt"]),
    "opened, and left alone": ("open('a.txt', 'r+').close()", [("file", "a.txt")], []),
    "copied": ("import shutil\nshutil.copy('a.txt', 'out.txt')", [("file", "a.txt")], ["out.txt"]),
    "by a fork": (
        "import os\nif (pid := os.fork()) == 0:\n    open('out.txt', 'w').write('new')\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\nopen('out.txt').read()",
        [],
        ["out.txt"],
    ),
    "by a subprocess": (
        "import subprocess\nsubprocess.run(['cp', 'a.txt', 'out.txt'])\nopen('out.txt').read()",
        [("file", "a.txt")],
        ["out.txt"],
    ),
}


@pytest.mark.parametrize(("body", "read", "written"), WRITES.values(), ids=WRITES.keys())
def test_what_a_body_wrote_is_its_output_and_no_condition(
    place: Place, body: str, read: list[tuple[str, str]], written: list[str]
) -> None:
    place.put("a.txt")
    seen = place.sees(body)
    assert (conditions(seen), wrote(seen), seen.torn, seen.unwatched) == (read, written, (), ())
    assert {file.digest for file in seen.read if file.kind == "file"} <= {content("old")}
    assert [values.read_bytes(file.digest, str(place.store)) for file in seen.wrote] == [
        (place.base / name).read_bytes() for name in written
    ]
    assert list(seen.kept) == written


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ("import os\nos.remove('in/a.txt')", {"in/a.txt": "absent"}),
        ("import os\nos.rename('in/a.txt', 'in/c.txt')", {"in/a.txt": "absent"}),
        ("import os\nos.rename('in', 'out')", dict.fromkeys(("in", "in/a.txt", "in/b.txt"), "absent")),
        ("import shutil\nshutil.rmtree('in')", dict.fromkeys(("in", "in/a.txt", "in/b.txt"), "absent")),
        ("import subprocess\nsubprocess.run(['rm', 'in/a.txt'])", {"in/a.txt": "absent"}),
        ("import os\nos.remove('in/a.txt')\nopen('in/a.txt', 'w').write('new')", {}),
        ("import os\nopen('t.txt', 'w').close()\nos.remove('t.txt')\nos.mkdir('d')\nos.rmdir('d')", {}),
        ("import os\nos.makedirs('new/deep')", {"new": "folder", "new/deep": "folder"}),
        ("import os\nos.makedirs('in', exist_ok=True)", {}),
    ],
)
def test_what_a_body_took_away_and_folders_that_it_made_are_told(place: Place, body: str, left: dict[str, str]) -> None:
    place.put("in/a.txt")
    place.put("in/b.txt")
    seen = place.sees(body)
    assert {one.name: one.digest for one in seen.wrote if one.kind == "path"} == {
        name: word_digest(word) for name, word in left.items()
    }


def test_a_body_that_listed_its_own_outputs_finds_its_conditions_unbroken(place: Place) -> None:
    place.put("out/a.txt")
    place.put("out/stale.txt")
    body = """
import glob, os
for name in glob.glob("out/*"):
    os.remove(name)
open("out/a.txt", "w").write("new")
open("out/b.txt", "w").write("new")
"""
    seen = place.sees(body)
    assert (conditions(seen), wrote(seen), place.broken(seen)) == (
        [("folder", "out")],
        ["out/a.txt", "out/b.txt", "out/stale.txt"],
        [],
    )


def test_a_file_that_someone_else_changes_meanwhile_is_torn(place: Place) -> None:
    place.put("a.txt")
    os.mkfifo(place.base / "ask")
    body = "open('a.txt').read()\nopen('ask').read()"

    def change() -> None:
        with open(place.base / "ask", "w"):
            (place.base / "a.txt").write_text("now")

    other = threading.Thread(target=change)
    other.start()
    seen = place.sees(body)
    other.join()
    assert (files(seen), seen.torn) == (["a.txt"], ("a.txt",))


def test_a_folder_that_a_program_was_given_counts_with_all_below(place: Place) -> None:
    place.put("sub/a.txt")
    place.put("sub/deep/b.txt")
    seen = place.sees("import subprocess\nsubprocess.run(['grep', '-r', 'old', 'sub'])")
    assert (conditions(seen), seen.unwatched) == (
        [("folder", "sub"), ("file", "sub/a.txt"), ("file", "sub/deep/b.txt")],
        (),
    )


UNSEEN = {
    "a subprocess": ("import subprocess\nsubprocess.run(['cat'], stdin=subprocess.DEVNULL)", "a subprocess (cat)"),
    "a script": ("import subprocess, sys\nsubprocess.run(['sh', 'script.sh'])", "a subprocess (sh)"),
    "a program in a text": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'pass'])",
        "a subprocess (python)",
    ),
    "a shell's": ("!cat /dev/null", "a subprocess (cat)"),
    "processes": (
        "import multiprocessing\np = multiprocessing.get_context('spawn').Process(target=int)\np.start()\np.join()",
        "spawned processes",
    ),
}


@pytest.mark.parametrize(("body", "said"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_may_have_read_unseen_is_said(place: Place, body: str, said: str) -> None:
    place.put("script.sh", "true\n")
    assert place.sees(body).unwatched == (said,)


def test_the_network_is_said(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        seen = place.sees(f"import socket\nsocket.create_connection(('127.0.0.1', {port})).close()")
    assert seen.unwatched == (f"the network (127.0.0.1:{port})",)


@pytest.fixture
def tables(place: Place) -> Place:
    from pyarrow import parquet, table

    for name in ("a.parquet", "many/a.parquet", "many/b.parquet"):
        (place.base / name).parent.mkdir(exist_ok=True)
        parquet.write_table(table({"x": [1]}), place.base / name)
    return place


NATIVE = {
    "a literal": ("from pyarrow import parquet\nparquet.read_table('a.parquet')", ["a.parquet"]),
    "an input": ("from pyarrow import parquet\nparquet.read_table(where)", ["a.parquet"]),
    "a folder": (
        "from pyarrow import dataset\ndataset.dataset('many').to_table()",
        ["many/a.parquet", "many/b.parquet"],
    ),
    "wildcards": ("import polars\npolars.read_parquet('many/*.parquet')", ["many/a.parquet", "many/b.parquet"]),
    "beside a text of wildcards": ("import polars\nprint('*')\npolars.read_parquet('a.parquet')", ["a.parquet"]),
    "in a text": ("import polars\nq = \"read('a.parquet')\"\npolars.read_parquet(q[6:-2])", ["a.parquet"]),
    "a function": ("from pyarrow import parquet\nload()", ["a.parquet"]),
    "pandas": ("import pandas\npandas.read_parquet('a' + where[1:])", ["a.parquet"]),
}


@pytest.mark.parametrize(("body", "names"), NATIVE.values(), ids=NATIVE.keys())
def test_a_file_that_a_library_reads_by_itself_is_known_by_its_name(tables: Place, body: str, names: list[str]) -> None:
    inputs = {"where": "a.parquet"} if "where" in body else {}
    if "load()" in body:
        body = "def load():\n    return parquet.read_table('a.parquet')\n" + body
    seen = tables.sees(body, inputs)
    assert (files(seen), wrote(seen), seen.unwatched, tables.broken(seen)) == (names, [], (), [])


def test_a_library_whose_reads_have_no_name_is_said(tables: Place) -> None:
    assert tables.sees("import polars\npolars.read_parquet(chr(97) + '.parquet')").unwatched == ("polars",)


def test_a_library_that_is_not_told_to_read_is_not_said(tables: Place) -> None:
    assert tables.sees("import polars\npolars.DataFrame({'x': [1]}).sum()").unwatched == ()


def test_a_file_that_a_library_writes_by_itself_is_an_output(tables: Place) -> None:
    seen = tables.sees(
        "from pyarrow import parquet\nparquet.write_table(parquet.read_table('a.parquet'), 'out.parquet')"
    )
    assert (files(seen), wrote(seen)) == (["a.parquet"], ["out.parquet"])


def test_a_database_that_is_queried_is_a_condition_and_one_that_is_changed_an_output(place: Place) -> None:
    import sqlite3

    for name in ("a.db", "b.db"):
        with contextlib.closing(sqlite3.connect(place.base / name)) as database:
            database.execute("create table t (x)")
    body = """
import sqlite3
one, two = sqlite3.connect("a.db"), sqlite3.connect("file:b.db?mode=rw", uri=True)
one.execute("select * from t").fetchall()
two.execute("insert into t values (1)")
two.commit()
"""
    seen = place.sees(body)
    assert (files(seen), wrote(seen), seen.unwatched) == (["a.db"], ["b.db"], ())


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("out.txt", ["out.txt"]),
        ("*.txt", ["a.txt", "out.txt"]),
        ("made", ["made/deep/x"]),
        ("**/x", ["made/deep/x"]),
    ],
)
def test_declared_files_are_kept_whoever_wrote_them(place: Place, pattern: str, names: list[str]) -> None:
    place.put("a.txt")
    body = "import os\nopen('out.txt', 'w').close()\nos.makedirs('made/deep')\nopen('made/deep/x', 'w').close()"
    seen = place.sees(body, writes=(pattern,))
    assert set(names) <= set(wrote(seen))
    assert set(names) <= set(seen.kept)


def test_a_declared_file_that_is_not_made_fails_the_run(place: Place) -> None:
    outcome = place.outcome("x = 1", writes=("out.txt",))
    assert (outcome.kind, outcome.message) == ("output", "--writes out.txt: the body ended without making it")


def test_big_files_that_nobody_declared_are_told_but_not_kept(place: Place) -> None:
    seen = place.sees("open('big', 'wb').truncate(70 << 20)\nopen('small', 'wb').write(b'x' * 2_000_000)")
    assert (wrote(seen), seen.kept) == (["big", "small"], ("small",))


def test_an_order_without_a_project_is_not_watched_but_keeps_what_is_declared(place: Place) -> None:
    place.put("a.txt")
    seen = place.sees("open('a.txt').read()\nopen('b', 'w').close()", base="", project="", writes=("b",))
    assert (seen.read, wrote(seen), seen.kept) == ((), ["b"], ("b",))


def test_the_body_finds_the_calls_as_they_are(place: Place) -> None:
    body = """
import os, shutil
assert os.stat in os.supports_follow_symlinks and os.stat in os.supports_dir_fd
os.chmod("a.txt", 0o640)
shutil.copy2("a.txt", "b.txt")
assert os.stat("b.txt").st_mtime == os.stat("a.txt").st_mtime and os.stat("b.txt").st_mode & 0o777 == 0o640
os.stat("none")
"""
    place.put("a.txt")
    outcome = place.outcome(body)
    assert (outcome.error_type, outcome.line) == ("FileNotFoundError", 7)
    assert "hook" not in outcome.traceback


def test_a_file_behind_a_link_is_named_by_the_way_to_it(place: Place) -> None:
    place.put("2024.csv", "first")
    place.put("2025.csv", "second")
    (place.base / "latest.csv").symlink_to("2024.csv")
    seen = place.sees("open('latest.csv').read()")
    assert (files(seen), place.broken(seen)) == (["latest.csv"], [])
    (place.base / "latest.csv").unlink()
    (place.base / "latest.csv").symlink_to("2025.csv")
    assert place.broken(seen) == ["latest.csv"]


def test_a_notebook_behind_a_link_names_its_files_as_ever(place: Place) -> None:
    place.put("a.txt")
    link = place.project.parent / "link"
    link.symlink_to(place.project)
    there = str(link / "notebooks")
    seen = place.sees("open('a.txt').read()\nopen('out', 'w').close()", base=there, folder=there, project=str(link))
    assert (files(seen), wrote(seen)) == (["a.txt"], ["out"])


def test_a_program_of_the_project_is_a_condition(place: Place) -> None:
    place.put("tool", "#!/bin/sh\n").chmod(0o755)
    seen = place.sees("import subprocess\nsubprocess.run(['./tool'])")
    assert (files(seen), seen.unwatched) == (["tool"], ("a subprocess (tool)",))


def test_a_project_module_that_reads_by_a_library_is_looked_through(tables: Place) -> None:
    tables.put("loading.py", "from pyarrow import parquet\ndef load():\n    return parquet.read_table('a.parquet')\n")
    assert files(tables.sees("import loading\nloading.load()")) == ["a.parquet"]


def test_a_body_that_fails_tells_what_it_looked_for_by_name_alone(place: Place) -> None:
    place.put("there.csv")
    place.put("data/a.csv")
    body = """import os, sqlite3
open('there.csv').read(); os.listdir('data')
sqlite3.connect('made.db').execute('create table t (n int)')
open('missing.txt')"""
    outcome = place.outcome(body)
    assert (outcome.kind, outcome.sightings.wrote) == ("code", ())
    told = {(seen.kind, seen.name, seen.digest) for seen in outcome.sightings.read}
    assert {("file", "there.csv", ""), ("folder", "data", ""), ("file", "made.db", "")} <= told
    assert {("path", "missing.txt", ""), ("folder", "missing.txt", "")} <= told
