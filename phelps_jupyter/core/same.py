"""Names that were seen to be one object when a cell had run, in the terms of `Bindings.aliases`. Knows no values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Set

from phelps_jupyter.core.model import Bindings
from phelps_jupyter.core.nodes import Learned

_NONE: frozenset[str] = frozenset()


def seen_same(bindings: Bindings, bound: Set[str], objects: Mapping[str, Hashable]) -> frozenset[str]:
    """What of it the code does not say, as `Learned.same` has it.

    ``bound``: names that the cell has bound; ``objects``: for each name that is bound to something that can change in
    place, what tells the object from others.
    """
    names: dict[Hashable, list[str]] = {}
    for name in sorted(objects):
        names.setdefault(objects[name], []).append(name)
    found: set[str] = set()
    for group in names.values():
        new = [name for name in group if name in bound]
        unsaid = [name for name in new if name not in bindings.aliases]
        if unsaid and len(group) > 1:
            above = [name for name in group if name not in bound]
            said = sorted(_NONE.union(*(bindings.aliases[name] for name in new if name in bindings.aliases)))
            found.update(f"{name} {token}" for name in unsaid for token in above or said or [f"#{new[0]}"])
    return frozenset(found)


def aliases(bindings: Bindings, learned: Learned) -> Mapping[str, frozenset[str]]:
    """What the code says and what was seen."""
    if not learned.same:
        return bindings.aliases
    found = dict(bindings.aliases)
    for pair in learned.same:
        name, _, token = pair.partition(" ")
        found[name] = found.get(name, _NONE) | {token}
    return found
