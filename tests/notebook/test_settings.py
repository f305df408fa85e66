"""Settings that plain cells change reach tasks and count, where they can matter; nothing else of the kernel does."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.notebook

PLAIN = "%%task plain\nnumber = 6 * 7"
FRAME = "%%task frame\nimport pandas as pd\npd.DataFrame({'a': range(9)})"
FIGURE = "%%task figure\nimport matplotlib\nwidth, height = matplotlib.rcParams['figure.figsize']"
UNTOUCHED = """%%task untouched
import sys, warnings
import matplotlib.pyplot, pandas
rc = {name: value for name, value in matplotlib.rcParams.items() if value != matplotlib.rcParamsOrig[name]}
shown = pandas.get_option('display.max_columns')
told = f'{sorted(rc)} {shown}'
"""
SETTERS = {
    "options": ("import pandas as pd\npd.set_option('display.max_rows', 4)", "4)", "5)", ["frame"]),
    "rcParams": (
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (3, 2)",
        "(3,",
        "(4,",
        ["frame", "figure"],
    ),
    "environment": ("import os\nos.environ['PHELPS_MODE'] = '1'", "'1'", "'2'", ["plain", "frame", "figure"]),
    "filters": (
        "import warnings\nwarnings.filterwarnings('ignore', message='a')",
        "='a'",
        "='b'",
        ["plain", "frame", "figure"],
    ),
    "path": ("import sys\nsys.path.insert(0, 'lib')", "'lib'", "'more'", ["plain", "frame", "figure"]),
}


@pytest.mark.parametrize("setter", SETTERS)
def test_a_changed_setting_reruns_the_tasks_that_it_can_matter_to(book, setter):
    source, old, new, reran = SETTERS[setter]
    notebook = book(early=source, plain=PLAIN, frame=FRAME, figure=FIGURE)
    notebook.run()
    assert notebook.run().ran() == []
    notebook.edit("early", old, new)
    assert notebook.run().ran() == reran


def test_importing_libraries_in_a_plain_cell_changes_no_setting(book):
    notebook = book(early="x = 1", plain=PLAIN, frame=FRAME, figure=FIGURE)
    notebook.run()
    notebook.cells["early"] = "import numpy, matplotlib.pyplot, pandas\n%matplotlib inline"
    assert notebook.run().ran() == []


def test_a_kernels_own_ways_are_no_settings(book):
    notebook = book(untouched=UNTOUCHED)
    ran = notebook.run()
    rc = "backend", "interactive"
    assert ran.summary("untouched", "told") in (f"'{[]} 20'", f'"{["backend"]} 20"', f'"{list(rc)} 20"')


def test_a_frame_is_shown_as_the_options_say(book):
    notebook = book(
        early="import pandas as pd\npd.options.display.float_format = lambda number: f'<{number:.1f}>'",
        t="%%task t\nimport pandas as pd\nshown = '<1.2>' in repr(pd.Series([1.25]))",
    )
    assert notebook.run().summary("t", "shown") == "True"


def test_a_style_reaches_a_task_that_imports_the_library_later(book):
    notebook = book(
        early="import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.rcParams['savefig.dpi'] = 33",
        t="%%task t\ndef look():\n    import matplotlib.pyplot as plt\n"
        "    return plt.rcParams['axes.facecolor'], plt.rcParams['savefig.dpi']\nface, dpi = look()",
    )
    ran = notebook.run()
    assert (ran.summary("t", "face"), ran.summary("t", "dpi")) == ("'#E5E5E5'", "33.0")


def test_a_setting_that_is_taken_back_does_not_count(book):
    notebook = book(early="import matplotlib.pyplot as plt, pandas as pd", plain=PLAIN, frame=FRAME, figure=FIGURE)
    notebook.run()
    notebook.cells["early"] += (
        "\nwith plt.rc_context({'figure.figsize': (1, 1)}), pd.option_context('display.max_rows', 3):\n    pass"
    )
    assert notebook.run().ran() == []


def test_warnings_made_errors_are_errors_in_a_task(book):
    notebook = book(
        early="import warnings\nwarnings.simplefilter('error')", t="%%task t\nimport warnings\nwarnings.warn('no')"
    )
    assert notebook.run().tasks["t"]["error"]["type"] == "UserWarning"


def test_a_filter_set_after_a_library_was_imported_goes_before_the_librarys_own(book):
    notebook = book(
        early="import numpy as np, warnings\nwarnings.simplefilter('ignore')",
        t="%%task t\nimport numpy as np, warnings\nwith warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.warn('no', np.exceptions.RankWarning)\ncount = len(seen)",
    )
    assert notebook.run().summary("t", "count") == "0"


def test_folder_path_and_environment_reach_a_task(book, tmp_path):
    (tmp_path / "data").mkdir()
    notebook = book(
        early="import os, sys\nos.chdir('data')\nos.environ['PHELPS_MODE'] = 'on'\nsys.path.insert(0, '/nowhere')",
        t="%%task t\nimport os, sys\n"
        "found = [os.path.basename(os.getcwd()), os.environ['PHELPS_MODE'], sys.path[0]] == ['data', 'on', '/nowhere']",
    )
    assert notebook.run().summary("t", "found") == "True"


def test_nothing_else_of_the_kernel_reaches_a_task(book):
    notebook = book(
        early="import colorsys, logging, decimal\ncolorsys.rgb_to_hsv = lambda *_: 'patched'\n"
        "logging.getLogger().setLevel(5)\ndecimal.getcontext().prec = 3",
        t="%%task t\nimport colorsys, logging, decimal\n"
        "found = colorsys.rgb_to_hsv(0, 0, 0)[2], logging.getLogger().level, decimal.getcontext().prec\n"
        "same = found == (0, 30, 28)",
    )
    assert notebook.run().summary("t", "same") == "True"


def test_without_a_kernel_a_task_below_an_edited_setter_is_undecided(book):
    notebook = book(early="import pandas as pd\nrows = 4", show="pd.set_option('display.max_rows', rows)", frame=FRAME)
    notebook.run()
    assert notebook.plan().tasks["frame"]["verdict"] == "fresh"
    notebook.edit("early", "rows = 4", "rows = 5")
    assert notebook.plan().tasks["frame"]["verdict"] == "undecided"


def test_without_a_kernel_an_edited_plain_cell_that_sets_nothing_leaves_tasks_fresh(book):
    notebook = book(
        early="import pandas as pd, os", show="pd.set_option('display.max_rows', 4)", late="x = 1", frame=FRAME
    )
    notebook.run()
    notebook.edit("late", "1", "2")
    notebook.edit("early", "os", "os, math")
    assert notebook.plan().tasks["frame"]["verdict"] == "fresh"


def test_without_a_kernel_what_plain_cells_have_set_is_found_where_it_was_set(book):
    notebook = book(
        early="import os, sys\nos.environ['PHELPS_SAMPLE'] = '1'\nsys.path.append('src')",
        say="%%task say --env PHELPS_SAMPLE\nimport os\nword = os.environ['PHELPS_SAMPLE']",
        use="%%task use\nimport tools\nlimit = tools.LIMIT",
    )
    source = notebook.folder / "src/tools.py"
    source.parent.mkdir()
    source.write_text("LIMIT = 1\n")
    notebook.run()
    assert {task["verdict"] for task in notebook.plan().report["tasks"]} == {"fresh"}
    source.write_text("LIMIT = 2\n")
    assert notebook.plan().why("use") == ["module `tools` changed"]
    notebook.edit("early", "'1'", "'2'")
    assert notebook.plan().tasks["say"]["verdict"] == "undecided"


def test_by_hand_an_option_changed_in_the_kernel_reruns_the_task(kernel):
    task = "%%task t\nrows = pd.get_option('display.max_rows')"
    kernel.execute("import pandas as pd", "a")
    kernel.execute(task, "b")
    assert kernel.text("rows", "c") == "60"
    kernel.execute("import pandas as pd\npd.set_option('display.max_rows', 4)", "a")
    kernel.execute(task, "b")
    assert kernel.text("rows", "c") == "4"
