"""A notebook looked at from the shell: its graph, its store and the verdicts on its tasks. Starts no kernel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from phelps_jupyter.adapters.index import SqliteIndex
from phelps_jupyter.adapters.kept import KeptFile
from phelps_jupyter.adapters.presence import Presence
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.kept import Kept, to_plain
from phelps_jupyter.core.model import Cell, TaskName
from phelps_jupyter.core.notebook import Notebook
from phelps_jupyter.faces.document import read_notebook
from phelps_jupyter.judge import Judge
from phelps_jupyter.standing import Standing, plain, standing_of, text_of
from phelps_jupyter.usages import seconds_of


class Desk:
    """What a reading command needs; each part is made when it is first asked for."""

    def __init__(self, notebook: Path, store: Path | None) -> None:
        """Errors: DeclarationError when the notebook can't be read, StoreError."""
        self.path = notebook.absolute()
        saved = read_notebook(self.path)
        self.places = saved.places
        self.folder = (store or self.path.parent / ".phelps").absolute()
        self.name = os.path.relpath(self.path, self.folder.parent)
        self._values = Presence(str(self.folder))
        self.index = SqliteIndex(str(self.folder / "state.db"))
        self._book = Notebook()
        self._book.learned.update(self.index.learned())
        self._book.read(saved.cells, 0.0)

    @property
    def cells(self) -> Sequence[Cell]:
        """The code cells."""
        return self._book.document.cells

    @cached_property
    def graph(self) -> Graph:
        """The notebook's graph; what the last look has found out about it is not found out again."""
        file = self._file("parses")
        told = file.read()
        kept = Kept(told) if told else None
        graph = kept.graph(self.cells, self._book.learned) if kept else None
        if graph is None:
            self._book.parses = kept.parses() if kept else {}
            graph = self._book.graph()
            file.write(to_plain(graph, self._book.learned))
        return graph

    @cached_property
    def judge(self) -> Judge:
        """The verdicts."""
        return self.judge_of(self.graph)

    def judge_of(self, graph: Graph) -> Judge:
        """Who judges the tasks of this graph."""
        folder = str(self.path.parent)
        now = Surroundings.now()
        return Judge(graph, self.name, self._values, self.index, replace(now, folder=folder, path=(folder, *now.path)))

    def _file(self, kind: str) -> KeptFile:
        return KeptFile(str(self.folder), self.name, kind)

    def fresh(self) -> int | None:
        """How many tasks there are, if all are fresh. Costs little where the last look found it so, and it still is."""
        file = self._file("standing")
        text = text_of(self.cells, self._book.learned)
        records = self.index.standing(self.name)
        told = file.read()
        standing = Standing(*told) if told else None
        if standing is None or not standing.holds(text, records, self.judge_of(Graph())):
            standing = standing_of(self.judge, text, records)
            if standing is None:
                return None
            file.write(plain(standing))
        return standing.tasks

    @property
    def seconds(self) -> dict[TaskName, float]:
        """How long each task took last time."""
        return seconds_of(self.index.usages(self.name))

    def body(self, task: TaskName) -> str:
        """The task's code as it is now."""
        declared = self.graph.nodes[self.graph.tasks[task]].task
        assert declared is not None
        return declared.body

    def close(self) -> None:
        """Close the index."""
        self.index.close()
