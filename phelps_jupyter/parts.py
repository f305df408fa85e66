"""The parts of a key that follow from the notebook's text and the process around it. Knows no value and no run.

Judging needs nothing else of how keys are made: `proof` makes the rest, and takes far more to import.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Set

import xxhash

from phelps_jupyter.core.documented import docstrings_told, reads_docstrings
from phelps_jupyter.core.files import unmade
from phelps_jupyter.core.freshness import Reason
from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Record, Setting, Task, TaskName
from phelps_jupyter.core.modules import version_digest
from phelps_jupyter.core.scopes import EVERYTHING, SOFTLY
from phelps_jupyter.core.taken import may_import, submodules

OUTPUTS = "outputs"
PYTHON = "Python"
SUBMODULES = "submodules"
DOCSTRINGS = "docstrings"


def text_digest(text: str) -> Digest:
    """Digest of a text as such."""
    return Digest(xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass")))


def outputs_of(graph: Graph, task: Task) -> tuple[str, ...]:
    """The names that the task stores, sorted: what it provides, and what it was once thought to change in place.

    They follow from the notebook's text alone, so that what runs learn of makes no result stale.
    Modules that the body imports are stored only where another cell reads them.
    """
    if task.options.outputs is not None:
        return tuple(sorted(task.options.outputs))
    inputs, bindings = graph.inputs[task.cell], task.bindings
    guessed = {name for name in bindings.changes & inputs.keys() if not _is_module(graph, inputs[name], name)}
    # What a called function binds is named in no code of this cell.
    # What it may leave as it is, it hands on.
    own = bindings.writes | bindings.fleeting | graph.optional(task.cell)
    read = _read_below(graph, task.cell) if bindings.imports or bindings.binds_unknown else frozenset()
    # Who may bind any name stores those that are read from it.
    own |= read if bindings.binds_unknown else frozenset()
    bound = {name for name in graph.writes[task.cell] if name in own or name not in inputs}
    unread = bindings.imports - read
    bound -= unread | graph.unforeseen.get(task.cell, frozenset())
    return tuple(sorted(bound | guessed | graph.called.get(task.cell, frozenset())))


def _read_below(graph: Graph, cell: CellId) -> frozenset[str]:
    """The names that other cells read from this one."""
    readers = (graph.inputs[reader].items() for reader in graph.following.get(cell, ()))
    return frozenset(name for inputs in readers for name, provider in inputs if provider == cell)


def unforeseen_of(graph: Graph, task: Task) -> tuple[str, ...]:
    """The names that the task stores as well: no text tells of them, so they are no part of its key."""
    return tuple(sorted(graph.handed_on(task.cell) | graph.unforeseen.get(task.cell, frozenset())))


def foreseen_of(graph: Graph, task: Task) -> frozenset[str] | None:
    """The names that the task's text tells that it binds: any other one is unforeseen; None: none is."""
    if task.options.outputs is not None or task.bindings.binds_unknown:
        return None
    told = graph.writes[task.cell] - graph.unforeseen.get(task.cell, frozenset())
    return told | task.bindings.writes | task.bindings.fleeting


def may_do_without(graph: Graph, cell: CellId, name: str) -> bool:
    """Whether the cell is given this name only as it, a function or a text may ask for it (``eval``, ``globals``)."""
    bindings = graph.nodes[cell].bindings
    return name not in bindings.reads and (
        bindings.reads_everything
        or name in bindings.meant
        or any(
            not {EVERYTHING, SOFTLY + name}.isdisjoint(graph.nodes[provider].bindings.deferred.get(given, ()))
            for given, provider in graph.inputs[cell].items()
            if provider is not None
        )
    )


def lacking(graph: Graph, task: Task, record: Record) -> Reason | None:
    """What the task is to leave by now, and was not when the record was made: an input handed on, a declared file."""
    names = sorted(graph.handed_on(task.cell) - {version.name for version in record.outputs} - record.left_out.keys())
    if names:
        return Reason("output_missing", names[0], f"`{names[0]}` was not kept: it is changed in place")
    pattern = unmade(task.options.writes, record)
    if pattern is None:
        return None
    return Reason("output_missing", pattern, f"its result has no file that `--writes {pattern}` names")


