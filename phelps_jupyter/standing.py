"""What a plan rests on that found nothing to run: where all of it is as it was, there is still nothing to run.

A verdict follows from the notebook's text, the index's records and what lies outside of both. The first two are
compared as a whole; only the third is looked at again, each thing once. Anything else than "all fresh" is judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import xxhash

from phelps_jupyter.core.freshness import Verdict
from phelps_jupyter.core.holds import OUTSIDE
from phelps_jupyter.core.model import Cell, Digest, Part, PartKind, TaskName
from phelps_jupyter.core.nodes import Learned
from phelps_jupyter.judge import Judge
from phelps_jupyter.parts import PYTHON

Plain = tuple[Any, ...]


def text_of(cells: Sequence[Cell], learned: Mapping[Digest, Learned]) -> str:
    """Digest of all that a graph is built from."""
    known = sorted((code, *map(sorted, astuple(found))) for code, found in learned.items())
    told = repr(([cell.id for cell in cells], [cell.source for cell in cells], known))
    return xxhash.xxh3_128_hexdigest(told.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Standing:
    """``text`` as above; ``records``: as the index tells them; ``outside`` and ``outputs``: what is looked at again."""

    text: str
    records: Plain
    outside: tuple[tuple[str, str, str, str, tuple[str, ...]], ...]
    """Kind, name, digest and origin of parts and conditions, and the files that their bodies wrote themselves."""
    outputs: tuple[str, ...]
    tasks: int

    def holds(self, text: str, records: Plain, judge: Judge) -> bool:
        """Whether all is as it was. ``judge`` looks outside; its graph may be empty."""
        return (
            (self.text, self.records) == (text, records)
            and all(judge.store.has(Digest(digest)) for digest in self.outputs)
            and all(
                judge.outside.digest(Part(PartKind(kind), name, Digest(digest), origin=origin), files) == digest
                for kind, name, digest, origin, files in self.outside
            )
        )


def plain(standing: Standing) -> Plain:
    """As it is kept: the fields in their order."""
    return standing.text, standing.records, standing.outside, standing.outputs, standing.tasks


def standing_of(judge: Judge, text: str, records: Plain) -> Standing | None:
    """What the verdicts of all tasks rest on; None where one of them is not simply that its last record stands."""
    outside: dict[tuple[str, str, str, str, tuple[str, ...]], None] = {}
    outputs: dict[str, None] = {}
    numbers = []
    for task, judgement in judge.all().items():
        record = judgement.record
        if judgement.verdict is not Verdict.FRESH or record is None or not _stands_by_text(judge, task):
            return None
        numbers.append((task, record.number))
        outputs.update((version.digest, None) for version in record.outputs)
        files = tuple(file.name for file in record.seen.files)
        own = [file for file in record.seen.files if not judge.is_rewritten(task, file)]
        for part in (*record.parts, *record.seen.conditions, *own):
            if part.kind in OUTSIDE and (part.kind, part.name) != (PartKind.VERSION, PYTHON):
                outside[part.kind.value, part.name, part.digest, part.origin, files] = None
    for part in judge.look.stood:
        outside[part.kind.value, part.name, part.digest, part.origin, ()] = None
    if not {(task, number) for task, number, *_ in records}.issuperset(numbers):
        # A result from before stands, not the last one.
        return None
    return Standing(text, records, tuple(outside), tuple(outputs), len(numbers))


def _stands_by_text(judge: Judge, task: TaskName) -> bool:
    """Not where somebody holds the result, where it has an age, where it asks, or where files may come to it."""
    declared = judge.graph.nodes[judge.graph.tasks[task]].task
    assert declared is not None
    options = declared.options
    return not (judge.of(task).reasons or options.reads or options.ttl or options.uptodate)
