"""What tasks took: asked of the index once, and right after what was noted since."""

from __future__ import annotations

from phelps_jupyter.core.model import Key, Record, TaskName, Usage
from phelps_jupyter.errors import StoreError
from phelps_jupyter.usages import Usages

FIT, LOAD = TaskName("fit"), TaskName("load")


class Asked:
    """An index that counts how often it is asked; the first ``failures`` times it fails."""

    def __init__(self, failures: int = 0) -> None:
        self.times = 0
        self.failures = failures

    def usages(self, notebook: str) -> dict[TaskName, Usage]:
        assert notebook == "book.ipynb"
        self.times += 1
        if self.times <= self.failures:
            raise StoreError("the disk failed")
        return {FIT: Usage(2.0)}


def record(task: TaskName, seconds: float) -> Record:
    return Record(Key("k"), task, "book.ipynb", "", (), (), Usage(seconds), "e0", 0.0)


def test_the_index_is_asked_once_and_what_is_noted_counts() -> None:
    index, said = Asked(), list[Exception]()
    usages = Usages(index, "book.ipynb", said.append)  # type: ignore[arg-type]  # no more of an index is asked
    first = usages.all()
    usages.note(record(LOAD, 0.5))
    usages.note(record(FIT, 3.0))
    assert (first, usages.all()) == ({FIT: Usage(2.0)}, {FIT: Usage(3.0), LOAD: Usage(0.5)})
    assert (index.times, said) == (1, [])


def test_an_index_that_fails_is_told_of_and_asked_again() -> None:
    index, said = Asked(failures=1), list[Exception]()
    usages = Usages(index, "book.ipynb", said.append)  # type: ignore[arg-type]
    usages.note(record(LOAD, 0.5))
    assert (usages.all(), usages.all()) == ({}, {FIT: Usage(2.0)})
    assert [str(error) for error in said] == ["the disk failed"]
