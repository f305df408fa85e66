"""What a run's key is made of, and what its engine is given. Holds the captured values of open runs; places nothing."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from phelps_jupyter.adapters.files import file_parts
from phelps_jupyter.adapters.namespace import Namespace
from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.adapters.surroundings import Surroundings
from phelps_jupyter.capture import Blocked, Capture, Captured
from phelps_jupyter.core.dialect import to_python
from phelps_jupyter.core.freshness import ALWAYS, NEVER_RAN, RESEEDED, Reason, Verdict, compare, key_of, opaque_reason
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.model import (
    CellId,
    Digest,
    Key,
    Part,
    PartKind,
    Record,
    Resources,
    RunId,
    Task,
    TaskName,
    Version,
)
from phelps_jupyter.core.modules import Wanted, imported, module_parts, version_digest, widest
from phelps_jupyter.core.runs import Run
from phelps_jupyter.errors import DeclarationError, StoreError
from phelps_jupyter.outcomes import note_of, seed_of, seed_text
from phelps_jupyter.ports import Index, Store
from phelps_jupyter.runtime.digests import digest_bytes
from phelps_jupyter.runtime.orders import Given, Order

OUTPUTS = "outputs"
PYTHON = "Python"


@dataclass(frozen=True, slots=True)
class Proof:
    """A run's key, the record that may stand for it, and the verdict with its reasons."""

    key: Key
    parts: tuple[Part, ...]
    record: Record | None
    verdict: Verdict
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    captured: Captured
    surroundings: Surroundings


@dataclass(slots=True)
class Proofs:
    """The open runs' captures and keys."""

    notebook: str
    namespace: Namespace
    start: Surroundings
    store: Store
    index: Index
    _held: dict[RunId, _Held] = field(default_factory=dict)
    _parts: dict[RunId, tuple[Part, ...]] = field(default_factory=dict)

    def hold(self, machine: Machine, run: Run) -> None:
        """Capture the plain values that the run reads, as they are now. Errors: Blocked, DeclarationError."""
        self._held[run.id] = self._capture(machine, run)

    def _capture(self, machine: Machine, run: Run) -> _Held:
        now = Surroundings.now()
        lineages = Lineages(machine.graph, lambda task, name: _version_digest(machine, task, name))
        capture = Capture(
            machine.graph, run.task.cell, self.namespace, self.store, ModuleSources(now.path), lineages.of
        )
        return _Held(capture.take(), now)

    def parts(self, run: RunId) -> tuple[Part, ...]:
        """What the run's key was made of; empty before it was proved."""
        return self._parts.get(run, ())

    def drop(self, run: RunId) -> None:
        """The run has settled: its captures are wanted no more."""
        self._held.pop(run, None)
        self._parts.pop(run, None)

    def prove(self, machine: Machine, run: Run) -> Proof:
        """Make the key and look it up. Errors: DeclarationError."""
        held = self._held[run.id]
        sources = ModuleSources(held.surroundings.path)
        parts: tuple[Part, ...] = (
            *task_parts(machine.graph, run.task),
            *_input_parts(machine, run, sources),
            *held.captured.parts,
            *_body_imports(run.task, sources),
            *file_parts(run.task.options.reads, held.surroundings.folder, self.start.folder),
            *env_parts(held.surroundings.variables(run.task.options.env)),
            *setting_parts(machine.graph, run.task.cell, held.surroundings.settings(self.start)),
        )
        parts = (*widest(parts), *_alias_parts((*held.captured.givens, *_givens(machine, run))))
        self._parts[run.id] = parts
        key = key_of(parts)
        found = self.index.find(key, seed_text(run.task))
        if found is not None and not self._lost(found):
            return Proof(key, parts, found, Verdict.FRESH, ())
        return Proof(key, parts, None, Verdict.STALE, self._reasons(run, parts, found))

    def _lost(self, record: Record) -> list[str]:
        """What of a result is no longer in the store."""
        lost = [f"output `{version.name}`" for version in record.outputs if not self.store.has(version.digest)]
        if record.transcript:
            try:
                self.store.get_bytes(record.transcript)
            except StoreError:
                lost.append("text")
        return lost

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
        return (now.captured.parts, now.surroundings) != (held.captured.parts, held.surroundings)

    def _reasons(self, run: Run, parts: tuple[Part, ...], found: Record | None) -> tuple[Reason, ...]:
        if found is not None:
            lost = self._lost(found)[0]
            return (Reason("output_missing", lost, f"its stored {lost} is missing"),)
        last = self.index.last(self.notebook, run.task.name)
        if last is None:
            return (NEVER_RAN,)
        return compare(last.parts, parts) or (_not_kept(last, run.task),)

    def order(self, machine: Machine, run: Run, attempt: int, resources: Resources, cpus: int) -> Order:
        """All that an engine needs for this attempt."""
        held = self._held[run.id]
        options, graph = run.task.options, machine.graph
        env: dict[str, str | None] = dict(held.surroundings.changed_env(self.start))
        env.update(held.surroundings.variables(options.env))
        return Order(
            run=run.id,
            attempt=attempt,
            task=run.task.name,
            body=run.task.body,
            inputs=(*held.captured.givens, *_givens(machine, run)),
            outputs=outputs_of(graph, run.task),
            declared=options.outputs is not None,
            optional=run.task.bindings.deletes | run.task.bindings.optional,
            store=self.store.folder,
            folder=held.surroundings.folder,
            path=held.surroundings.path,
            env=env,
            seed=seed_of(run.task),
            cpus=cpus,
            memory=resources.memory,
            time=resources.time,
            note=note_of(run, self.notebook, self.parts(run.id)),
        )


