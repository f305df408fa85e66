"""What a plain cell's values come from, closed over all above it."""

from __future__ import annotations

from dataclasses import replace

from documents import graph, task

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages, Ran, SightsOf, as_read_now, lineage_of, sights_digest
from phelps_jupyter.core.model import Bindings, CellId, Digest, Part, PartKind


def notebook(**codes: str) -> Graph:
    """Plain cells ``a``, ``b`` (reads a), ``c`` (reads b and the task t), ``d`` (reads nothing that there is)."""
    found = graph("a", "b", task("t"), "c", "d")
    reads = {"b": {"a": "cell-a"}, "c": {"b": "cell-b", "t": "cell-t"}, "d": {"nowhere": None}}
    nodes = {
        cell: replace(node, bindings=Bindings(code=Digest(codes.get(cell.removeprefix("cell-"), cell))))
        for cell, node in found.nodes.items()
    }
    inputs = {cell: reads.get(cell.removeprefix("cell-"), {}) for cell in nodes}
    return replace(found, nodes=nodes, inputs=inputs)


def lineage(found: Graph, cell: str, version: str | None = "v1") -> Digest | None:
    return Lineages(found, lambda _task, _name: None if version is None else Digest(version)).of(CellId(f"cell-{cell}"))


def test_a_lineage_is_the_same_as_long_as_nothing_above_changes():
    assert lineage(notebook(), "c") == lineage(notebook(d="d2"), "c")


def test_a_lineage_changes_with_the_cells_own_code():
    assert lineage(notebook(), "b") != lineage(notebook(b="b2"), "b")


def test_a_lineage_changes_with_code_far_above():
    assert lineage(notebook(), "c") != lineage(notebook(a="a2"), "c")


def test_a_lineage_changes_with_the_version_that_a_task_provides():
    assert lineage(notebook(), "c", "v1") != lineage(notebook(), "c", "v2")


def test_there_is_no_lineage_below_a_task_that_is_not_fresh():
    assert lineage(notebook(), "c", None) is None


def test_a_name_that_nobody_provides_is_no_hindrance():
    assert lineage(notebook(), "d") is not None


def test_lineages_are_made_once():
    asked: list[str] = []

    def version(_task: str, name: str) -> Digest:
        asked.append(name)
        return Digest("v1")

    lineages = Lineages(notebook(), version)
    assert lineages.of(CellId("cell-c")) == lineages.of(CellId("cell-c"))
    assert asked == ["t"]


def test_what_reads_a_cell_without_lineage_has_none():
    found = notebook()
    below = replace(found, inputs={**found.inputs, CellId("cell-d"): {"c": CellId("cell-c")}})
    assert lineage(below, "d", None) is None


def ran(cell: str, counted: str, *, passed: str = "", **sources: str) -> Ran:
    return Ran(CellId(cell), Digest(f"{cell} = 1"), sources, frozenset(passed.split()), frozenset(counted.split()))


def test_what_came_to_be_read_since_a_cell_ran_counts_for_it_and_all_below():
    first = ran("first", "")
    maybe = ran("maybe", "c", passed="x", c=first.lineage, x=first.lineage)
    below = ran("below", "w", w=maybe.lineage)
    told = {one.lineage: one for one in (first, maybe, below)}
    assert as_read_now(told, {CellId("maybe"): {"c": CellId("first")}}) == ({}, told)
    moved, found = as_read_now(told, {CellId("maybe"): {"c": CellId("first"), "x": CellId("first")}})
    now = [lineage_of(maybe.code, maybe.sources), lineage_of(below.code, {"w": lineage_of(maybe.code, maybe.sources)})]
    assert (moved, list(found)) == (dict(zip(list(told)[1:], now, strict=True)), [first.lineage, *now])
    assert as_read_now(found, {})[1] == told


def seen(cell: str, sights: Digest | None) -> SightsOf:
    """What this cell alone was seen to use."""
    return lambda asked, _lineage: sights if asked == f"cell-{cell}" else Digest("")


def test_a_lineage_changes_with_what_a_cell_above_was_seen_to_use():
    first, second = (
        Lineages(notebook(), lambda _task, _name: Digest("v1"), seen("a", Digest(digest))) for digest in ("", "d1")
    )
    assert first.of(CellId("cell-b")) != second.of(CellId("cell-b"))
    assert (first.sights(CellId("cell-a")), second.sights(CellId("cell-a"))) == ("", "d1")


def test_there_is_no_lineage_below_a_cell_whose_files_have_changed():
    lineages = Lineages(notebook(), lambda _task, _name: Digest("v1"), seen("a", None))
    assert [lineages.of(CellId(f"cell-{cell}")) for cell in "abd"] != [None] * 3
    assert [lineages.of(CellId(f"cell-{cell}")) for cell in "ab"] == [None] * 2


def test_sights_are_told_apart_by_their_content_and_in_no_order():
    one, other = (Part(PartKind.FILE, name, Digest("d")) for name in "ab")
    assert sights_digest([one, other]) == sights_digest([other, one]) != sights_digest([one])
    assert sights_digest([]) == ""
