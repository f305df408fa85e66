"""Reasons that name what is at fault, the cell, the task or the version, where no value need be loaded to find it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from phelps_jupyter.core.ancestry import Ancestor, ancestors, places, traced
from phelps_jupyter.core.closure import closure
from phelps_jupyter.core.freshness import EDITED, UPSTREAM, Judgement, Reason, distinct, may_change
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import VersionOf
from phelps_jupyter.core.members import name_of
from phelps_jupyter.core.model import CellId, Part, PartKind, TaskName
from phelps_jupyter.core.modules import InstalledModule
from phelps_jupyter.records.texts import Kept

PYTHON = "Python"


@dataclass(slots=True)
class Locator:
    """A notebook as it is now, the judgements on it, and the store's folder."""

    graph: Graph
    folder: str
    of: Callable[[TaskName], Judgement]
    version_of: VersionOf
    installed: Callable[[str], InstalledModule | None]
    """By the name of a distribution."""
    moved: Mapping[CellId, Reason]
    """For plain cells that have used what has changed since: what that is."""
    kept: Kept = field(init=False)
    _traced: dict[tuple[str, CellId], tuple[Sequence[Ancestor], Sequence[Ancestor]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kept = Kept(self.folder)

    def located(self, judgement: Judgement, cell: CellId) -> Judgement:
        """The judgement on the task of this cell, its reasons naming the cell, task or version at fault."""
        reasons = distinct(self._located(reason, cell) for reason in judgement.reasons)
        return judgement if reasons == judgement.reasons else replace(judgement, reasons=reasons)

    def _located(self, reason: Reason, cell: CellId) -> Reason:
        part = reason.old
        if part is None or part.kind is PartKind.VERSION:
            return self._with_version(reason)
        if part.kind not in (PartKind.INPUT, PartKind.FUNCTION):
            return reason
        provider = self.graph.inputs[cell].get(name_of(reason.name)[0])
        if provider is None:
            return reason
        task = self.graph.nodes[provider].task
        if task is None:
            return self._by_cell(reason, part, provider)
        return self._by_task(reason, part, task.name)

    def _by_cell(self, reason: Reason, part: Part, provider: CellId) -> Reason:
        if reason.kind == UPSTREAM:
            place = places(self.graph, [provider])
            return replace(
                reason, kind=EDITED, text=may_change(part, f"it comes from {place} now"), place=place, upstream=None
            )
        moved = [cell for cell in closure([provider], self.graph.plain_providers) if cell in self.moved]
        if moved and reason.kind == "not_loaded":
            place, what = places(self.graph, moved[:1]), self.moved[moved[0]]
            return replace(reason, kind=what.kind, text=may_change(part, f"{what.text}, {place} reads it"), place=place)
        before, now = self.cells(part, provider)
        return traced(reason, self.graph, before, now) if before and reason.kind == "not_loaded" else reason

    def cells(self, part: Part, provider: CellId) -> tuple[Sequence[Ancestor], Sequence[Ancestor]]:
        """The plain cells that a part came from, and those that it comes from now."""
        place = part.source, provider
        if place not in self._traced:
            before = self.kept.cells(part.source)
            self._traced[place] = before, ancestors(self.graph, provider, self.version_of) if before else ()
        return self._traced[place]

    def _by_task(self, reason: Reason, part: Part, task: TaskName) -> Reason:
        if reason.upstream != task:
            reason = replace(reason, upstream=task)
            if reason.kind in (UPSTREAM, "not_loaded"):
                why = f"it comes from task {task} now, which is not fresh"
                return replace(reason, kind=UPSTREAM, text=may_change(part, why))
        record = self.of(task).record
        if reason.new is None or record is None:
            return reason
        summary = next((version.summary for version in record.outputs if version.name == reason.name), "")
        return _with_details(reason, part.detail, summary)

    def _with_version(self, reason: Reason) -> Reason:
        if reason.old is None or reason.new is None or reason.after:
            return reason
        if reason.name == PYTHON:
            return _with_details(reason, reason.before, "{}.{}".format(*sys.version_info))
        found = self.installed(reason.name)
        return _with_details(reason, reason.before, "" if found is None else found.version)


def _with_details(reason: Reason, before: str, after: str) -> Reason:
    if not after or reason.after or before == after:
        return reason
    return replace(reason, text=f"{reason.text} ({before} -> {after})", before=before, after=after)