def _is_module(graph: Graph, provider: CellId | None, name: str) -> bool:
    return provider is not None and name in graph.nodes[provider].bindings.imports


_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_PYTHON = Part(PartKind.VERSION, PYTHON, version_digest(_VERSION), detail=_VERSION)


def task_parts(graph: Graph, task: Task) -> tuple[Part, ...]:
    """Parts that follow from the declaration alone."""
    told = {
        SUBMODULES: " ".join(submodules(graph, task.cell)),
        DOCSTRINGS: "\0".join(docstrings_told(graph, task.cell)),
    }
    return (
        Part(PartKind.CODE, "", task.bindings.code),
        Part(PartKind.CODE, OUTPUTS, text_digest(" ".join(outputs_of(graph, task)))),
        *(Part(PartKind.CODE, name, text_digest(text)) for name, text in told.items() if text),
        _PYTHON,
    )


def may_tell_others(before: Graph, after: Graph, moved: Set[CellId]) -> bool:
    """Whether these cells, by what they were or are, may change such parts of tasks that do not rest on them.

    Docstrings are told where a cell below reads them; what an import loads is there for all cells below it.
    """
    cells = moved | (before.nodes.keys() - after.nodes.keys())
    nodes = [graph.nodes[cell] for graph in (before, after) for cell in cells if cell in graph.nodes]
    return any(map(may_import, nodes)) or any(map(reads_docstrings, (before, after)))


GIVES_NONE = Digest("-")
"""Of a name that its task, having run, has left unbound."""
UNKNOWN = Digest("")


def ground_parts(
    graph: Graph,
    task: Task,
    version_of: Callable[[TaskName, str], Digest | None],
    lineage_of: Callable[[CellId], Digest | None],
    settings: Digest | None,
) -> tuple[Part, ...]:
    """What an acceptance stands on: the code, and for each input the version or the lineage of who provides it.

    No part of a key, and known without a kernel; what can't be known now is ``UNKNOWN``.
    """
    found = [
        Part(PartKind.CODE, "", task.bindings.code),
        Part(PartKind.CODE, OUTPUTS, text_digest(" ".join(outputs_of(graph, task)))),
        Part(PartKind.CODE, "seed", Digest(seed_text(task))),
        Part(PartKind.SETTING, "settings", text_digest(settings_origin(settings)) if settings is not None else UNKNOWN),
    ]
    for name, provider in sorted(graph.inputs[task.cell].items()):
        if provider is not None:
            other = graph.nodes[provider].task
            digest = lineage_of(provider) if other is None else version_of(other.name, name)
            origin = "" if other is None else f"task:{other.name}"
            found.append(Part(PartKind.INPUT, name, digest or UNKNOWN, origin=origin))
    return tuple(found)


def env_parts(
    variables: Mapping[str, str], made: Collection[str] = (), lineage: Digest | None = None
) -> tuple[Part, ...]:
    """Parts for the variables that ``--env`` names. ``made``: those that plain cells have set, of this lineage."""
    return tuple(
        Part(PartKind.ENV, name, text_digest(text), origin=f"cells:{lineage}" if name in made else "")
        for name, text in sorted(variables.items())
    )


def setting_parts(settings: Iterable[Setting], lineage: Digest | None) -> tuple[Part, ...]:
    """Parts for what plain cells changed of the kernel's process. ``lineage``: of these cells, where it is known."""
    return tuple(
        Part(
            PartKind.SETTING, one.name, text_digest(one.content), detail=one.told[:200], origin=settings_origin(lineage)
        )
        for one in settings
    )


def settings_origin(lineage: Digest | None) -> str:
    """The origin of the parts for settings; no two are equal where the lineage is not known."""
    return "" if lineage is None else f"cells:{lineage}"


def seed_text(task: Task) -> str:
    """The task's seed as records hold it."""
    seed = seed_of(task)
    return "none" if seed is None else str(seed)


def seed_of(task: Task) -> int | None:
    """The seed of a task's generators: declared, or derived from its name; None: left unseeded."""
    match task.options.seed:
        case "none":
            return None
        case "task":
            return int(xxhash.xxh3_128_hexdigest(task.name.encode())[:8], 16)
        case int(seed):
            return seed
