"""Edges because of files: paths that code says, that options declare and that runs have shown."""

from __future__ import annotations

import pytest

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.files import touches, unmade
from phelps_jupyter.core.model import Cell, CellId, Digest, Key, Part, PartKind, Record, Seen, TaskName, Usage
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.core.notebook import Notebook

W = "%%task {}\nopen('out.csv', 'w').write('x')"


def edges(*sources: str, learned: dict[int, Learned] | None = None) -> set[tuple[int, int]]:
    """(reader, writer) by 0-based place."""
    notebook = Notebook()
    cells = [Cell(CellId(str(place)), source) for place, source in enumerate(sources)]
    notebook.read(cells, 0.0)
    codes = [node.bindings.code for node in notebook.graph().nodes.values()]
    notebook.learned.update({codes[place]: found for place, found in (learned or {}).items()})
    after = notebook.graph().after
    return {(int(cell), int(other)) for cell, others in after.items() for other in others}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("open('out.csv', 'w')", {"out.csv"}),
        ("open('out.csv', mode='a')", {"out.csv"}),
        ("open('out.csv')", set()),
        ("open('out.csv', 'rb')", set()),
        ("open('out.csv', 'r+')", {"out.csv"}),
        ("df.to_csv('./data//out.csv')", {"data/out.csv"}),
        ("df.to_csv(path_or_buf='/abs/out.csv')", {"/abs/out.csv"}),
        ("df.to_csv(name)", set()),
        ("Path('out.txt').write_text(text)", {"out.txt"}),
        ("(Path('out') / 'a.txt').write_text(text)", set()),
        ("plt.savefig('fig.png', dpi=300)", {"fig.png"}),
        ("np.save('a.npy', x)", {"a.npy"}),
        ("joblib.dump(model, 'model.pkl')", {"model.pkl"}),
        ("json.dump(found, open('found.json', 'w'))", {"found.json"}),
        ("shutil.copy('a.csv', 'b.csv')", {"b.csv"}),
        ("%%writefile mod.py\nV = 1", {"mod.py"}),
        ("%%writefile -a notes.txt\nmore", {"notes.txt"}),
        ("!sort in.txt > out.txt", {"out.txt"}),
        ("os.system('sort in.txt >out.txt')", {"out.txt"}),
        ("df.to_csv('no path at all')", set()),
        ("df.to_csv('two\\nlines.csv')", set()),
    ],
)
def test_code_says_which_files_it_writes(source: str, made: set[str]) -> None:
    assert analyse(source).made == made


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("pd.read_csv('in.csv')", "in.csv"),
        ("PATH = './in.csv'", "in.csv"),
        ("import helpers.deep", "helpers/deep.py"),
        ("from helpers import f", "helpers/__init__.py"),
        ("!sort in.txt > out.txt", "in.txt"),
    ],
)
def test_code_says_which_files_it_may_read(source: str, text: str) -> None:
    assert text in analyse(source).texts


def test_relative_imports_name_no_file() -> None:
    assert analyse("from . import f").texts == frozenset()


def test_a_reader_comes_after_the_nearest_writer_above() -> None:
    assert edges(W.format("a"), W.format("b"), "%%task c\nopen('out.csv').read()") == {(1, 0), (2, 1)}


def test_a_writer_comes_after_who_reads_the_former_content() -> None:
    assert edges(W.format("a"), "%%task b\nopen('out.csv').read()", W.format("c")) == {(1, 0), (2, 0), (2, 1)}


def test_a_reader_above_the_writer_does_not_hang_on_it() -> None:
    assert edges("%%task a\nopen('out.csv').read()", W.format("b")) == {(1, 0)}


def test_an_import_hangs_on_the_cell_that_writes_the_module() -> None:
    assert edges("%%writefile mod.py\nV = 1", "import mod") == {(1, 0)}


def test_no_writer_no_edges() -> None:
    assert edges("x = open('in.csv').read()", "%%task b\ny = x") == set()


