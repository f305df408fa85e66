"""The tree of errors. Each says what, where and what to do; its class says whose fault it is.

PhelpsError
├── DeclarationError      the user's declaration: an option, a name, a cell
│   ├── OptionError       ... with the place in the option line
│   └── NameError         ... a name that no cell above provides: a NameError, as in a plain notebook
├── RunError              the cell or the world, while running
│   └── TaskFailed        raised to whoever waits for a task that failed
├── StoreError            the folder `.phelps`: full, read-only, damaged
└── InternalError         ours: a bug, with the run's story
"""

from __future__ import annotations


class PhelpsError(Exception):
    """Anything Phelps has to say."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: what happened, without our frames."""
        return [f"{type(self).__name__}: {self}"]


class DeclarationError(PhelpsError):
    """A task is declared in a way that can't be carried out. ``line``: 1-based line of the cell, if known."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class OptionError(DeclarationError):
    """An option of ``%%task`` is wrong. ``at``: 0-based column in ``text``, the line it stands on."""

    def __init__(self, message: str, *, text: str = "", at: int = 0, line: int | None = None) -> None:
        super().__init__(message, line=line)
        self.text = text
        self.at = at

    def __str__(self) -> str:
        message = super().__str__()
        if not self.text:
            return message
        return f"{message}\n    {self.text}\n    {' ' * self.at}^"


class UndefinedNameError(DeclarationError, NameError):
    """A task reads a name that no cell above provides."""


# Shown as a fresh run of the notebook would show it.
UndefinedNameError.__name__ = "NameError"


class RunError(PhelpsError):
    """Something went wrong while a task ran."""


class TaskFailed(RunError):
    """A value was asked for whose task did not end well. ``task``: the root cause."""

    def __init__(self, message: str, *, task: str) -> None:
        super().__init__(message)
        self.task = task


class StoreError(PhelpsError):
    """The store can't be read or written."""


class InternalError(PhelpsError):
    """A bug of ours."""
