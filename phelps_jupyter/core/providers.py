"""Who provides each name that a cell reads: the nearest cell above that writes it. Sees through functions and aliases.

Goes through the cells once, from the top, and keeps what every name stands for at that point; then once from the
bottom, for names that are only passed on: they count where somebody below reads them.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping, Set

from phelps_jupyter.core.bindings import analyse
from phelps_jupyter.core.demands import is_private, note_demands, pass_on, settle_private
from phelps_jupyter.core.model import Bindings, CellId, Digest
from phelps_jupyter.core.nodes import Learned, Node
from phelps_jupyter.core.provided import Flood, Lack, Providers
from phelps_jupyter.core.same import aliases
from phelps_jupyter.core.scopes import EVERYTHING, SOFTLY
from phelps_jupyter.core.steps import Step, noted_by, step_of
from phelps_jupyter.core.stretches import LENGTH, Repeatable, stretch_of

_OF_IPYTHON = "get_ipython display In Out exit quit _ __ ___ _i _ii _iii _ih _oh _dh"
_OF_MODULES = (
    "__name__ __doc__ __builtins__ __builtin__ __class__ __file__ __spec__ __loader__ __package__ __annotations__"
)
IMPLICIT = frozenset(dir(builtins)).union(_OF_IPYTHON.split(" "), _OF_MODULES.split(" "))
"""Names that are there without any cell providing them."""
_HISTORY = re.compile(r"_i?\d+")
_NOTHING = Learned()
_NONE: frozenset[str] = frozenset()


def resolve(
    nodes: Mapping[CellId, Node], learned: Mapping[Digest, Learned], before: Repeatable | None = None
) -> Providers:
    """Go through all cells. ``before``: what a pass through other cells left, or through some of these."""
    state, before = Providers(), before or Repeatable()
    # Code that does more than it says, as runs have shown.
    beyond = {code for code, found in learned.items() if found.added or found.same}
    cells = list(nodes.values())
    for at in range(0, len(cells), LENGTH):
        block = cells[at : at + LENGTH]
        stretch = before.stretches.get(block[0].cell)
        if stretch and state.noted.isdisjoint(stretch.names) and stretch.holds(block, state.current, beyond):
            state.repeat(stretch)
        else:
            _go_through(state, nodes, block, learned, before.steps)
            stretch = stretch_of(block, state.repeatable.steps)
        if stretch is not None:
            state.repeatable.stretches[block[0].cell] = stretch
    note_demands(state)
    pass_on(state)
    settle_private(state)
    return state


def _go_through(
    state: Providers,
    nodes: Mapping[CellId, Node],
    block: Iterable[Node],
    learned: Mapping[Digest, Learned],
    steps: Mapping[CellId, Step],
) -> None:
    """Cell by cell."""
    current, noted, repeatable = state.current, state.noted, state.repeatable.steps
    for node in block:
        cell, found = node.cell, learned.get(node.bindings.code, _NOTHING)
        step = steps.get(cell)
        if (
            step is None
            or not (step.node is node or step.is_of(node))
            or found.added
            or found.same
            or not step.inputs.items() <= current.items()
            or not current.keys().isdisjoint(step.free)
            or not (noted.isdisjoint(step.names) or _can_repeat(state, step))
        ):
            _go(state, nodes, node, found)
        else:
            # Most cells of an edited document: this is all that may cost anything for each of them.
            state.inputs[cell], state.writes[cell], repeatable[cell] = step.inputs, step.writes, step
            current.update(step.binds)
            if step.private:
                state.private.append(cell)


def _can_repeat(state: Providers, step: Step) -> bool:
    """Whether the step still holds though more is known of its names; what is known of those that it binds is not so
    any longer."""
    if not state.carried.idle(step.inputs):
        return False
    state.carried.forget(step.writes)
    state.objects.forget(step.writes)
    _rebind(state, step.writes)
    state.noted -= step.writes
    return True


def _go(state: Providers, nodes: Mapping[CellId, Node], node: Node, found: Learned) -> None:
    _read(state, node)
    if node.task is not None and node.task.options.uptodate:
        _ask(state, nodes, node.cell, node.task.options.uptodate)
    bound, changed = _bound(state, node, found), _changed(state, node, found)
    called = _bound_by_calls(state, node, found)
    if node.task is not None and node.task.options.outputs is not None:
        changed, called = set(), set()
    unforeseen = _unforeseen(state, node, found, called)
    _note_passed(state, node, called | unforeseen)
    # By the text alone: what runs learn makes no result stale.
    along = _along(state, node.bindings.changes) if node.bindings.changes else _NONE
    if called or along:
        state.called[node.cell] = frozenset(called & state.inputs[node.cell].keys()) | along
    step = step_of(node, state.inputs[node.cell], bound, state.carried)
    if step is not None and not (found.added or found.same):
        state.repeatable.steps[node.cell] = step
    else:
        state.noted |= noted_by(node.bindings, aliases(node.bindings, found))
    _write(state, node, found, bound, changed, called | unforeseen)


def is_implicit(name: str) -> bool:
    """Whether the name is there without any cell providing it."""
    return name in IMPLICIT or (name[0] == "_" and _HISTORY.fullmatch(name) is not None)


def _read(state: Providers, node: Node) -> None:
    bindings = node.bindings
    inputs: dict[str, CellId | None] = {}
    state.inputs[node.cell] = inputs
    # Sorted: the order of a set differs from process to process, and messages follow it.
    for name in _wanted(state, node):
        provider = state.current.get(name)
        if provider is not None:
            inputs[name] = provider
        elif not is_implicit(name):
            _miss(state, node, name, inputs)
    _read_through(state, node, inputs)
    if bindings.optional:
        state.optionals[node.cell] = bindings.optional & inputs.keys()


def _ask(state: Providers, nodes: Mapping[CellId, Node], cell: CellId, expression: str) -> None:
    """What an expression reads that is evaluated in the kernel right before the task runs, and not by its body.

    What a task has imported the kernel has, if at all, by an import of its own.
    """
    named = analyse(expression).reads & state.current.keys()
    names = sorted(named | (state.carried.reached(named) & state.current.keys()))
    found = {name: state.current[name] for name in names}
    state.uptodate[cell] = {
        name: provider for name, provider in found.items() if name not in state.imports or nodes[provider].task is None
    }


def _read_through(state: Providers, node: Node, inputs: dict[str, CellId | None]) -> None:
    """The names that are read by functions, or by code that nobody knows."""
    own = node.bindings.meant
    through = state.carried.reached([*inputs, *own] if own else inputs)
    if EVERYTHING in through or (node.bindings.reads_everything and _declared(node) is None):
        inputs.update(state.current)
    if _declared(node) is None:
        meant = own.union(name.removeprefix(SOFTLY) for name in through if name.startswith(SOFTLY))
        inputs.update({name: state.current[name] for name in sorted(meant & state.current.keys())})
    for name in sorted(through - inputs.keys() - {EVERYTHING}):
        if name in state.current:
            inputs[name] = state.current[name]
        elif not (is_implicit(name) or name.startswith(SOFTLY)):
            _miss(state, node, name, inputs)


def _wanted(state: Providers, node: Node) -> Iterable[str]:
    """The names that a cell reads by itself."""
    bindings = node.bindings
    reads = bindings.reads - bindings.passed if bindings.passed else bindings.reads
    declared = _declared(node)
    if declared is None:
        return sorted(reads)
    free = [name for name in sorted(reads) if name in state.imports or name in state.definitions]
    for name in sorted(reads - declared):
        if name in state.current and name not in free:
            state.lacks.setdefault(node.cell, []).append(Lack(name, undeclared=True))
        elif name not in state.current and name not in bindings.optional and not is_implicit(name):
            free.append(name)
    return [*sorted(declared), *free]


def _declared(node: Node) -> frozenset[str] | None:
    if node.task is None or node.task.options.inputs is None:
        return None
    return frozenset(node.task.options.inputs)


def _miss(state: Providers, node: Node, name: str, inputs: dict[str, CellId | None]) -> None:
    """Nobody above is known to provide it."""
    inputs[name] = state.above(name)
    if inputs[name] is None:
        _lacks(state, node, name)


def _lacks(state: Providers, node: Node, name: str) -> None:
    lacks = state.lacks.setdefault(node.cell, [])
    lacks.append(Lack(name, state.deleted.get(name)))


def _bound(state: Providers, node: Node, learned: Learned) -> frozenset[str]:
    if node.task is not None and node.task.options.outputs is not None:
        return frozenset(node.task.options.outputs)
    if node.task is None and learned.added:
        # What it reads as well, and what of that it changed, is told by `_changed`.
        unforeseen = learned.added - (_NONE if node.bindings.binds_unknown else state.inputs[node.cell].keys())
        return node.bindings.writes | unforeseen
    return node.bindings.writes


def _unforeseen(state: Providers, node: Node, learned: Learned, called: set[str]) -> frozenset[str]:
    """Names that a task was seen to bind: it may do so, as what its code does to names that it doesn't mention."""
    bindings = node.bindings
    if node.task is None or not learned.added or node.task.options.outputs is not None or bindings.binds_unknown:
        return _NONE
    given = {name for name, provider in state.inputs[node.cell].items() if provider is not None}
    found = learned.added - bindings.writes - given - called
    if found:
        state.unforeseen[node.cell] = found
    return found