@pytest.mark.parametrize("pattern", ["out.csv", "*.csv", "."])
def test_declared_reads_hang_on_the_writer(pattern: str) -> None:
    assert edges(W.format("a"), f"%%task b --reads {pattern}\ny = 1") == ({(1, 0)} if pattern != "." else set())


def test_declared_writes_are_writes() -> None:
    read = "%%task b\nopen('made.bin').read()"
    assert edges("%%task a --writes made.bin\nrun()", read) == {(1, 0)}
    assert edges("%%task a --writes *.bin\nrun()", read) == set()


@pytest.mark.parametrize("seen", ["data/made.csv", "data/", "./data/"])
def test_what_runs_have_shown_counts(seen: str) -> None:
    learned = {0: Learned(wrote=frozenset({"data/made.csv"})), 1: Learned(read=frozenset({seen}))}
    assert edges("%%task a\nwrite()", "%%task b\nread()", learned=learned) == {(1, 0)}


def test_the_notebooks_own_folder_is_a_folder() -> None:
    learned = {0: Learned(wrote=frozenset({"made.csv"})), 1: Learned(read=frozenset({"./"}))}
    assert edges("%%task a\nwrite()", "%%task b\nread()", learned=learned) == {(1, 0)}


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (PartKind.FILE, "data/a.csv", True),
        (PartKind.FILE, "a.csv", False),
        (PartKind.PATH, "data/a.csv", True),
        (PartKind.FOLDER, "data", True),
        (PartKind.FOLDER, ".", False),
    ],
)
def test_writing_a_file_touches_its_readers_and_those_of_its_folder(kind: PartKind, name: str, expected: bool) -> None:
    files = [Part(PartKind.FILE, "data/a.csv", Digest("d"))]
    assert touches(Part(kind, name, Digest("x")), files) == expected


def left(*names: str, where: str = "") -> Record:
    """The record of a body that ran in this folder, and left these files."""
    files = tuple(Part(PartKind.FILE, name, Digest("f")) for name in names)
    gone = Part(PartKind.PATH, "gone.txt", Digest("p"))
    parts = (Part(PartKind.CODE, "", Digest("c")), Part(PartKind.SETTING, "working directory", Digest("s"), where))
    seen = Seen(files=(*files, gone))
    return Record(Key("k"), TaskName("fit"), "a.ipynb", "", parts, (), Usage(), "", 0.0, seen=seen, writes=("old.txt",))


# the pattern, the record, whether its files are known to be what the pattern names
NAMED = [
    ("o.txt", left("a.txt", "o.txt"), True),
    ("./out//o.txt", left("out/o.txt"), True),
    ("o.txt", left("out/o.txt"), False),
    ("o.txt", left(), False),
    ("gone.txt", left(), False),
    ("old.txt", left(), True),
    ("*.txt", left("o.txt"), True),
    ("*.txt", left("out/o.txt"), False),
    ("*", left(".hidden"), False),
    (".*", left(".hidden"), True),
    ("out", left("out/deep/o.txt"), True),
    ("out/", left("outside/o.txt"), False),
    ("**/o.txt", left("o.txt"), True),
    ("**/o.txt", left("out/deep/o.txt"), True),
    ("**/o.txt", left("out/deep/a.txt"), False),
    ("o.txt", left("out/o.txt", where="out"), True),
    ("../o.txt", left("o.txt", where="out"), True),
    ("o.txt", left("o.txt", where="out"), False),
    ("/data/o.txt", left("/data/o.txt"), True),
]


@pytest.mark.parametrize(("pattern", "record", "expected"), NAMED)
def test_what_a_result_has_left_of_declared_files_is_known(pattern: str, record: Record, expected: bool):
    assert unmade([pattern], record) == (None if expected else pattern)
    assert unmade(["old.txt", pattern, "other.txt"], record) == ("other.txt" if expected else pattern)
