"""What the cells below read, where that decides what a cell reads or provides: names passed on, and private ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from phelps_jupyter.core.model import CellId
from phelps_jupyter.core.provided import Providers

_NONE: frozenset[str] = frozenset()


def note_demands(state: Providers) -> None:
    """For the cells of which it decides something: which of their names are read below."""
    demanded = {cell: set[str]() for cell in (*state.passed, *state.floods, *state.private)}
    reads: Iterable[Mapping[str, CellId | None]] = (*state.inputs.values(), *state.uptodate.values())
    for inputs in reads if demanded else ():
        for name, provider in inputs.items():
            if provider in demanded:
                demanded[provider].add(name)
    state.demanded = demanded


def pass_on(state: Providers) -> None:
    """What is only passed on is read where a cell below reads it."""
    passing = state.passed.keys() | state.floods.keys()
    for cell in [cell for cell in reversed(state.inputs) if cell in passing] if passing else ():
        wanted = state.demanded[cell]
        names: Mapping[str, CellId | None] = state.passed.get(cell, {})
        if cell in state.floods:
            flood = state.floods[cell]
            names = {**{name: flood.provider(name) for name in sorted(wanted - state.writes[cell])}, **names}
        if not names:
            continue
        found = {
            name: provider for name, provider in names.items() if name in wanted and name not in state.inputs[cell]
        }
        state.inputs[cell].update(found)
        for name, provider in found.items():
            if provider in state.demanded:
                state.demanded[provider].add(name)
        state.optionals[cell] = state.optionals.get(cell, _NONE) | found.keys()
        state.writes[cell] |= names.keys() & wanted


def settle_private(state: Providers) -> None:
    """A name with a leading underscore is provided only where somebody reads it."""
    for cell in state.private:
        names = state.writes[cell]
        state.writes[cell] = names - (frozenset(filter(is_private, names)) - state.demanded[cell])


def is_private(name: str) -> bool:
    return name[0] == "_"
