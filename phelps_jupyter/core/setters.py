"""Which plain cells may change the process's settings, by their text, and what their settings come from.

Needed where there is no kernel to look at: settings stand as long as the cells that make them, and all that these
read, are as they were.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache

import xxhash

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.lineage import Lineages, VersionOf
from phelps_jupyter.core.model import CellId, Digest
from phelps_jupyter.core.nodes import Node

_NAMES = (
    *("chdir", "fchdir", "environ", "environb", "putenv", "unsetenv", "load_dotenv", "addsitedir", "get_ipython"),
    *("filterwarnings", "simplefilter", "resetwarnings", "catch_warnings"),
    *("rcParams", "rcdefaults", "rc_file", "rc_file_defaults", "rc_context", "set_theme", "set_style", "set_context"),
    *("set_palette", "reset_defaults", "reset_orig", "xkcd"),
    *("set_option", "reset_option", "option_context", "set_eng_float_format"),
)
_TAKEN = (r"sys\s*\.\s*path\b", r"\.\s*rc\s*\(", r"\bstyle\s*\.\s*use\b", r"\.\s*options\b", r"\bsns\s*\.\s*set\b")
_IMPORTED = r"\bimport\b[^\n#]*\b(?:path|rc|options|style)\b"
_SETS = re.compile("|".join([rf"\b(?:{'|'.join(_NAMES)})\b", *_TAKEN, _IMPORTED, r"^\s*%"]), re.MULTILINE)


@lru_cache(maxsize=20_000)
def may_set(source: str) -> bool:
    """Whether a cell's text names something that changes settings; also where it stands in a function's body."""
    return _SETS.search(source) is not None


class SettingLineages:
    """The lineages of one graph's settings, each computed once."""

    def __init__(self, graph: Graph, version_of: VersionOf, lineages: Lineages) -> None:
        self._graph = graph
        self._version_of = version_of
        self._lineages = lineages
        self._setters = _setters(graph)
        self.cells = frozenset(setter.cell for setter in self._setters)
        """The cells that may change settings."""
        self._places = [setter.index for setter in self._setters]
        self._known: list[Digest | None] = [Digest("")]
        """Of the first 0, 1, 2 .. of these cells."""

    def of(self, cell: CellId) -> Digest | None:
        """What settings a cell finds that runs after all above it; None when a task that they rest on is not fresh."""
        count = bisect_left(self._places, self._graph.nodes[cell].index)
        while len(self._known) <= count:
            self._known.append(self._next(self._known[-1], self._setters[len(self._known) - 1]))
        return self._known[count]

    def _next(self, before: Digest | None, setter: Node) -> Digest | None:
        if before is None or self._lineages.of(setter.cell) is None:
            return None
        sights = self._lineages.sights(setter.cell)
        state = xxhash.xxh3_128(f"{before}{setter.bindings.code}{sights}".encode())
        for name, provider in sorted(self._graph.inputs[setter.cell].items()):
            # Known, since the setter's lineage is.
            state.update(f"{name}={self._source(name, provider)};".encode())
        return Digest(state.hexdigest())

    def _source(self, name: str, provider: CellId | None) -> str | None:
        if provider is None:
            return "-"
        node = self._graph.nodes[provider]
        if node.task is not None:
            return self._version_of(node.task.name, name)
        # An edit of the cell with all the imports changes no setting.
        return "import" if name in node.bindings.imports else self._lineages.of(provider)


def _setters(graph: Graph) -> list[Node]:
    """In document order: those whose text says so, and who use what these define."""
    found: dict[CellId, Node] = {}
    for node in graph.nodes.values():
        if node.task is None and (may_set(node.source) or _uses_definition(graph, node, found)):
            found[node.cell] = node
    return list(found.values())


def _uses_definition(graph: Graph, node: Node, setters: Mapping[CellId, Node]) -> bool:
    return any(
        provider in setters and name in setters[provider].bindings.definitions
        for name, provider in graph.inputs[node.cell].items()
        if provider is not None
    )