def _version_digest(machine: Machine, task: TaskName, name: str) -> Digest | None:
    run = machine.runs.of(task)
    version = run.version(name) if run is not None and run.good else None
    return None if version is None else version.digest


def _not_kept(last: Record, task: Task) -> Reason:
    if task.options.always:
        return ALWAYS
    if last.seed not in ("", seed_text(task)):
        return RESEEDED
    return opaque_reason(last)


def _text_digest(text: str) -> Digest:
    return Digest(digest_bytes(text.encode("utf-8", "surrogatepass")))


def outputs_of(graph: Graph, task: Task) -> tuple[str, ...]:
    """The names that the task stores, sorted: what it provides, and what it was once thought to change in place.

    They follow from the notebook's text alone, so that what runs learn of in-place changes makes no result stale.
    Modules that the body imports are stored only where another cell reads them.
    """
    if task.options.outputs is not None:
        return tuple(sorted(task.options.outputs))
    inputs, bindings = graph.inputs[task.cell], task.bindings
    guessed = {name for name in bindings.changes & inputs.keys() if not _is_module(graph, inputs[name], name)}
    read = {
        name
        for reader in graph.following.get(task.cell, ())
        for name, provider in graph.inputs[reader].items()
        if provider == task.cell
    }
    bound = {name for name in graph.writes[task.cell] if name in bindings.writes}
    return tuple(sorted((bound - (bindings.imports - read)) | guessed))


def _is_module(graph: Graph, provider: CellId | None, name: str) -> bool:
    return provider is not None and name in graph.nodes[provider].bindings.imports


