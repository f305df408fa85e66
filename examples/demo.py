"""Runs flights.ipynb three times in a temporary folder: first, again, with one line edited. Shows what ran, and why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

NOTEBOOK = Path(__file__).with_name("flights.ipynb")
PHELPS = Path(sys.executable).with_name("phelps")
# The hours in question are at night, when no flight leaves: the edit changes a table, but nothing made from it.
EDIT = ('keep=\\"first\\"', 'keep=\\"last\\"')
TOUCHED = ["clean", "join"]
# Whatever we start inherits it, and so do the processes that it starts: none may be left at the end.
MARK = "PHELPS_DEMO"
GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """One row of the table."""

    name: str
    ran: bool
    state: str
    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one `phelps run --json` said, and how long it took in all."""

    ok: bool
    tasks: tuple[Task, ...]
    seconds: float

    @property
    def ran(self) -> list[str]:
        return [task.name for task in self.tasks if task.ran]


def main() -> int:
    os.environ[MARK] = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="phelps-demo-") as folder:
        notebook = Path(shutil.copy(NOTEBOOK, folder))
        first = show("First run", run(notebook))
        second = show("Second run, nothing changed", run(notebook), first)
        edit(notebook)
        third = show('Third run, after an edit of one line of "clean"', run(notebook), first)
        print(f"\nThe edit kept the other of two weather reports: {' and '.join(third.ran) or 'nothing'} ran again.")
        print("No flight leaves in those hours, so `joined` came out the same, and all that follows was reused.")
        faults = [*wrong(first, second, third), *left_behind()]
    for fault in faults:
        print(f"WRONG: {fault}", file=sys.stderr)
    return 1 if faults else 0


def run(notebook: Path) -> Report:
    """One headless run, as a user would start it."""
    start = time.perf_counter()
    command = [str(PHELPS), "run", notebook.name, "--json"]
    done = subprocess.run(command, cwd=notebook.parent, stdout=subprocess.PIPE, text=True, check=False)
    return read(done.stdout, time.perf_counter() - start)


def read(text: str, seconds: float) -> Report:
    """The report of a run. Raises SystemExit when it is none."""
    try:
        report = json.loads(text)
    except json.JSONDecodeError:
        raise SystemExit(f"`phelps run --json` printed no JSON:\n{text}") from None
    tasks = [
        Task(task["name"], task["ran"], task["state"] or "-", task["seconds"] or 0.0, why(task["ran"], task["reasons"]))
        for task in report["tasks"]
    ]
    return Report(report["ok"], tuple(tasks), seconds)


def why(ran: bool, reasons: list[dict[str, str]]) -> str:
    if ran:
        return "; ".join(reason["text"] for reason in reasons)
    # What came before it was not fresh, so nobody could know until that had run.
    in_doubt = any(reason["kind"] == "upstream" for reason in reasons)
    return "what it reads came out the same" if in_doubt else "nothing it uses has changed"


def edit(notebook: Path) -> None:
    text = notebook.read_text()
    if text.count(EDIT[0]) != 1:
        raise SystemExit(f"{notebook.name} has no line to edit: {EDIT[0]}")
    notebook.write_text(text.replace(*EDIT))


def show(title: str, report: Report, first: Report | None = None) -> Report:
    ratio = f", {report.seconds / first.seconds:.0%} of the first run" if first else ""
    print(f"\n{title}: {report.seconds:.1f} s{ratio}")
    print(f"  {'task':<14}{'':<10}{'seconds':>8}  why")
    for task in report.tasks:
        seconds = f"{task.seconds:.1f}" if task.ran else ""
        print(f"  {task.name:<14}{'ran' if task.ran else task.state:<10}{seconds:>8}  {task.why}")
    return report


def wrong(first: Report, second: Report, third: Report) -> list[str]:
    """What did not happen as promised."""
    promises = {
        "a run failed": first.ok and second.ok and third.ok,
        "the first run did not run every task": len(first.ran) == len(first.tasks) > 0,
        f"the second run executed task bodies: {second.ran}": not second.ran,
        "the second run took a quarter of the first or more": second.seconds < first.seconds / 4,
        f"after the edit of clean, {third.ran} ran instead of {TOUCHED}": third.ran == TOUCHED,
    }
    return [fault for fault, kept in promises.items() if not kept]


def left_behind() -> list[str]:
    """Processes that our runs started and that are still there after a grace."""
    mine = [process for process in psutil.process_iter() if process.pid != os.getpid() and is_marked(process)]
    _, left = psutil.wait_procs(mine, timeout=GRACE)
    return [f"process {process.pid} was left behind: {process.name()}" for process in left]


def is_marked(process: psutil.Process) -> bool:
    try:
        return process.environ().get(MARK) == os.environ[MARK]
    except psutil.Error:
        return False


if __name__ == "__main__":
    sys.exit(main())
