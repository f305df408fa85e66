"""The same result as the plain notebook: names, in-place changes, classes, namespaces, outputs."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.notebook

NAMES = {
    "imports": "import math\nfrom dataclasses import dataclass\nfrom functools import partial",
    "classes": """@dataclass
class Point:
    x: float
    y: float
    def norm(self):
        return math.hypot(self.x, self.y) * UNIT

UNIT = 10""",
    "make": "%%task make\nprint('making')\np = Point(3, 4)\nrows = [1]\nalias = rows\np",
    "grow": "%%task grow\nrows.append(2)\nrows",
    "again": "%%task again\nrows = rows + [3]\nlength = len(alias)",
    "norm": "%%task norm\nn = p.norm()\n[i for i in range(3)]",
    "table": """%%task table
from collections import Counter
counts = Counter('abca')
double = partial(math.pow, 2)
counts;""",
    "show": "print(rows, alias, n, isinstance(p, Point), counts, double(3), length)",
    "last": "%%task last\nprint('to stdout')\n(lambda v: v * 2)(n)",
}


def plain(cells: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """The outputs of the same notebook without us."""
    notebook = nbformat.v4.new_notebook()
    for name, source in cells.items():
        cell = nbformat.v4.new_code_cell(re.sub(r"^%%task.*\n", "", source))
        cell.id = name
        notebook.cells.append(cell)
    NotebookClient(notebook).execute()
    return {cell.id: cell.outputs for cell in notebook.cells}


def comparable(outputs: list[dict[str, object]]) -> list[object]:
    found: list[object] = []
    for output in outputs:
        if "application/vnd.phelps.task+json" in output.get("data", {}):
            continue
        found.append(output.get("text") or output["data"])
    return found


def test_outputs_equal_those_of_the_plain_notebook(book):
    notebook = book(**NAMES)
    out = notebook.folder / "out.ipynb"
    ran = notebook.run("-o", str(out))
    assert ran.code == 0, ran.stderr
    ours, theirs = notebook.outputs(out), plain(NAMES)
    assert {name: comparable(outputs) for name, outputs in ours.items()} == {
        name: comparable(outputs) for name, outputs in theirs.items()
    }


def test_every_task_cell_keeps_a_card_that_reads_without_us(book):
    notebook = book(t="%%task t\nx = list(range(4))")
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    card = notebook.outputs(out)["t"][0]["data"]
    assert "x: list of 4" in card["text/plain"]
    assert "x: list of 4" in card["text/html"]


def test_saved_cards_of_equal_runs_are_equal(book):
    notebook = book(t="%%task t\nx = 1\nprint('hi')")
    first, second = notebook.folder / "1.ipynb", notebook.folder / "2.ipynb"
    notebook.run("-o", str(first))
    notebook.run("-o", str(second), "--force", "t")
    assert notebook.outputs(first) == notebook.outputs(second)


def test_a_task_cannot_change_anybody_elses_copy(book):
    ran = book(
        a="data = {'k': [1]}",
        t="%%task t --out n\ndata['k'].append(2)\nn = len(data['k'])",
        p="assert data == {'k': [1]}",
    ).run()
    assert ran.code == 0, ran.stderr


def test_a_change_in_place_becomes_a_version_for_readers_below(book):
    notebook = book(a="%%task a\ndata = [1]", b="%%task b\ndata.append(2)", c="%%task c\nn = len(data)", p="print(n)")
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    assert notebook.outputs(out)["p"][0]["text"] == "2\n"
    notebook.edit("b", "append(2)", "extend([2, 3])")
    again = notebook.run("-o", str(out))
    assert again.ran() == ["b", "c"]
    assert notebook.outputs(out)["p"][0]["text"] == "3\n"


def test_names_above_are_found_and_not_those_below(book):
    notebook = book(a="v = 1", t="%%task t\nw = v", b="v = 2", u="%%task u\nx = v", p="print(w, x)")
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    assert notebook.outputs(out)["p"][0]["text"] == "1 2\n"


def test_await_magics_and_shell_lines_work_in_a_body(book):
    notebook = book(
        t="%%task t\nimport asyncio\nawait asyncio.sleep(0)\n%time x = 1 + 1\nlines = !echo from a shell\nlines",
        p="print(x, lines)",
    )
    out = notebook.folder / "out.ipynb"
    ran = notebook.run("-o", str(out))
    assert ran.code == 0, ran.stderr
    assert notebook.outputs(out)["p"][0]["text"] == "2 ['from a shell']\n"


def test_figures_and_tables_are_shown(book):
    notebook = book(
        t="%%task t\nimport matplotlib.pyplot as plt\nimport pandas as pd\nplt.plot([1, 2]);\npd.DataFrame({'a': [1]})"
    )
    out = notebook.folder / "out.ipynb"
    notebook.run("-o", str(out))
    kinds = [set(output.get("data", {})) for output in notebook.outputs(out)["t"]]
    assert any("image/png" in kind for kind in kinds)
    assert any("text/html" in kind and "application/vnd.phelps.task+json" not in kind for kind in kinds)


def test_seeds_differ_between_tasks_and_not_between_runs(book):
    notebook = book(a="%%task a\nimport random\nx = random.random()", b="%%task b\nimport random\ny = random.random()")
    first = notebook.run()
    digests = [task["outputs"][0]["digest"] for task in first.report["tasks"]]
    assert digests[0] != digests[1]
    again = notebook.run("a", "--force")
    assert again.tasks["a"]["outputs"][0]["digest"] == digests[0]


def test_with_tasks_named_only_they_and_what_they_need_run(book):
    ran = book(a="%%task a\nx = 1", b="%%task b\ny = x", c="%%task c\nz = 1").run("b")
    assert ran.ran() == ["a", "b"]


def test_an_unforeseen_change_in_place_is_found_and_its_readers_run_again(book):
    notebook = book(
        tools="def grow(xs):\n    xs.append(1)",
        a="%%task a\ndata = [0]",
        b="%%task b\nimport time\ntime.sleep(1)\ngrow(data)",
        c="%%task c\nn = len(data)",
        p="print(n)",
    )
    out = notebook.folder / "out.ipynb"
    first = notebook.run()
    assert first.tasks["c"]["outputs"][0]["summary"] == "2"
    again = notebook.run("-o", str(out))
    assert again.ran() == []
    assert notebook.outputs(out)["p"][0]["text"] == "2\n"


SAME = "a = [1]\ndef same(x):\n    return x"


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ("%%task a\na = [1]", "%%task alias\nb = a"),
        ("a = [1]", "%%task alias\nb = a"),
        (SAME, "%%task alias\nb = same(a)"),
        (SAME, "b = same(a)"),
    ],
    ids=["of a task", "of a plain cell", "by a task's doing", "by a plain cell's doing"],
)
def test_one_object_under_two_names_stays_one_through_tasks_and_kernels(book, given, other):
    notebook = book(a=given, b=other, c="%%task grow\nb.append(2)", d="%%task show\nn = a[-1]")
    assert notebook.run().summary("show", "n") == "2"
    notebook.edit("c", "2", "3")
    again = notebook.run()
    assert (again.ran(), again.summary("show", "n")) == (["grow", "show"], "3")


def shown(out, cell: str) -> str:
    """What a cell of an executed notebook printed."""
    outputs = next(one.outputs for one in nbformat.read(out, 4).cells if one.id == cell)
    return "".join(str(output.text) for output in outputs if output.output_type == "stream").strip()


def test_what_functions_keep_crosses_borders(book):
    notebook = book(
        tools="""def count(x, seen=[]):
    seen.append(x)
    return len(seen)
