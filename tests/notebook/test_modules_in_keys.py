"""Which edits of the project's modules and files run a task again: through the public command."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.notebook


def write(folder: Path, **sources: str) -> None:
    """Modules by their names, with ``__`` for a slash."""
    for name, source in sources.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)


def test_what_a_body_imports_counts_however_it_is_written(book):
    notebook = book(
        folder="%%task folder\nfrom lib import st\ny1 = st.g()",
        dotted="%%task dotted\nimport pkg.sub\ny2 = pkg.g()",
        magic="%%task magic\n!true\nfrom m import (\n    g,\n)\ny3 = g()",
        named="%%task named\nimport importlib\ny4 = importlib.import_module('n').g()",
        apart="%%task apart\ny5 = 1",
    )
    write(notebook.folder, pkg__sub="", **dict.fromkeys(("lib__st", "pkg____init__", "m", "n"), "def g(): return 10"))
    (notebook.folder / "pkg/__init__.py").write_text("def g(): return 10")
    assert len(notebook.run().ran()) == 5
    write(notebook.folder, **dict.fromkeys(("lib__st", "m", "n"), "def g(): return 20"))
    (notebook.folder / "pkg/__init__.py").write_text("def g(): return 20")
    assert notebook.run().ran() == ["folder", "dotted", "magic", "named"]


def test_modules_that_functions_and_classes_use_count(book):
    notebook = book(
        plain="import m\ndef f(): return m.g()",
        classes="class C:\n    def p(self):\n        from n import g\n        return g()\nc = C()",
        through="%%task through\ny1 = f() + m.x",
        instance="%%task instance\ny2 = c.p()",
        method="%%task method\ny3 = C().p()",
        narrow="%%task narrow\ny4 = m.x",
    )
    write(notebook.folder, m="x = 1\ndef g(): return 10", n="def g(): return 10")
    assert len(notebook.run().ran()) == 4
    write(notebook.folder, m="x = 1\ndef g(): return 20", n="def g(): return 20")
    assert notebook.run().ran() == ["through", "instance", "method"]


def test_project_code_reached_through_a_value_counts(book):
    notebook = book(
        plain="from m import C, f\nimport functools\ntable = {'f': f}\npart = functools.partial(f)",
        instances="c = C()\nget = c.get",
        make="%%task make\nfrom m import C\nmade = C()",
        use="%%task use\ny1 = made.get()",
        held="%%task held\ny2 = table['f']()",
        partial="%%task partial\ny3 = part()",
        instance="%%task instance\ny4 = c.get()",
        method="%%task method\ny5 = get()",
    )
    source = "def h(): return 10\ndef f(): return h()\nclass C:\n    def get(self): return h()"
    write(notebook.folder, m=source)
    assert len(notebook.run().ran()) == 6
    assert notebook.run().ran() == []
    write(notebook.folder, m=source.replace("10", "20"))
    again = notebook.run()
    assert again.ran() == ["make", "use", "held", "partial", "instance", "method"]
    assert again.why("use") == ["module `m` changed"]


def test_files_are_read_where_the_body_runs(book):
    notebook = book(
        change="import os\nos.chdir('data')",
        one="%%task one --reads x.txt\ny = open('x.txt').read()",
        everything="%%task everything --reads ..\nz = 1",
    )
    (notebook.folder / "data").mkdir()
    (notebook.folder / "data/x.txt").write_text("in1")
    (notebook.folder / "dangling").symlink_to("nowhere")
    assert notebook.run().ran() == ["one", "everything"]
    assert {task["verdict"] for task in notebook.plan().report["tasks"]} == {"fresh"}
    (notebook.folder / "x.txt").write_text("another one")
    assert notebook.run().ran() == ["everything"]
    (notebook.folder / "data/x.txt").write_text("in2")
    assert notebook.run().ran() == ["one", "everything"]


def test_functions_in_a_registry_find_their_globals(book):
    notebook = book(
        helper="def h(): return 10",
        registry="REGISTRY = {}\ndef register(f):\n    REGISTRY[f.__name__] = f\n    return f",
        member="@register\ndef f(): return h()",
        use="%%task use\ny = REGISTRY['f']()",
        show="print(y)",
    )
    first = notebook.run()
    assert (first.code, first.ran()) == (0, ["use"])
    notebook.edit("helper", "10", "20")
    assert notebook.run().ran() == ["use"]


def test_a_module_that_cant_be_read_is_a_mistake_in_the_declaration(book):
    notebook = book(old="%%task old\nimport m\ny = m.x", broken="%%task broken\nimport n\nz = n.x")
    (notebook.folder / "m.py").write_bytes("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
    (notebook.folder / "n.py").write_bytes(b"x = '\xe9'\n")
    ran = notebook.run()
    assert {name: task["state"] for name, task in ran.tasks.items()} == {"old": "done", "broken": "failed"}
    assert "module n can't be read" in ran.tasks["broken"]["error"]["message"]
