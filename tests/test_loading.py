"""Whether the kernel holds what the document's plain cells give, and which of them must run, in their order."""

from __future__ import annotations

from dataclasses import replace

from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.core.lineage import Lineages, lineage_of
from phelps_jupyter.core.model import Cell, CellId
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.loading import Loading

CELLS = {"base": "base = 1", "rows": "rows = [base]", "grow": "rows.append(2)", "task": "%%task t\nn = len(rows)"}


class Kernel:
    """Its names are those that executed cells have bound; values are of no matter."""

    def __init__(self, **cells: str) -> None:
        self.cells = CELLS | cells
        self.names: dict[str, object] = {}
        self.namespace = Namespace(self.names)

    def loading(self) -> Loading:
        notebook = Notebook()
        notebook.read([Cell(CellId(name), source) for name, source in self.cells.items()], 0.0)
        graph = notebook.graph()
        return Loading(graph, self.namespace, Lineages(graph, lambda _task, _name: None).of)

    def run(self, *cells: str) -> Kernel:
        for cell in cells:
            graph = self.loading().graph
            node, sources = graph.nodes[CellId(cell)], graph.inputs[CellId(cell)]
            self.namespace.before_cell()
            found = self.namespace.sources(sources, Lineages(graph, self.namespace.digest_of).of)
            self.names.update({name: object() for name in node.bindings.writes})
            lineage = lineage_of(node.bindings.code, found)
            self.namespace.after_cell(node.cell, node.bindings.code, lineage, graph.writes[node.cell], well=True)
            self.namespace.leave_cell()
        return self

    def to_run(self) -> list[str]:
        """What the task waits for."""
        loading = self.loading()
        return list(loading.to_run(loading.lacking(CellId("task"))))


def test_when_all_have_run_in_their_order_nothing_must():
    assert Kernel().run("base", "rows", "grow").to_run() == []


def test_what_never_ran_must_with_all_above_it_in_their_order():
    assert Kernel().to_run() == ["base", "rows", "grow"]


def test_a_cell_that_was_edited_since_and_all_that_follows_must_run():
    kernel = Kernel().run("base", "rows", "grow")
    kernel.cells["base"] = "base = 5"
    assert kernel.to_run() == ["base", "rows", "grow"]
    kernel.cells["base"] = "base = 1  # as it was"
    assert kernel.to_run() == []


def test_where_another_cell_bound_the_name_last_those_that_make_it_must_run():
    kernel = Kernel(below="rows = []").run("base", "rows", "grow", "below")
    assert kernel.to_run() == ["rows", "grow"]


def test_a_change_in_place_that_was_made_twice_must_be_made_anew():
    assert Kernel().run("base", "rows", "grow", "grow").to_run() == ["rows", "grow"]


def test_a_change_in_place_that_was_not_made_must_be_made():
    assert Kernel().run("base", "rows").to_run() == ["grow"]


def test_where_no_lineage_is_known_the_code_of_who_bound_the_name_is_compared():
    kernel = Kernel().run("base", "rows", "grow")
    assert replace(kernel.loading(), lineage_of=lambda _: None).lacking(CellId("task")) == []
    kernel.cells["grow"] = "rows.append(3)"
    assert replace(kernel.loading(), lineage_of=lambda _: None).lacking(CellId("task")) == ["grow"]
