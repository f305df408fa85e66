"""A cell that is refused before it runs, as IPython lets an extension refuse it."""

from __future__ import annotations

from IPython.core.error import InputRejected

from phelps_jupyter.errors import PhelpsError


def refusal(name: str, error: PhelpsError) -> InputRejected:
    """The error as IPython lets a cell be refused with, under its own name and without our frames."""
    kind = type(name, (InputRejected,), {"_render_traceback_": lambda _: [f"{name}: {error}"]})
    refused: InputRejected = kind(str(error))
    return refused
