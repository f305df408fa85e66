from __future__ import annotations

import pytest

from phelps_jupyter.core.lineage import UNSEEN, Lineages
from phelps_jupyter.core.model import Cell, CellId, Digest
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.core.setters import SettingLineages, may_set

SETTERS = [
    "import os\nos.chdir('data')",
    "os.environ['A'] = '1'",
    "from os import environ",
    "sys.path.insert(0, 'lib')",
    "from sys import path",
    "%cd data",
    "%env A=1",
    "warnings.simplefilter('error')",
    "from warnings import filterwarnings",
    "plt.rcParams['figure.dpi'] = 50",
    "plt.rc('font', size=8)",
    "plt.style.use('ggplot')",
    "sns.set()",
    "sns.set_theme()",
    "pd.set_option('display.max_rows', 5)",
    "pd.options.display.max_rows = 5",
    "def quiet():\n    warnings.resetwarnings()",
]
OTHERS = ["x = 1", "import os, sys", "os.path.join('a', 'b')", "df = pd.read_csv('a.csv')", "plt.plot(x)", "arc(2)"]


@pytest.mark.parametrize("source", SETTERS)
def test_a_cell_that_may_change_a_setting_is_known_by_its_text(source):
    assert may_set(source)


@pytest.mark.parametrize("source", OTHERS)
def test_other_cells_change_none(source):
    assert not may_set(source)


def lineage(*sources: str, versions: dict[str, str] | None = None, sights: Digest | None = UNSEEN) -> Digest | None:
    """Of the settings that the last cell finds. ``sights``: of what each cell was seen to use."""
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate([*sources, "pass"])], 0.0)
    graph = notebook.graph()

    def version(_task: str, name: str) -> Digest | None:
        return Digest((versions or {"rows": "1"})[name]) or None

    found = SettingLineages(graph, version, Lineages(graph, version, lambda _cell, _lineage: sights))
    assert found.of(CellId("0")) == ""
    return found.of(CellId(str(len(sources))))


def test_without_setters_nothing_counts():
    assert lineage("x = 1") == lineage("y = 2") == ""


def test_a_setters_code_counts():
    assert lineage("os.chdir('a')") != lineage("os.chdir('b')")
    assert lineage("os.chdir('a')") == lineage("os.chdir('a')  # there")


def test_what_a_setter_was_seen_to_use_counts():
    assert lineage("os.chdir(open('a').read())", sights=Digest("1")) != lineage("os.chdir(open('a').read())")


def test_where_that_has_changed_nothing_is_known():
    assert lineage("os.chdir(open('a').read())", sights=None) is None


def test_their_order_counts():
    assert lineage("os.chdir('a')", "os.chdir('b')") != lineage("os.chdir('b')", "os.chdir('a')")


def test_what_a_setter_reads_counts():
    assert lineage("rows = 1", "pd.set_option('r', rows)") != lineage("rows = 2", "pd.set_option('r', rows)")


def test_the_cell_that_imports_the_library_does_not_count():
    assert lineage("import pandas as pd", "pd.set_option('r', 1)") == lineage(
        "import pandas as pd, math", "pd.set_option('r', 1)"
    )


def test_calling_a_setters_function_counts():
    once = lineage("def f(n):\n    os.chdir(n)", "f('a')")
    assert once != lineage("def f(n):\n    os.chdir(n)", "f('b')")


def test_a_tasks_version_counts_that_a_setter_reads():
    cells = "%%task t\nrows = 1", "pd.set_option('r', rows)"
    assert lineage(*cells) != lineage(*cells, versions={"rows": "2"})


def test_where_that_task_is_not_fresh_nothing_is_known_of_it_and_below():
    cells = "%%task t\nrows = 1", "pd.set_option('r', rows)", "os.chdir('a')"
    assert lineage(*cells, versions={"rows": ""}) is None