def calls():
    calls.made += 1
    return calls.made
calls.made = 0
def make(n):
    def inner():
        nonlocal n
        n += 1
        return n
    return inner
steps = {'a': make(0)}""",
        one="%%task one\nprint(count(1), calls(), steps['a']())",
        two="%%task two\nprint(count(1), calls(), steps['a']())",
        show="print(count(1), calls(), steps['a']())",
    )
    out = notebook.folder / "out.ipynb"
    assert notebook.run("-o", str(out)).ran() == ["one", "two"]
    assert [shown(out, cell) for cell in ("one", "two", "show")] == ["1 1 1", "2 2 2", "3 3 3"]
    notebook.edit("one", "steps['a']()", "0")
    assert notebook.run("-o", str(out)).ran() == ["one", "two"]
    assert [shown(out, cell) for cell in ("one", "two", "show")] == ["1 1 0", "2 2 1", "3 3 2"]
    assert notebook.run("-o", str(out)).ran() == []
    assert shown(out, "show") == "3 3 2"


def test_instances_follow_their_class_when_a_task_changes_it(book):
    notebook = book(
        tools="class C:\n    step = 1\nclass D(C): ...\np = C()\nq = D()",
        change="%%task change\nC.step = 5",
        read="%%task read\nprint(p.step, q.step)",
        show="print(p.step, q.step, isinstance(p, C), type(q) is D)",
    )
    out = notebook.folder / "out.ipynb"
    assert notebook.run("-o", str(out)).ran() == ["change", "read"]
    assert [shown(out, cell) for cell in ("read", "show")] == ["5 5", "5 5 True True"]
    assert notebook.run("-o", str(out)).ran() == []
    assert shown(out, "show") == "5 5 True True"


def test_names_of_one_object_are_one_in_the_kernel_too(book):
    notebook = book(
        make="a = [1]\nb = a",
        same="%%task same\nc = a",
        grow="%%task grow\nb.append(k)",
        show="print(a, a is b)",
        top="k = 2",
    )
    notebook.cells = {"top": notebook.cells.pop("top"), **notebook.cells}
    out = notebook.folder / "out.ipynb"
    for k in (2, 2, 3):
        notebook.cells["top"] = f"k = {k}"
        notebook.run("-o", str(out))
        assert shown(out, "show") == f"[1, {k}] True"
