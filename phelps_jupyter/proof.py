"""What a run's key is made of, and what its engine is given. Holds the captured values of open runs; places nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from phelps_jupyter.absence import absence_parts, told_absences
from phelps_jupyter.adapters.files import Files
from phelps_jupyter.adapters.library_options import LibraryOptions
from phelps_jupyter.adapters.project import project_of
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.capture import Blocked, Capture, Captured
from phelps_jupyter.cell_sights import SightsLook
from phelps_jupyter.core.documented import are_docstrings_read
from phelps_jupyter.core.events import Submit
from phelps_jupyter.core.failures import memory_found
from phelps_jupyter.core.freshness import (
    ALWAYS,
    NEVER_RAN,
    RESEEDED,
    Reason,
    Verdict,
    changed,
    compare,
    key_of,
    opaque_reason,
    relocated,
)
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.holds import LAPSED, expired
from phelps_jupyter.core.lineage import Lineages, SightsOf, VersionOf
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    Digest,
    Key,
    Part,
    PartKind,
    Record,
    RunId,
    Seen,
    Task,
)
from phelps_jupyter.core.modules import imported, module_parts, widest
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.setters import SettingLineages
from phelps_jupyter.core.taken import executed, imported_by, submodules, tree_of
from phelps_jupyter.errors import StoreError
from phelps_jupyter.given import alias_parts, givens_of, left_out, version_digest, version_parts
from phelps_jupyter.holdings import Ground, Holdings
from phelps_jupyter.outcomes import note_of
from phelps_jupyter.parts import (
    env_parts,
    foreseen_of,
    lacking,
    outputs_of,
    seed_of,
    seed_text,
    setting_parts,
    task_parts,
    unforeseen_of,
)
from phelps_jupyter.ports import Index, Store
from phelps_jupyter.reach import libraries_reached
from phelps_jupyter.records.texts import Keeper
from phelps_jupyter.runtime.orders import Given, Order
from phelps_jupyter.surface import Surface


@dataclass(frozen=True, slots=True)
class Proof:
    """A run's key, the record that may stand for it, and the verdict with its reasons."""

    key: Key
    parts: tuple[Part, ...]
    record: Record | None
    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def shareable(self) -> bool:
        """Whether others may wait for the result: not, where the last one of this key could not be kept for reuse."""
        return not any(reason.kind in ("opaque", "always") for reason in self.reasons)


