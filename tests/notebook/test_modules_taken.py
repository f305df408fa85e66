"""What of modules and docstrings crosses to the readers of a task, and which edits run them again."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.notebook


def test_submodules_that_cells_above_import_are_there(book):
    notebook = book(
        plain="import xml.etree.ElementTree\ndef tag(text): return xml.etree.ElementTree.fromstring(text).tag",
        used="%%task used\nt1 = xml.etree.ElementTree.fromstring('<a/>').tag",
        called="%%task called\nt2 = tag('<b/>')",
        make="%%task make\nimport pkg.core",
        read="%%task read\nt3 = pkg.core.V",
        apart="%%task apart\nt4 = pkg.core.W",
    )
    (notebook.folder / "pkg").mkdir()
    (notebook.folder / "pkg/core.py").write_text("V = 1\nW = 1\n")
    first = notebook.run()
    assert [first.summary(task, name) for task, name in (("used", "t1"), ("called", "t2"), ("read", "t3"))] == [
        "'a'",
        "'b'",
        "1",
    ]
    (notebook.folder / "pkg/core.py").write_text("V = 2\nW = 1\n")
    assert notebook.run().ran() == ["read"]


def test_a_module_of_a_task_counts_by_what_is_taken_of_it(book):
    notebook = book(
        make="%%task make\nimport helpers as h\nfrom helpers import a",
        direct="%%task direct\nx1 = h.a()",
        imported="%%task imported\nx2 = a()",
        asked="%%task asked\nx3 = getattr(h, 'b')()",
        function="%%task function\ndef f(): return h.b()",
        through="%%task through\nx4 = h.a(), f()",
        lazy="%%task lazy\ndef late():\n    import helpers\n    return helpers.b()",
    )
    (notebook.folder / "helpers.py").write_text("def a(): return 1\ndef b(): return 1\n")
    assert len(notebook.run().ran()) == 7
    (notebook.folder / "helpers.py").write_text("def a(): return 1\ndef b(): return 2\n")
    assert notebook.run().ran() == ["asked", "through"]


def test_docstrings_of_a_task_count_where_they_are_read(book):
    notebook = book(
        make="%%task make\ndef f():\n    'old'\n    return 1",
        other="%%task other\ndef g():\n    'old'\n    return 1",
        held="%%task held\nfs = [f]",
        called="%%task called\nx = g()",
    )
    assert notebook.run().ran() == ["make", "other", "held", "called"]
    notebook.edit("make", "'old'", "'new'")
    notebook.edit("other", "'old'", "'new'")
    assert notebook.run().ran() == []
    notebook.cells["read"] = "%%task read\ntold = fs[0].__doc__"
    assert notebook.run().ran() == ["make", "held", "read"]
    notebook.edit("make", "'new'", "'newer'")
    notebook.edit("other", "'new'", "'newer'")
    done = notebook.run()
    assert done.ran() == ["make", "held", "read"]
    assert done.summary("read", "told") == "'newer'"
