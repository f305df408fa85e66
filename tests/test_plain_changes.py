"""A plain cell's changes in place that its text does not show."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.faces import plain_changes
from phelps_jupyter.faces.plain_changes import PlainChanges

TASK = "%%task t\nn = len(rows)"


def seen(cell: str, act: Callable[[], object], values: dict[str, object], *below: str) -> set[str]:
    """What the cell, below one that binds all these names and above these cells, is seen to change."""
    cells = [f"{' = '.join(['keep', *values])} = 1", cell, *below]
    notebook = Notebook()
    notebook.read([Cell(CellId(str(place)), source) for place, source in enumerate(cells)], 0.0)
    changes = PlainChanges(values)
    changes.begin(notebook.graph(), CellId("1"))
    act()
    return set(changes.end(CellId("1")))


def test_a_change_of_what_a_task_below_reads_is_seen():
    rows = [1]
    assert seen("grow(rows)", lambda: rows.append(2), {"rows": rows}, TASK) == {"rows"}


def test_what_stays_as_it_is_or_is_bound_anew_is_no_change():
    values: dict[str, object] = {"rows": [1]}
    assert seen("show(rows)", lambda: None, values, TASK) == set()
    assert seen("show(rows)", lambda: values.update(rows=[1, 2]), values, TASK) == set()


def test_another_name_of_what_a_task_reads_counts():
    rows = [1]
    assert seen("grow(same)", lambda: rows.append(2), {"rows": rows, "same": rows}, TASK) == {"same"}


@pytest.mark.parametrize(
    ("cell", "below"),
    [("grow(rows)", "print(rows)"), ("x = rows[0]", TASK), ("rows.append(2)", TASK), ("grow(other)", TASK)],
    ids=["no task reads it", "nothing is called", "its text shows it", "it is not mentioned"],
)
def test_nothing_else_is_looked_at(cell: str, below: str):
    rows = [1]
    assert seen(cell, lambda: rows.append(2), {"rows": rows, "other": [0]}, below) == set()


def test_a_value_without_a_digest_can_not_be_compared():
    rows = [threading.Lock()]
    assert seen("grow(rows)", lambda: rows.append(threading.Lock()), {"rows": rows}, TASK) == set()


def test_a_value_that_takes_too_long_is_looked_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(plain_changes, "PATIENCE", -1.0)
    rows = [1]
    notebook = Notebook()
    notebook.read([Cell(CellId(str(n)), source) for n, source in enumerate(["rows = [1]", "grow(rows)", TASK])], 0.0)
    changes, found = PlainChanges({"rows": rows}), []
    for _ in range(2):
        changes.begin(notebook.graph(), CellId("1"))
        rows.append(2)
        found.append(changes.end(CellId("1")))
    assert found == [{"rows"}, frozenset()]
