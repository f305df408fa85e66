"""Ours: notebooks of task cells, run as `phelps run` does; two columns, one for each kind of engines."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from rich.console import Console

from benchmarks.engines import bodies, graph
from benchmarks.engines.graph import Graph, Node
from benchmarks.engines.session import SLOTS, Cold, Idle, Limited, Ran, Session, Setting, Survived, Tool
from benchmarks.engines.tools import kernel
from benchmarks.engines.tools.book import Book, named
from phelps_jupyter.faces.running import Report, run_notebook

PHELPS = (sys.executable, "-c", "from phelps_jupyter.faces.cli import main; main()")
"""The command, whether or not its script is on the path."""
WELL = ("done", "reused")


class NotebookSession:
    """Each run is a notebook of its own in a kernel of its own, with engines that have run something before it counts.

    The store is new each time, unless the setting says that runs remember.
    """

    def __init__(self, cluster: str, setting: Setting) -> None:
        self._cluster, self._setting = cluster, setting
        self._numbers = itertools.count()
        self._rehearsal: Graph = []

    def many(self, count: int) -> Ran:
        return self.graph([Node(number, bodies.noop, (number,)) for number in range(count)])

    def trips(self, count: int) -> Ran:
        book = self._book("inc")
        book.begin()
        for number in range(count):
            book.task(f"t{number}", f"inc({number})")
            book.plain(f"p{number}", f"seen = of_t{number}")
        book.end({})
        return _ran(self._run(book))

    def graph(self, nodes: Graph) -> Ran:
        book = self._book(*(node.act.__name__ for node in nodes))
        book.begin()
        book.graph(nodes, counts_cpus=self._setting.counts_cpus)
        book.end(named(graph.ends(nodes)))
        return _ran(self._run(book))

    def rehearse(self, nodes: Graph) -> None:
        # Each run has engines of its own.
        self._rehearsal = nodes

    def survive(self, nodes: Graph, after: float) -> Survived:
        book = self._book(*(node.act.__name__ for node in nodes))
        book.begin()
        book.graph(nodes)
        book.plain("kill", f"killed = processes.kill_engine(begun + {after})")
        book.plain("wait", "%phelps wait")
        book.stamp("end")
        report = self._run(book)
        _stream(report, "kill")
        tasks = [task for task in report.executed.tasks if not task["name"].startswith("warm")]
        failures = [failure for task in tasks for failure in task["failures"]]
        said = {f"{failure['kind']}: {failure['message']}" for failure in failures}
        return Survived(_ran(report).seconds, sum(task["state"] in WELL for task in tasks), tuple(sorted(said)))

    def limit(self, hog: Node, bystanders: Graph) -> Limited:
        assert self._setting.memory is not None
        book = self._book(hog.act.__name__, *(node.act.__name__ for node in bystanders))
        book.begin()
        book.task("hog", f"hog{hog.arguments!r}", f" --mem {self._setting.memory // bodies.MIB}MiB")
        book.graph(bystanders)
        book.plain("wait", "%phelps wait hog")
        book.stamp("end")
        report = self._run(book)
        tasks = {task["name"]: task for task in report.executed.tasks}
        error = tasks["hog"]["error"]
        said = "" if error is None else f"{error['kind']}: {error['message']}"
        others = sum(tasks[name]["state"] in WELL for name in named(node.number for node in bystanders).values())
        return Limited(_ran(report).seconds, said, others)

    def cancel(self, kind: str, seconds: float) -> float:
        # Files in the notebook's folder would be conditions of cells.
        marks = [str(self._setting.folder / f"{kind}-{slot}") for slot in range(SLOTS)]
        book = self._book("spin", "noop")
        for slot, mark in enumerate(marks):
            book.task(f"spin{slot}", f"spin({kind!r}, {seconds}, {mark!r})")
        book.plain("begun", f"processes.await_files({marks!r})")
        book.plain("begin", "begun = time.time()\n%phelps cancel")
        for slot in range(SLOTS):
            book.task(f"t{slot}", f"noop({slot})")
        book.end(named(range(SLOTS)))
        return _ran(self._run(book)).seconds

    def idle(self) -> Idle:
        book = self._book("noop")
        book.begin()
        book.plain("idle", "stands = processes.idle(*processes.kernel_and_parent())")
        book.plain("end", "print(json.dumps([stands.size, stands.processes]))")
        size, count = _stream(self._run(book), "end")
        return Idle(size, count)

    def _book(self, *acts: str) -> Book:
        book = Book({*acts, *(node.act.__name__ for node in self._rehearsal)}, warm=self._setting.warm)
        book.rehearse(self._rehearsal)
        return book

    def _run(self, book: Book) -> Report:
        folder = self._setting.folder / f"book-{0 if self._setting.remembers else next(self._numbers)}"
        folder.mkdir(exist_ok=True)
        path = folder / "book.ipynb"
        book.write(path)
        with open("/dev/null", "w") as nowhere:
            console = Console(file=nowhere, highlight=False)
            return run_notebook(path, folder / ".phelps", self._cluster, None, False, {}, console)


def _ran(report: Report) -> Ran:
    told = _stream(report, "end")
    if told is None:
        failed = [task for task in report.executed.tasks if task["state"] not in WELL]
        raise RuntimeError(f"the run did not come to its end: {failed[0]['because'] if failed else 'no task failed'}")
    results = dict(zip(told.get("results", ()), told.get("values", ()), strict=True))
    return Ran(told["begun"], told["ended"], results)


def _stream(report: Report, name: str) -> Any:
    """What a cell printed, as JSON. Errors: RuntimeError where it failed."""
    return _printed(report.notebook, name, report.executed.cells.get(name))


def _printed(notebook: nbformat.NotebookNode, name: str, error: str | None) -> Any:
    cell = next(cell for cell in notebook.cells if cell.id == name)
    raised = error or next((output.evalue for output in cell.outputs if output.output_type == "error"), None)
    if raised is not None:
        raise RuntimeError(f"cell {name}: {raised}")
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    return json.loads(text) if text else None


def _cold(cluster: str, name: str, folder: Path) -> Cold:
    """The whole: `phelps run`. Loaded: in a kernel that stands ready, from loading the extension."""
    del name
    book = Book(["inc"], warm=False)
    book.begin()
    book.task("t0", "inc(1)")
    book.end({0: "t0"})
    book.write(folder / "book.ipynb")
    begun = time.time()
    command = [*PHELPS, "run", "book.ipynb", "--cluster", cluster, "-o", "out.ipynb"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError(f"phelps run: {done.stderr[-500:]}")
    ended = _printed(nbformat.read(folder / "out.ipynb", as_version=4), "end", None)["ended"]
    return Cold(ended - begun, kernel.first_result(cluster, book, folder))


@contextmanager
def _open(cluster: str, setting: Setting) -> Iterator[Session]:
    yield NotebookSession(cluster, setting)


def _column(name: str, cluster: str) -> Tool:
    return Tool(name, "phelps_jupyter", partial(_open, cluster), partial(_cold, cluster))


NONE = _column("ours-none", "none")
LOCAL = _column("ours-local", f"local:{SLOTS}")