def _floods(node: Node) -> bool:
    """Whether any name below may be this cell's.

    Of a plain cell that runs a module's or another file's code, the names are known once it has run.
    """
    bindings = node.bindings
    if bindings.error is not None or not bindings.binds_unknown:
        return False
    return bindings.reads_everything if node.task is None else node.task.options.outputs is None


def _changed(state: Providers, node: Node, learned: Learned) -> set[str]:
    """Inputs changed in place, with all names of the same objects."""
    guesses = node.bindings.changes
    if not guesses and not learned.added:
        return set()
    inputs = state.inputs[node.cell]
    found = {name for name in guesses | learned.added if inputs.get(name) is not None and name not in state.imports}
    return _changed_along(state, node.cell, found, learned.denied)


def _changed_along(state: Providers, cell: CellId, names: set[str], denied: frozenset[str]) -> set[str]:
    """Names that are changed, and what changes with them. The cell gets all, also where nothing was changed so far."""
    for name in sorted(_along(state, names)):
        _need(state, cell, name)
    found = names - denied
    return found | (_along(state, found) & state.inputs[cell].keys())


def _along(state: Providers, names: Set[str]) -> set[str]:
    found = state.objects.others(names)
    return (found | state.carried.of_kinds(names)) - names if state.carried.kinds else found


