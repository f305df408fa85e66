"""Small notebooks by chance, with the files beside them, and edits of both. Equal seeds make equal stories."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from snippets import Draft

LIB = "from sub import base\nK = {k}\n\ndef scale(x):\n    return base(x) * K\n"
SUB = "B = {b}\n\ndef base(x):\n    return x + B\n"


@dataclass(frozen=True, slots=True)
class Cell:
    """``source``: without the line that makes it a task."""

    id: str
    source: str
    task: bool = True
    alias: str = ""

    @property
    def name(self) -> str:
        return f"t_{self.id}{self.alias}"

    @property
    def text(self) -> str:
        return f"%%task {self.name}\n{self.source}" if self.task else self.source


@dataclass(frozen=True, slots=True)
class Book:
    """A notebook at one moment."""

    cells: tuple[Cell, ...]
    files: tuple[tuple[str, str], ...]

    def file(self, name: str) -> str | None:
        return dict(self.files).get(name)

    def with_file(self, name: str, text: str) -> Book:
        return replace(self, files=tuple(sorted((dict(self.files) | {name: text}).items())))


@dataclass(frozen=True, slots=True)
class Step:
    """What was done, and the notebook after it. ``kind``: first, change, cosmetic or undo. ``touched``: a file."""

    what: str
    kind: str
    book: Book
    touched: str = ""


@dataclass
class Author:
    """Writes one story."""

    chance: random.Random
    draft: Draft
    number: int = 0
    used: list[str] = field(default_factory=list)

    def cell(self, statements: int = 0) -> Cell:
        count = statements or self.chance.choice((1, 1, 2, 2, 3))
        lines = [self.draft.statement() for _ in range(count)]
        if self.chance.random() < 0.6:
            lines.append(self.draft.show())
        self.number += 1
        return Cell(f"c{self.number}", "\n".join(lines), task=self.chance.random() > 0.2)

    def first(self) -> Book:
        chance = self.chance
        start = "\n".join(
            line for line in (self.draft.fill("<I> = <n>"), self.draft.fill("<X> = [<n>, <n2>, <n3>]")) if line
        )
        cells = [Cell("c0", start, task=chance.random() < 0.6)]
        cells += [self.cell() for _ in range(chance.randint(3, 6))]
        files = {
            "lib.py": LIB.format(k=chance.randint(1, 9)),
            "sub.py": SUB.format(b=chance.randint(1, 9)),
            "data/one.txt": str(chance.randint(1, 9)),
            "data/two.txt": str(chance.randint(1, 9)),
        }
        return Book(tuple(cells), tuple(sorted(files.items())))

    def edit(self, book: Book) -> Step:
        """Some edit that changes something."""
        while True:
            step = self.chance.choice(EDITS)(self, book)
            if step is not None and (step.book != book or step.touched):
                return step

    def place(self, book: Book) -> int:
        return self.chance.randrange(len(book.cells))

    def rewritten(self, what: str, kind: str, book: Book, place: int, source: str) -> Step:
        cells = list(book.cells)
        cells[place] = replace(cells[place], source=source)
        return Step(f"{what} in {cells[place].id}", kind, replace(book, cells=tuple(cells)))


def constant(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    source = book.cells[place].source
    found = list(re.finditer(r"(?<![\w.'])\d(?![\w'])", source))
    if not found:
        return None
    spot = author.chance.choice(found)
    changed = source[: spot.start()] + str(author.chance.randint(1, 9)) + source[spot.end() :]
    return author.rewritten("a constant", "change", book, place, changed)


def helper(author: Author, book: Book) -> Step | None:
    places = [place for place, cell in enumerate(book.cells) if re.search("def |lambda|class ", cell.source)]
    if not places:
        return None
    place = author.chance.choice(places)
    source = book.cells[place].source
    changed = re.sub(r"(return|lambda x:) x\b", r"\1 2 * x", source)
    return author.rewritten("a function", "change", book, place, changed)


def comment(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    source = book.cells[place].source
    # What stands in a text is no matter of looks: it may be executed.
    spaced = "\n".join(line if "'" in line else line.replace(" = ", "  =  ") for line in source.split("\n"))
    changed = author.chance.choice((f"# a remark\n{source}", f"{source}\n# {author.number}", f"\n\n{source}\n", spaced))
    return author.rewritten("only looks", "cosmetic", book, place, changed)


def rename_local(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    source = re.sub(r"(?<!['{])\bx\b(?!')", "item", book.cells[place].source)
    return author.rewritten("the name of a local", "change", book, place, source)


def rename_task(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    if not book.cells[place].task:
        return None
    author.number += 1
    cells = list(book.cells)
    cells[place] = replace(cells[place], alias=f"_{author.number}")
    return Step(f"the name of the task in {cells[place].id}", "cosmetic", replace(book, cells=tuple(cells)))


def toggle(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    cells = list(book.cells)
    cells[place] = replace(cells[place], task=not cells[place].task)
    return Step(f"{cells[place].id} becomes task or plain", "change", replace(book, cells=tuple(cells)))


def add(author: Author, book: Book) -> Step | None:
    cells = list(book.cells)
    new = author.cell()
    cells.insert(author.chance.randint(1, len(cells)), new)
    return Step(f"{new.id} is added", "change", replace(book, cells=tuple(cells)))


def remove(author: Author, book: Book) -> Step | None:
    if len(book.cells) < 3:
        return None
    cells = list(book.cells)
    gone = cells.pop(author.place(book))
    return Step(f"{gone.id} is removed", "change", replace(book, cells=tuple(cells)))


def duplicate(author: Author, book: Book) -> Step | None:
    place = author.place(book)
    author.number += 1
    cells = list(book.cells)
    cells.insert(author.chance.randint(place + 1, len(cells)), replace(cells[place], id=f"c{author.number}"))
    return Step(f"{cells[place].id} is copied as c{author.number}", "change", replace(book, cells=tuple(cells)))


def move(author: Author, book: Book) -> Step | None:
    cells = list(book.cells)
    moved = cells.pop(author.place(book))
    cells.insert(author.chance.randint(0, len(cells)), moved)
    return Step(f"{moved.id} is moved", "change", replace(book, cells=tuple(cells)))


def swap(author: Author, book: Book) -> Step | None:
    place = author.chance.randrange(len(book.cells) - 1)
    cells = list(book.cells)
    cells[place : place + 2] = reversed(cells[place : place + 2])
    return Step(f"{cells[place].id} and its neighbour change places", "change", replace(book, cells=tuple(cells)))


def _used(book: Book) -> list[str]:
    """Files that the notebook may use."""
    sources = "\n".join(cell.source for cell in book.cells)
    modules = [name for name, _ in book.files if name.endswith(".py") and "lib" in sources]
    return modules + [name for name, _ in book.files if name.startswith("data/") and "data" in sources]


def file(author: Author, book: Book) -> Step | None:
    names = _used(book)
    if not names:
        return None
    name = author.chance.choice(names)
    text = re.sub(r"\b\d+", str(author.chance.randint(1, 9)), str(book.file(name)))
    return Step(f"{name} changes", "change", book.with_file(name, text))


def new_file(author: Author, book: Book) -> Step | None:
    if not any(name.startswith("data/") for name in _used(book)):
        return None
    return Step("data/three.txt is new", "change", book.with_file("data/three.txt", str(author.chance.randint(1, 9))))


def remark_in_module(author: Author, book: Book) -> Step | None:
    names = [name for name in _used(book) if name.endswith(".py")]
    if not names:
        return None
    name = author.chance.choice(names)
    return Step(f"a comment in {name}", "cosmetic", book.with_file(name, f"# a remark\n\n{book.file(name)}"))


def touch(author: Author, book: Book) -> Step | None:
    names = _used(book)
    return Step("a file is touched", "cosmetic", book, author.chance.choice(names)) if names else None


Edit = Callable[[Author, Book], Step | None]
EDITS: tuple[Edit, ...] = (
    *(constant, constant, constant, constant, helper, helper, comment, comment, rename_local, rename_task),
    *(toggle, add, add, remove, duplicate, move, swap, file, file, file, new_file, remark_in_module, touch),
)


def story(seed: int, edits: int = 3) -> list[Step]:
    """A notebook and what becomes of it."""
    chance = random.Random(seed)
    author = Author(chance, Draft(chance))
    steps = [Step("written", "first", author.first())]
    while len(steps) <= edits:
        before = steps[-1]
        if len(steps) > 1 and before.kind == "change" and chance.random() < 0.25:
            steps.append(Step(f"undone: {before.what}", "undo", steps[-2].book))
        else:
            steps.append(author.edit(before.book))
    return steps
