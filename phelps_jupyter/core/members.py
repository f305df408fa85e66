"""Inputs of which a body reads nothing but items by literal keys: then these items are parts of its key, not the whole.

Knows names, keys and digests; no value.
"""

from __future__ import annotations

import ast

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import CellId, Digest, Part, PartKind, Version


def input_parts(graph: Graph, cell: CellId, version: Version, origin: str) -> tuple[Part, ...]:
    """The parts that an input stands for: the whole value, or the items of it that are read."""
    keys = graph.nodes[cell].bindings.keys.get(version.name)
    # Who changes it hands it on, with all that is in it.
    if keys is None or not version.members or version.name in graph.writes[cell]:
        return (Part(PartKind.INPUT, version.name, version.digest, version.summary, origin),)
    return tuple(
        Part(PartKind.INPUT, f"{version.name}[{key!r}]", version.members.get(key, Digest("")), origin=origin)
        for key in sorted(keys)
    )


def digest_of(part: str, version: Version) -> Digest:
    """The digest now of what the part of this name stands for. Empty: the item is gone."""
    _, key = name_of(part)
    return version.digest if key is None else version.members.get(key, Digest(""))


def name_of(part: str) -> tuple[str, str | None]:
    """The input, and the key of the item, that a part's name stands for; None: the whole."""
    name, bracket, rest = part.partition("[")
    return (name, ast.literal_eval(rest[:-1])) if bracket else (part, None)
