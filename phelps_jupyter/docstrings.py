"""Docstrings as parts of a key: they count only where something that the body reaches reads them."""

from __future__ import annotations

from collections.abc import Mapping

from phelps_jupyter.core.model import Digest, Part, PartKind
from phelps_jupyter.runtime.digests import digest
from phelps_jupyter.runtime.functions import docstrings, is_notebook, reads_docstrings

_ORIGIN = "docstrings"
"""No lineage knows docstrings: without a kernel, such a task may always be stale."""


def docstring_parts(read: bool, values: Mapping[str, object]) -> tuple[Part, ...]:
    """The parts that the docstrings of captured notebook functions and classes stand for; mostly none.

    ``read``: the notebook's text says that they may be read.
    """
    code = {name: value for name, value in values.items() if is_notebook(value)}
    wanted = read or any(reads_docstrings(value) for value in code.values())
    if not wanted:
        return ()
    return tuple(
        Part(PartKind.FUNCTION, f"{name}.__doc__", Digest(digest(docstrings(value)).digest), origin=_ORIGIN)
        for name, value in code.items()
    )
