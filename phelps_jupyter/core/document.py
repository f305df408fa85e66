"""The cells in order, as far as the kernel knows them: from the saved file, and from what was executed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from phelps_jupyter.core.model import Cell, CellId

MADE = "executed-"
"""What the ids begin with that we give."""


@dataclass(slots=True)
class Document:
    """Code cells only. Failing a saved file, the order of first execution stands in for the document's."""

    cells: list[Cell] = field(default_factory=list)
    _ran_at: dict[CellId, float] = field(default_factory=dict)
    _last: CellId | None = None
    _from_file: bool = False
    _made: int = 0

    def read(self, cells: Iterable[Cell], saved_at: float) -> None:
        """Take order and sources from the file as it was saved; what was executed later than that wins over it."""
        executed = {cell.id: cell for cell in self.cells if self._ran_at.get(cell.id, -1.0) > saved_at}
        merged = [executed.pop(cell.id, cell) for cell in cells]
        before: dict[CellId, CellId | None] = {}
        previous: CellId | None = None
        for cell in self.cells:
            before[cell.id] = previous
            previous = cell.id
        self.cells = merged
        self._from_file = True
        for cell in executed.values():
            self._insert_after(before[cell.id], cell)

    def ran(self, cell: CellId | None, source: str, at: float) -> CellId:
        """A cell is executed. Returns its id: the front end's, or the one found by its source, or a new one."""
        found = self._find(source, self.cells) if cell is None else cell
        if found is None:
            self._made += 1
            found = CellId(f"{MADE}{self._made}")
        elif found == cell and self.place(found) is None:
            self._adopt(found, source)
        place = self.place(found)
        if place is None:
            # Without a file the order of first execution is the document's.
            self._insert_after(self._last if self._from_file else None, Cell(found, source))
        else:
            self.cells[place] = replace(self.cells[place], source=source)
        self._ran_at[found] = at
        self._last = found
        return found

    def place(self, cell: CellId | None) -> int | None:
        """0-based position among the code cells."""
        return next((place for place, other in enumerate(self.cells) if other.id == cell), None)

    def _adopt(self, cell: CellId, source: str) -> None:
        """The front end's id of a cell that was executed before anybody told us ids, if it was."""
        found = self._find(source, [other for other in self.cells if other.id.startswith(MADE)])
        place = self.place(found)
        if place is not None:
            self.cells[place] = replace(self.cells[place], id=cell)

    def _find(self, source: str, among: list[Cell]) -> CellId | None:
        """The next cell below the last executed one with this source, or the first one anywhere; or the same task's."""
        start = next((place for place, cell in enumerate(among) if cell.id == self._last), None)
        ahead = among if start is None else among[start + 1 :] + among[: start + 1]
        same = next((cell.id for cell in ahead if cell.source.strip() == source.strip()), None)
        if same is not None:
            return same
        task = _task_name(source)
        return None if task is None else next((cell.id for cell in ahead if _task_name(cell.source) == task), None)

    def _insert_after(self, cell: CellId | None, new: Cell) -> None:
        place = self.place(cell)
        self.cells.insert(len(self.cells) if place is None else place + 1, new)


def _task_name(source: str) -> str | None:
    words = source.lstrip().partition("\n")[0].split(None, 2)
    return words[1] if len(words) > 1 and words[0] == "%%task" else None
