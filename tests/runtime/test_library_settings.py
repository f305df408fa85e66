"""Each body has a process of its own: so has each of these."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest

from phelps_jupyter.runtime import warning_filters

BODY = """
import json, sys, warnings
from phelps_jupyter.runtime import library_settings, values, warning_filters
{source}
print(json.dumps(told))
"""


def body(source: str) -> object:
    done = subprocess.run(
        [sys.executable, "-c", BODY.format(source=source)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


ORDER = "library_settings.order({'pandas': {'display.max_rows': values.dumps(4), 'no.such': values.dumps(1)}})\n"


def test_nothing_is_imported_for_the_sake_of_its_options():
    assert body(f"{ORDER}told = [name for name in ('pandas', 'matplotlib', 'numpy') if name in sys.modules]") == []


@pytest.mark.parametrize("source", [f"{ORDER}import pandas", f"import pandas\n{ORDER}"])
def test_options_are_set_when_the_library_is_there(source):
    assert body(f"{source}\ntold = pandas.get_option('display.max_rows')") == 4


def test_a_library_that_imports_another_finds_its_options(tmp_path):
    (tmp_path / "outer_sample.py").write_text("import pandas\nrows = pandas.get_option('display.max_rows')")
    assert body(f"sys.path.insert(0, {str(tmp_path)!r})\n{ORDER}import outer_sample\ntold = outer_sample.rows") == 4


def test_an_imported_library_has_its_own_loader():
    told = body(
        f"{ORDER}import pandas\ntold = [type(pandas.__loader__).__name__, type(pandas.__spec__.loader).__name__]"
    )
    assert told == ["SourceFileLoader", "SourceFileLoader"]


def test_who_looks_for_a_library_without_importing_it_finds_its_source():
    assert body(f"{ORDER}from importlib.util import find_spec\ntold = find_spec('pandas').loader.path[-18:]") == (
        "pandas/__init__.py"
    )


def test_rc_params_are_set_on_the_first_import_of_any_part():
    order = "library_settings.order({'matplotlib': {'figure.dpi': values.dumps(33.0)}})"
    assert body(f"{order}\nfrom matplotlib import figure\ntold = figure.Figure().dpi") == 33


def test_wide_frames_are_shown_as_in_a_notebook():
    assert body("library_settings.order({})\nimport pandas\ntold = pandas.get_option('display.max_columns')") == 20


def test_what_was_read_here_is_what_is_set_there():
    source = (
        "import matplotlib.style as style, pandas as pd\nstyle.use('ggplot')\npd.set_option('display.precision', 2)\n"
        "told = [len(library_settings.changed('matplotlib')) > 5, library_settings.changed('pandas')]"
    )
    assert body(source) == [True, {"display.precision": 2}]


def ordered(*filters: tuple[str, type[Warning]]) -> str:
    """The order's filters, first first."""
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for action, category in filters:
            warnings.simplefilter(action, category, append=True)
        plain = [warning_filters.plain(entry) for entry in warnings.filters]
    return f"from phelps_jupyter.runtime.orders import WarningFilter\nwarning_filters.order({plain!r})\n"


ACTIONS = "told = [[entry[0], entry[2].__name__] for entry in warnings.filters]"


def test_the_filters_are_the_kernels_while_the_body_runs_and_no_longer():
    order = ordered(("error", UserWarning))
    inside = body(f"{order}with warning_filters.applied():\n    {ACTIONS}")
    after = body(f"{order}before = list(warnings.filters)\nwith warning_filters.applied(): pass\n"
                 "told = warnings.filters == before")  # fmt: skip
    assert (inside, after) == ([["error", "UserWarning"]], True)


def test_a_filter_made_an_error_raises():
    source = (
        "with warning_filters.applied():\n    try:\n        warnings.warn('no')\n    except UserWarning:\n"
        "        told = 'raised'"
    )
    assert body(ordered(("error", Warning)) + source) == "raised"


def test_without_an_order_the_body_keeps_its_own():
    assert body("before = list(warnings.filters)\nwith warning_filters.applied(): told = warnings.filters == before")


def sample(tmp_path, name: str) -> str:
    (tmp_path / f"{name}.py").write_text(
        "import warnings\nclass Loud(Warning): pass\nwarnings.simplefilter('always', Loud)\n"
    )
    return f"sys.path.insert(0, {str(tmp_path)!r})\n"


def test_what_a_library_does_while_it_is_imported_goes_where_the_kernel_has_it(tmp_path, monkeypatch):
    path = sample(tmp_path, "phelps_loud")
    monkeypatch.syspath_prepend(str(tmp_path))
    loud = __import__("phelps_loud").Loud
    order = ordered(("ignore", Warning), ("always", loud), ("error", UserWarning))
    told = body(f"{path}{order}with warning_filters.applied():\n    import phelps_loud\n    {ACTIONS}")
    assert told == [["ignore", "Warning"], ["always", "Loud"], ["error", "UserWarning"]]


def test_a_library_that_the_kernel_has_not_imported_puts_its_filters_first(tmp_path):
    path = sample(tmp_path, "phelps_new")
    order = ordered(("ignore", Warning))
    told = body(f"{path}{order}with warning_filters.applied():\n    import phelps_new\n    {ACTIONS}")
    assert told == [["always", "Loud"], ["ignore", "Warning"]]