class InputsGone(Exception):
    """Values that a run reads are nowhere any more. ``names``: theirs."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(names)
        self.names = names


@dataclass(frozen=True, slots=True)
class _Held:
    captured: Captured
    surroundings: Surroundings
    options: LibraryOptions


@dataclass(slots=True)
class Proofs:
    """The open runs' captures and keys."""

    surface: Surface
    store: Store
    index: Index
    _held: dict[RunId, _Held] = field(default_factory=dict)
    _parts: dict[RunId, tuple[Part, ...]] = field(default_factory=dict)
    _files: Files = field(init=False)
    _holdings: Holdings = field(init=False)
    _keeper: Keeper = field(init=False)
    _project: str = field(init=False)

    def __post_init__(self) -> None:
        self._files = Files(self.surface.start.folder, self.index)
        self._holdings = Holdings(self.surface.notebook, self.index)
        self._keeper = Keeper(self.store)
        self._project = project_of(self.surface.start.folder)

    def hold(self, machine: Machine, run: Run) -> None:
        """Capture the plain values that the run reads, as they are now. Errors: Blocked, DeclarationError."""
        self._held[run.id] = self._capture(machine, run)

    def _capture(self, machine: Machine, run: Run) -> _Held:
        now = Surroundings.now()
        graph = machine.graph
        capture = Capture(
            graph,
            run.task.cell,
            self.surface.namespace,
            self.store,
            ModuleSources(now.path),
            self._lineages(machine).of,
            lambda cell, lineage: self._keeper.cell(graph, cell, lineage, _versions_of(machine)),
            self.surface.headless,
        )
        return _Held(capture.take(), now, LibraryOptions.now())

    def _lineages(self, machine: Machine) -> Lineages:
        return Lineages(
            machine.graph,
            _versions_of(machine),
            self._sights_of,
        )

    @property
    def _sights_of(self) -> SightsOf:
        return SightsLook(self.surface.sights, self._files).of

    def parts(self, run: RunId) -> tuple[Part, ...]:
        """What the run's key was made of; empty before it was proved."""
        return self._parts.get(run, ())

    def identities(self, machine: Machine, run: Run) -> dict[str, str]:
        """After an open run: what tells the objects of its inputs and outputs from one another."""
        held = self._held.get(run.id)
        givens = () if held is None else (*held.captured.givens, *givens_of(machine, run))
        found = {given.name: given.identity for given in givens}
        found.update((version.name, version.identity) for version in run.outputs)
        return {name: identity for name, identity in found.items() if identity}

    def drop(self, run: Run) -> None:
        """The run has settled: its captures are wanted no more, and what memory it needed is kept for the next one.

        Errors: StoreError; only the memory is not kept then.
        """
        self._held.pop(run.id, None)
        self._parts.pop(run.id, None)
        self.surface.questions.drop(run.id)
        need = memory_found(run)
        if need is not None:
            # Last: where the disk is full it fails.
            self.index.remember_memory(run.task.bindings.code, need)

    def asks(self, run: Run) -> bool:
        """Whether the run can't be proved before the kernel has answered a question."""
        held = self._held.get(run.id)
        return held is not None and self.surface.questions.ask(run, held.captured.uptodate)

    def prove(self, machine: Machine, run: Run) -> Proof:
        """Make the key and look it up. Errors: DeclarationError."""
        frozen = self._holdings.frozen(run, self._missing)
        if frozen is not None:
            self._parts[run.id] = frozen.record.parts
            return Proof(frozen.record.key, frozen.record.parts, frozen.record, Verdict.FRESH, (frozen.reason,))
        sources = ModuleSources(self._held[run.id].surroundings.path)
        parts = self._parts[run.id] = self._made_parts(machine, run, sources)
        key = key_of(parts)
        found = self.index.find(key, seed_text(run.task))
        record = next((one for one in found if not self._unfit(machine.graph, run.task, one)), None)
        self._files.keep()
        if record is not None:
            return Proof(key, parts, record, Verdict.FRESH, ())
        ground = Ground(machine.graph, run.task, _versions_of(machine), self._sights_of)
        accepted = self._holdings.accepted(ground, key, parts, lambda one: self._unfit(machine.graph, run.task, one))
        if accepted is not None:
            return Proof(key, parts, accepted.record, Verdict.FRESH, (accepted.reason,))
        parts = self._parts[run.id] = self._keeper.with_modules(parts, sources.find)
        return Proof(key, parts, None, Verdict.STALE, self._reasons(machine, run, parts, found))

    def _made_parts(self, machine: Machine, run: Run, sources: ModuleSources) -> tuple[Part, ...]:
        held = self._held[run.id]
        parts: tuple[Part, ...] = (
            *task_parts(machine.graph, run.task),
            *version_parts(machine, run, sources),
            *held.captured.parts,
            *_body_imports(machine, run.task, sources),
            *self._files.declared(run.task.options.reads, held.surroundings.folder),
            *self.surface.questions.parts(run.id),
        )
        settings = (
            *held.surroundings.settings(self.surface.start),
            *held.options.settings(libraries_reached(run.task, parts)),
        )
        lineages = self._lineages(machine)
        setters = SettingLineages(machine.graph, _versions_of(machine), lineages).of(run.task.cell)
        variables = held.surroundings.variables(run.task.options.env)
        made = held.surroundings.changed_env(self.surface.start)
        parts = (*parts, *env_parts(variables, made, setters), *setting_parts(settings, setters))
        givens = (*held.captured.givens, *givens_of(machine, run))
        absent = absence_parts(machine.graph, run.task.cell, {given.name for given in givens}, lineages.of)
        return (*widest(parts), *alias_parts(givens), *absent)

    def again(self, machine: Machine, run: Run, proof: Proof) -> Proof:
        """After another look into the index: another kernel may have stored the result in between."""
        found = self.index.find(proof.key, seed_text(run.task))
        record = next((one for one in found if not self._unfit(machine.graph, run.task, one)), None)
        return proof if record is None else replace(proof, record=record, verdict=Verdict.FRESH, reasons=())

    def note_use(self, machine: Machine, run: Run, record: Record, *, held: bool) -> None:
        """Note that the run's task stands on this record. ``held``: because somebody said so, not by its key."""
        notebook, task = self.surface.notebook, run.task.name
        if not held:
            parts = relocated(record.parts, self.parts(run.id))
            seen = self.located(machine, run, record.seen)
            self.index.use(notebook, task, replace(record, parts=parts, seen=seen))
            return
        last, made = self.index.last(notebook, task), self.index.record(record.number)
        if made is not None and (last is None or last.number != made.number):
            self.index.use(notebook, task, made)

    def located(self, machine: Machine, run: Run, seen: Seen) -> Seen:
        """What a run saw, for this one; files that a plain cell above writes hang on that cell's lineage."""
        graph = machine.graph
        cells = [cell for cell in graph.after.get(run.task.cell, ()) if graph.nodes[cell].task is None]
        if not cells or not seen.conditions:
            return seen
        origin = f"cell:{self._lineages(machine).of(cells[-1])}"
        return replace(seen, conditions=tuple(replace(part, origin=origin) for part in seen.conditions))

    def restore(self, record: Record) -> None:
        """Bring back the files that the record's body wrote, where they were changed or removed since."""
        self._files.restore(self._files.altered(record.seen), self.store)

    def _unfit(self, graph: Graph, task: Task, record: Record) -> Reason | None:
        """Why a result of the right key can't stand: its age, a file that the body saw has changed, it is not kept."""
        unkept = lacking(graph, task, record)
        if unkept is not None:
            return unkept
        broken = self._files.broken(record.seen)
        if broken is not None:
            return changed(broken, self._files.now(broken, [file.name for file in record.seen.files]))
        return expired(record, task.options.ttl, time.time()) or self._missing(record, task.options.temp)

    def _missing(self, record: Record, temp: bool = False) -> Reason | None:
        # What is temporary is made again for whoever reads it.
        outputs = () if temp else record.outputs
        lost = [f"output `{version.name}`" for version in outputs if not self.store.has(version.digest)]
        for file in self._files.altered(record.seen):
            if file.kind is PartKind.FILE and not (file.name in record.seen.kept and self.store.has(file.digest)):
                lost.append(f"file {file.name}")
        if record.transcript:
            try:
                self.store.get_bytes(record.transcript)
            except StoreError:
                lost.append("text")
        return Reason("output_missing", lost[0], f"its stored {lost[0]} is missing") if lost else None

    def outdated(self, machine: Machine, run: Run, *, asked: bool) -> bool:
        """Whether the kernel holds other values by now than those that were captured for this open run.

        ``asked``: somebody asks for this very task, not only for one below it.
        """
        held = self._held.get(run.id)
        if held is None:
            return False
        try:
            now = self._capture(machine, run)
        except Blocked:
            # A cell below has bound the name since: what was captured is still what the provider gave, and serves the
            # tasks below. Who asks for this task is told that it could not start now.
            return asked
        except Exception:
            # Whatever is wrong, the run that is made now meets it again and tells it.
            return True
        return (now.captured.parts, now.surroundings, now.options) != (
            held.captured.parts,
            held.surroundings,
            held.options,
        )

    def _reasons(
        self, machine: Machine, run: Run, parts: tuple[Part, ...], found: Sequence[Record]
    ) -> tuple[Reason, ...]:
        lapsed = () if self._holdings.acceptance(run.task.name) is None else (LAPSED,)
        if found:
            unfit = self._unfit(machine.graph, run.task, found[0])
            assert unfit is not None
            return (unfit, *lapsed)
        last = self.index.last(self.surface.notebook, run.task.name)
        if last is None:
            return (NEVER_RAN,)
        return (*(compare(last.parts, parts) or (_not_kept(last, run.task),)), *lapsed)

    def order(self, machine: Machine, run: Run, submit: Submit, cpus: int) -> Order:
        """All that an engine needs for this attempt. Errors: InputsGone."""
        held, options, graph = self._held[run.id], run.task.options, machine.graph
        givens = self._at_hand((*held.captured.givens, *givens_of(machine, run)))
        withheld = {**held.captured.withheld, **left_out(machine, run)}
        env = {**held.surroundings.changed_env(self.surface.start), **held.surroundings.variables(options.env)}
        return Order(
            run=run.id,
            attempt=submit.attempt,
            task=run.task.name,
            body=run.task.body,
            inputs=givens,
            outputs=(*outputs_of(graph, run.task), *unforeseen_of(graph, run.task)),
            foreseen=foreseen_of(graph, run.task),
            declared=options.outputs is not None,
            optional=run.task.bindings.deletes | run.task.bindings.fleeting | run.task.bindings.optional,
            store=self.store.folder,
            folder=held.surroundings.folder,
            path=held.surroundings.path,
            env=env,
            seed=seed_of(run.task),
            cpus=cpus,
            memory=submit.resources.memory,
            time=submit.resources.time,
            gpus=submit.gpus,
            asked_memory=options.resources.memory,
            alone=submit.resources.alone,
            settings=held.options.packed,
            filters=held.surroundings.filters,
            base=self.surface.start.folder,
            project=self._project,
            withheld=withheld,
            modules=submodules(graph, run.task.cell),
            documented=are_docstrings_read(graph, run.task.cell),
            writes=options.writes,
            temp=options.temp,
            isolation=options.isolation,
            absent=told_absences(machine, run, [given.name for given in givens], withheld),
            note=note_of(run, self.surface.notebook, self.parts(run.id)),
        )

    def _at_hand(self, givens: tuple[Given, ...]) -> tuple[Given, ...]:
        gone = [one.name for one in givens if not one.inline and not self.store.has(Digest(one.digest))]
        if gone:
            raise InputsGone(tuple(gone))
        return givens


def _versions_of(machine: Machine) -> VersionOf:
    return lambda task, name: version_digest(machine, task, name)


def _not_kept(last: Record, task: Task) -> Reason:
    if task.options.always:
        return ALWAYS
    if last.seed not in ("", seed_text(task)):
        return RESEEDED
    return opaque_reason(last)


def _body_imports(machine: Machine, task: Task, sources: ModuleSources) -> tuple[Part, ...]:
    """Parts for the modules that the body itself imports."""
    tree = executed(tree_of(task.body), task.bindings)
    places = [place for one in imported(tree) for place in imported_by(machine.graph, task.cell, one, sources.find)]
    return module_parts(places, sources.find)
