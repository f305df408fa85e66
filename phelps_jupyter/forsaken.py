"""Values that can go: of those that a plan needs no more, the ones on which no stored result rests.

Values are stored by what is in them: what a temporary task has made, another task may have made as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from phelps_jupyter.core.graph import Graph
from phelps_jupyter.core.model import Digest
from phelps_jupyter.ports import Index


def forsaken(digests: Sequence[Digest], index: Index, notebook: str, graph: Graph) -> list[Digest]:
    """Of these, what no record names of a task that keeps its values, or of another notebook. Errors: StoreError."""
    tasks = [node.task for node in graph.nodes.values() if node.task is not None]
    kept = index.named(digests, notebook, [task.name for task in tasks if not task.options.temp])
    return [digest for digest in digests if digest not in kept]