def task_parts(graph: Graph, task: Task) -> tuple[Part, ...]:
    """Parts that follow from the declaration alone."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        Part(PartKind.CODE, "", task.bindings.code),
        Part(PartKind.CODE, OUTPUTS, _text_digest(" ".join(outputs_of(graph, task)))),
        Part(PartKind.VERSION, PYTHON, version_digest(version), detail=version),
    )


def env_parts(variables: Mapping[str, str]) -> tuple[Part, ...]:
    """Parts for the variables that ``--env`` names."""
    return tuple(Part(PartKind.ENV, name, _text_digest(text)) for name, text in sorted(variables.items()))


def setting_parts(graph: Graph, cell: CellId, settings: Mapping[str, str]) -> tuple[Part, ...]:
    """Parts for what plain cells changed of the kernel's process."""
    origin = f"cells:{settings_lineage(graph, cell)}"
    return tuple(
        Part(PartKind.SETTING, name, _text_digest(text), detail=text[:200], origin=origin)
        for name, text in settings.items()
    )


_SETTERS = frozenset({"os", "sys", "get_ipython", "environ", "chdir", "putenv", "load_dotenv"})
"""Names through which a plain cell changes folder, search path or environment."""


def settings_lineage(graph: Graph, cell: CellId) -> Digest:
    """Digest of the code of all plain cells above that may change the process's settings."""
    above = (node for node in graph.nodes.values() if node.index < graph.nodes[cell].index and node.task is None)
    codes = [
        node.bindings.code for node in above if not _SETTERS.isdisjoint(node.bindings.reads | node.bindings.writes)
    ]
    return _text_digest(" ".join(codes))


def _input_parts(machine: Machine, run: Run, sources: ModuleSources) -> tuple[Part, ...]:
    versions = _versions(machine, run)
    inputs = (
        Part(
            PartKind.INPUT, name, version.digest, version.summary, f"task:{machine.runs[run.providers[name]].task.name}"
        )
        for name, version in versions.items()
    )
    modules = sorted({module for version in versions.values() for module in version.modules})
    return (*inputs, *module_parts([(module, None) for module in modules], sources.find))


def _givens(machine: Machine, run: Run) -> tuple[Given, ...]:
    return tuple(
        Given(name, digest=version.digest, identity=version.identity)
        for name, version in _versions(machine, run).items()
    )


def _versions(machine: Machine, run: Run) -> dict[str, Version]:
    """The versions that the run reads from other tasks' runs. Errors: DeclarationError when one provides none."""
    found: dict[str, Version] = {}
    for name, source in run.providers.items():
        provider = machine.runs[source]
        version = provider.version(name)
        if version is not None:
            found[name] = version
        elif name in provider.left_out:
            raise DeclarationError(
                f"`{name}` of task {provider.task.name} could not be stored: {provider.left_out[name]}",
                line=run.task.bindings.lines.get(name),
            )
        elif name not in run.task.bindings.optional and name in run.task.bindings.lines:
            raise DeclarationError(
                f"task {provider.task.name} ended without binding `{name}`", line=run.task.bindings.lines.get(name)
            )
    return found


def _alias_parts(givens: Iterable[Given]) -> tuple[Part, ...]:
    """Which inputs are one object: changing one of them in place changes the others."""
    groups: dict[str, list[str]] = {}
    for given in givens:
        if given.identity:
            groups.setdefault(given.identity, []).append(given.name)
    names = sorted(" and ".join(sorted(group)) for group in groups.values() if len(group) > 1)
    return tuple(Part(PartKind.INPUT, f"{group}, one object", _text_digest(group)) for group in names)


def _body_imports(task: Task, sources: ModuleSources) -> tuple[Part, ...]:
    """Parts for the modules that the body itself imports."""
    wanted = [place for one in imported(_tree(task.body)) for place in _by_attributes(one, task)]
    return module_parts(wanted, sources.find)


def _tree(body: str) -> ast.Module:
    try:
        return ast.parse(body)
    except SyntaxError:
        return ast.parse(to_python(body))


def _by_attributes(wanted: Wanted, task: Task) -> list[Wanted]:
    module, attribute = wanted
    # The name must stand for this very module.
    attributes = task.bindings.attributes.get(module) if module in task.bindings.imports else None
    if attribute is None and attributes is not None:
        return [(module, one) for one in attributes]
    return [wanted]
