"""Which cell bound each of the kernel's names, by the difference that the cell made."""

from __future__ import annotations

import pytest

from phelps_jupyter.adapters.namespace import Fetched, Namespace, Placeholder
from phelps_jupyter.core.model import CellId, Digest, RunId, TaskName

FETCHED = Fetched(RunId(0), Digest("d"))


@pytest.fixture
def names() -> dict[str, object]:
    return {"x": 1, "y": [2]}


@pytest.fixture
def namespace(names: dict[str, object]) -> Namespace:
    return Namespace(names)


def ended(namespace: Namespace, cell: str, *writes: str) -> None:
    namespace.after_cell(CellId(cell), Digest(f"code of {cell}"), Digest(""), writes, well=True)
    namespace.leave_cell()


def origin(namespace: Namespace, name: str) -> str | None:
    found = namespace.origin(name)
    return None if found is None else found.cell


def test_what_a_cell_binds_and_deletes_is_its(namespace, names):
    namespace.before_cell()
    names["x"] = 5
    names["z"] = 1
    del names["y"]
    assert namespace.bound() == {"x", "z"}
    ended(namespace, "a")
    assert [origin(namespace, name) for name in ("x", "y", "z")] == ["a"] * 3


def test_what_it_may_have_changed_in_place_is_its_where_it_is_there(namespace):
    namespace.before_cell()
    ended(namespace, "a", "y", "nowhere")
    assert [origin(namespace, name) for name in ("x", "y", "nowhere")] == [None, "a", None]


def test_what_we_bind_is_no_cells(namespace, names):
    namespace.before_cell()
    namespace.hide("x", Placeholder(TaskName("t"), "x", "ready"))
    namespace.bind("new", lambda digest: digest, FETCHED)
    namespace.drop("y")
    assert namespace.bound() == frozenset()
    ended(namespace, "a")
    assert [origin(namespace, name) for name in ("x", "y", "new")] == [None] * 3
    assert names["new"] == "d"


def test_what_a_cell_binds_within_another_is_not_the_other_ones(namespace, names):
    namespace.before_cell()
    names["before"] = 1
    namespace.before_cell()
    names["x"] = 7
    del names["y"]
    ended(namespace, "inner")
    assert namespace.bound() == {"before"}
    names["after"] = 2
    ended(namespace, "outer")
    assert [origin(namespace, name) for name in ("before", "x", "y", "after")] == ["outer", "inner", "inner", "outer"]


def test_a_placeholder_tells_the_state_as_it_is_then():
    told = iter(["waiting", "running"])
    placeholder = Placeholder(TaskName("t"), "x", lambda: next(told))
    assert [repr(placeholder), repr(placeholder)] == ["<x: of task t, waiting>", "<x: of task t, running>"]
