"""Plays a story, and says where what we show differs from what a fresh run shows, or what ran for nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forks import Forks
from stories import Book, Cell, Step

Runs = Callable[[str, Sequence[Sequence[str]]], dict[str, Any]]
"""A folder and its cells in; what was shown and what ran out."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A property that did not hold. ``kind``: wrong, failed, needless, above, cosmetic, undo or crash."""

    step: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Stand:
    """How a run of ours ended."""

    book: Book
    good: frozenset[str]
    """Cells of tasks that ended well."""


@dataclass
class Stage:
    """A folder with a notebook in it, and what has been run there."""

    folder: Path
    forks: Forks
    runs: Runs
    stands: list[Stand] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    def play(self, story: Sequence[Step]) -> Wrong | None:
        """The first thing that is wrong."""
        for number, step in enumerate(story):
            found = self._step(number, step, last=number == len(story) - 1)
            if found is not None:
                return found
        return None

    def _step(self, number: int, step: Step, *, last: bool) -> Wrong | None:
        self._write(step)
        fresh = self.forks.ask(
            "plain", cells=[(cell.id, cell.source) for cell in step.book.cells], files=step.book.files
        )
        cells = [(cell.id, cell.text) for cell in step.book.cells]
        look = _look(fresh)
        if look:
            cells.append(("look", look))
            asked = [(cell.id, cell.source) for cell in step.book.cells] + [("look", look)]
            fresh = self.forks.ask("plain", cells=asked, files=step.book.files)
        ours = self.runs(str(self.folder), cells)
        ran = _ran(ours)
        found = _differing(number, fresh, ours) or self._needless(number, step, ran)
        good = frozenset(task["cell"] for task in ours["tasks"] if task["state"] in ("done", "reused"))
        self.stands.append(Stand(step.book, good))
        if found is None and last:
            again = self.runs(str(self.folder), cells)
            more = {name: why for name, why in _ran(again).items() if name in good}
            found = Wrong(number, "needless", f"a second run runs {more}") if more else None
            found = found or _differing(number, fresh, again)
        return found

    def _write(self, step: Step) -> None:
        files = dict(step.book.files)
        for name in self.written.keys() - files.keys():
            (self.folder / name).unlink()
        for name, text in files.items():
            if self.written.get(name) != text:
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / name).write_text(text)
        self.written = files
        if step.touched:
            os.utime(self.folder / step.touched)

    def _needless(self, number: int, step: Step, ran: Mapping[str, Any]) -> Wrong | None:
        """Runs that can't have mattered, as far as the kind of the edit tells."""
        if number == 0:
            return None
        before = self.stands[-1]
        if step.kind == "cosmetic":
            more = {name: why for name, why in ran.items() if name in before.good}
            return Wrong(number, "cosmetic", f"{step.what}: runs {more}") if more else None
        if step.kind == "undo":
            earlier = self.stands[-2]
            writers = {cell.id for cell in step.book.cells if "out_" in cell.source}
            more = {name: why for name, why in ran.items() if name in earlier.good - writers}
            return Wrong(number, "undo", f"{step.what}: runs {more}") if more else None
        if before.book.files != step.book.files:
            return None
        same = [old == new for old, new in zip(before.book.cells, step.book.cells, strict=False)]
        if any(_is_obscure(cell) for cell in step.book.cells if cell not in before.book.cells):
            # It may read what nobody read so far, and what nobody reads is not stored.
            return None
        above = [cell for cell in before.book.cells[: [*same, False].index(False)] if not _is_obscure(cell)]
        more = {cell.id: ran[cell.id] for cell in above if cell.id in ran and cell.id in before.good}
        return Wrong(number, "above", f"{step.what}: runs {more}") if more else None


def _is_obscure(cell: Cell) -> bool:
    """Whether it may bind any name: what it stores hangs on who reads."""
    return "=' + '" in cell.source or "import *" in cell.source


def _ran(ours: Mapping[str, Any]) -> dict[str, Any]:
    return {task["cell"]: task["reasons"] for task in ours["tasks"] if task["ran"]}


def _look(fresh: Mapping[str, Any]) -> str:
    """A last cell that shows every value; none below an error."""
    if any(cell["error"] for cell in fresh["cells"].values()):
        return ""
    kinds = {"v": "{0}.tolist()", "w": "{0}.tolist()", "df": "{0}.to_dict('list')", "dg": "{0}.to_dict('list')"}
    shown = [f"print({name!r}, {kinds.get(name, 'repr({0})').format(name)})" for name in fresh["names"]]
    return "\n".join(shown)


def _differing(number: int, fresh: Mapping[str, Any], ours: Mapping[str, Any]) -> Wrong | None:
    """Up to the first error all must be equal; below it, what we show as good must be."""
    broken = False
    for name, wanted in fresh["cells"].items():
        shown = ours["cells"].get(name, {"text": "", "error": "absent"})
        if wanted["error"] == "FileNotFoundError":
            # A cell that wrote the file may be gone; the file is still there, and is no less the user's.
            return None
        if shown["error"] is None and wanted["error"] is None and shown["text"] != wanted["text"]:
            return Wrong(number, "wrong", f"{name} shows {shown['text']!r}, a fresh run {wanted['text']!r}")
        if shown["error"] != wanted["error"] and (not broken or shown["error"] is None):
            why = shown.get("why", "")
            kind = "failed" if shown["error"] else "wrong"
            return Wrong(number, kind, f"{name}: ours {shown['error']} ({why}), a fresh run {wanted['error']}")
        broken = broken or wanted["error"] is not None
    return None


def told(story: Sequence[Step], wrong: Wrong) -> str:
    """The story as a person reads it."""
    lines = [f"{wrong.kind} at step {wrong.step}: {wrong.text}"]
    before: Book | None = None
    for number, step in enumerate(story[: wrong.step + 1]):
        lines.append(f"--- step {number}: {step.what}")
        for cell in step.book.cells:
            if before is None or cell not in before.cells:
                lines.append(f"[{cell.id}] {cell.text}")
        if before is not None and [c.id for c in before.cells] != [c.id for c in step.book.cells]:
            lines.append(f"order: {[cell.id for cell in step.book.cells]}")
        if before is not None and before.files != step.book.files:
            lines.append(f"files: {sorted(set(step.book.files) - set(before.files))}")
        before = step.book
    return "\n".join(lines)
