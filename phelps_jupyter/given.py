"""What a run takes of other tasks' runs: as parts of its key, and as what its engine is given. Holds no values."""

from __future__ import annotations

from collections.abc import Iterable

from phelps_jupyter.adapters.sources import ModuleSources
from phelps_jupyter.core.machine import Machine
from phelps_jupyter.core.members import input_parts
from phelps_jupyter.core.model import Digest, Part, PartKind, TaskName, Version
from phelps_jupyter.core.modules import Find, Wanted, module_parts
from phelps_jupyter.core.runs import Run
from phelps_jupyter.core.taken import along, chains, imports_of, module_bound
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.parts import may_do_without, text_digest
from phelps_jupyter.runtime.orders import Given


def version_digest(machine: Machine, task: TaskName, name: str) -> Digest | None:
    """The digest of what a task's last run, if it ended well, gives under a name."""
    run = machine.runs.of(task)
    version = run.version(name) if run is not None and run.good else None
    return None if version is None else version.digest


def version_parts(machine: Machine, run: Run, sources: ModuleSources) -> tuple[Part, ...]:
    """Parts for what the run reads of other tasks' runs. Errors: DeclarationError when one provides none."""
    versions = _versions(machine, run)
    inputs = (
        part
        for name, version in versions.items()
        for part in input_parts(
            machine.graph, run.task.cell, version, f"task:{machine.runs[run.providers[name]].task.name}"
        )
    )
    modules = [place for version in versions.values() for place in _modules_of(machine, run, version, sources.find)]
    return (*inputs, *module_parts(modules, sources.find))


def _modules_of(machine: Machine, run: Run, version: Version, find: Find) -> list[Wanted]:
    """What of the modules in a value the run reaches: all that the value is not by an import alone."""
    graph, provider = machine.graph, machine.runs[run.providers[version.name]].task
    node = graph.nodes.get(provider.cell)
    place = None if node is None else imports_of(node).bound.get(version.name)
    if node is None or place is None or version.name not in node.bindings.imports:
        return [(module, None) for module in version.modules]
    module = module_bound(place)
    if module in version.modules:
        found = along(module, chains(graph, run.task.cell, version.name), find)
    else:
        module = place[0]
        found = [place] if module in version.modules else []
    return [*found, *((other, None) for other in version.modules if other != module)]


def givens_of(machine: Machine, run: Run) -> tuple[Given, ...]:
    """What the run's engine is given of other tasks' runs."""
    return tuple(
        Given(name, digest=version.digest, identity=version.identity or _own_identity(machine, run, name, version))
        for name, version in _versions(machine, run).items()
    )


def _own_identity(machine: Machine, run: Run, name: str, version: Version) -> str:
    """Of a value that is no other name's object so far. Says the same when its task has run again to an equal value."""
    return f"{machine.runs[run.providers[name]].task.name}.{name}.{version.digest}"


def _versions(machine: Machine, run: Run) -> dict[str, Version]:
    """The versions that the run reads from other tasks' runs. Errors: DeclarationError when one provides none."""
    found: dict[str, Version] = {}
    for name, source in run.providers.items():
        provider = machine.runs[source]
        version = provider.version(name)
        if version is not None:
            found[name] = version
        elif name in provider.left_out and not may_do_without(machine.graph, run.task.cell, name):
            raise DeclarationError(
                f"`{name}` of task {provider.task.name} could not be stored: {provider.left_out[name]}",
                line=run.task.bindings.lines.get(name),
            )
    return found


def left_out(machine: Machine, run: Run) -> dict[str, str]:
    """Names that the runs above could not store, and that this one may do without -> why."""
    left_out = {name: machine.runs[source].left_out.get(name) for name, source in run.providers.items()}
    return {name: why for name, why in left_out.items() if why is not None}


def alias_parts(givens: Iterable[Given]) -> tuple[Part, ...]:
    """Which inputs are one object: changing one of them in place changes the others."""
    groups: dict[str, list[str]] = {}
    for given in givens:
        if given.identity:
            groups.setdefault(given.identity, []).append(given.name)
    names = sorted(" and ".join(sorted(group)) for group in groups.values() if len(group) > 1)
    return tuple(Part(PartKind.INPUT, f"{group}, one object", text_digest(group)) for group in names)