def _need(state: Providers, cell: CellId, name: str) -> None:
    """The cell gets a name that it does not mention, as the object goes by that name, too."""
    provider = state.current.get(name)
    if provider is not None:
        state.inputs[cell][name] = provider


def _bound_by_calls(state: Providers, node: Node, learned: Learned) -> set[str]:
    """Names that called functions bind or change."""
    if not state.carried.writes or not node.bindings.calls:
        return set()
    calls = {name for name in node.bindings.calls if name in state.current}
    reached = state.carried.reached(calls)
    found = _changed_along(state, node.cell, state.carried.written(calls | reached) - state.imports, learned.denied)
    return found - {name for name in found & reached if name not in state.current}


def _note_passed(state: Providers, node: Node, called: set[str]) -> None:
    names = node.bindings.passed | (called & state.current.keys()) if called else node.bindings.passed
    if names:
        state.passed[node.cell] = {name: state.above(name) for name in sorted(names)}


def _write(
    state: Providers, node: Node, learned: Learned, bound: frozenset[str], changed: set[str], called: set[str]
) -> None:
    bindings, cell = node.bindings, node.cell
    if _floods(node):
        state.floods[cell] = Flood(dict(state.current), frozenset(state.deleted), state.unknown)
        state.deleted.clear()
    state.carried.write(bindings, bound)
    state.objects.write(aliases(bindings, learned), bound - bindings.passed if bindings.passed else bound)
    _rebind(state, bound)
    state.imports |= bindings.imports & bound
    state.definitions |= bindings.definitions & bound
    for name in bound:
        state.current[name] = cell
    if changed or called:
        state.current.update(dict.fromkeys(changed | called, cell))
        state.imports -= called
        for name in called if state.deleted else ():
            state.deleted.pop(name, None)
    writes = bound | changed | called if changed or called else bound
    if (bindings.deletes or bindings.fleeting) and (node.task is None or node.task.options.outputs is None):
        writes |= _delete(state, bindings, cell)
    if cell in state.floods:
        state.current.update(dict.fromkeys(state.current, cell))
    if bindings.binds_unknown or bindings.error is not None:
        state.unknown = cell
    state.writes[cell] = writes
    if any(map(is_private, writes)):
        state.private.append(cell)


def _rebind(state: Providers, names: frozenset[str]) -> None:
    state.imports -= names
    state.definitions -= names
    for name in names if state.deleted else ():
        state.deleted.pop(name, None)


def _delete(state: Providers, bindings: Bindings, cell: CellId) -> frozenset[str]:
    """A name that is deleted on every way is gone; on some ways, it is what this cell leaves: those are returned."""
    for name in bindings.deletes:
        state.current.pop(name, None)
        state.deleted[name] = cell
    left = bindings.fleeting & state.current.keys()
    state.current.update(dict.fromkeys(left, cell))
    return left - bindings.passed
