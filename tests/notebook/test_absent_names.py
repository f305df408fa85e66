"""Names that are bound on some ways only, or by code that nobody can read: cells show what a fresh run would show."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.notebook


def shown(book, *names):
    """What cells print, and the class of their errors; and the names of the tasks that ran."""
    out = book.folder / "out.ipynb"
    ran = book.run("-o", str(out))
    outputs = book.outputs(out)
    return [_told(outputs[name]) for name in names], ran


def _told(outputs):
    texts = [output.text.strip() for output in outputs if output.output_type == "stream" and output.name == "stdout"]
    return " ".join([*filter(None, texts), *(output.ename for output in outputs if output.output_type == "error")])


ASKS = "try:\n    print(b)\nexcept NameError:\n    print('no b')"


def test_a_name_that_is_not_reached_is_not_missed(book):
    notebook = book(a="a = 1", t="%%task t\nif a > 9:\n    print(nothing)\nprint(a)", r=f"%%task r\n{ASKS}")
    assert shown(notebook, "t", "r")[0] == ["1", "no b"]
    notebook.cells = {"b": "b = 5", **notebook.cells}
    texts, ran = shown(notebook, "t", "r")
    assert (texts, ran.ran()) == (["1", "5"], ["r"])


def test_a_name_that_was_bound_or_deleted_on_one_way_only(book):
    notebook = book(
        n="n = 3",
        bind="%%task bind\nif n > 5:\n    c = n",
        whole="%%task whole\nb = 5",
        delete="%%task delete\nif b > n:\n    del b",
        r="%%task r\nprint(c)",
        s=f"%%task s\n{ASKS}",
        p=ASKS,
    )
    texts, ran = shown(notebook, "r", "s", "p")
    assert texts == ["NameError", "no b", "no b"]
    assert "was not bound when cell 2 above ran" in ran.tasks["r"]["error"]["message"]
    notebook.edit("n", "3", "7")
    assert shown(notebook, "r", "s", "p")[0] == ["7", "5", "5"]
    assert notebook.run().ran() == []


def test_a_name_that_a_plain_cell_has_left_unbound(book):
    notebook = book(n="n = 3", p="if n > 5:\n    b = n", r=f"%%task r\n{ASKS}", s="%%task s\nprint(b)")
    assert shown(notebook, "r", "s")[0] == ["no b", "NameError"]
    notebook.edit("n", "3", "7")
    assert shown(notebook, "r", "s")[0] == ["7", "7"]


def test_what_a_task_deletes_is_gone_from_the_kernel(book):
    notebook = book(p="b = 1", q="%%task q\nprint(b)", t="%%task t\ndel b", r=ASKS, s="b = 2", u="print(b)")
    assert shown(notebook, "q", "r", "u")[0] == ["1", "no b", "2"]


@pytest.mark.parametrize("line", ["%%task t\n", ""], ids=["task", "plain"])
def test_names_that_code_binds_which_nobody_can_read(book, line):
    notebook = book(a="a = K = 1", t=f"{line}exec('a' + ' = 2')\nfrom lib import *", r="%%task r\nprint(a, K)")
    notebook.cells["p"] = "print(a, K, scale(2))"
    (notebook.folder / "lib.py").write_text("K = 3\n\ndef scale(x):\n    return x * K\n")
    assert shown(notebook, "r", "p")[0] == ["2 3", "2 3 6"]
    assert notebook.run().ran() == []


def test_a_star_import_in_a_plain_cell_takes_only_what_it_binds(book):
    notebook = book(a="a = K = 1", p="from lib import *", t="%%task t\nprint(a)", r="%%task r\nprint(K)")
    (notebook.folder / "lib.py").write_text("K = 3\n")
    assert shown(notebook, "t", "r")[0] == ["1", "3"]
    notebook.edit("a", "a = K", "a, K")
    notebook.edit("a", "= 1", "= 1, 2")
    assert notebook.run().ran() == []


def test_two_names_of_one_new_object_change_together(book):
    notebook = book(a="%%task a\nxs = ys = [1]", t="%%task t\nxs.append(2)", p="print(ys)\nys.append(3)")
    notebook.cells["r"] = "%%task r\nprint(xs, ys)"
    assert shown(notebook, "p", "r")[0] == ["[1, 2]", "[1, 2, 3] [1, 2, 3]"]


def test_an_object_is_handed_on_under_all_of_its_names_though_it_did_not_change(book):
    notebook = book(a="%%task a\nxs = ys = [1]", t="%%task t\nfor x in ys[:]:\n    if x > 3:\n        ys.remove(x)")
    notebook.cells |= {"p": "print(xs)", "r": "%%task r\nprint(xs, xs is ys)"}
    assert shown(notebook, "p", "r")[0] == ["[1]", "[1] True"]


def test_a_called_function_may_leave_a_name_as_it_is(book):
    notebook = book(a="b = 1\ndef put(v):\n    global b\n    if v > 4:\n        b = v", t="%%task t\nput(4)")
    notebook.cells["r"] = "%%task r\nprint(b)"
    assert shown(notebook, "r")[0] == ["1"]
    notebook.edit("t", "4", "5")
    assert shown(notebook, "r")[0] == ["5"]
