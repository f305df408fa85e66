"""What the import of a library leaves in a process beside its modules: warning filters, new variables of the
environment, functions to be called at its end. Taken off after an import ahead of need, and put in place with it.

Knows one import; refuses to know who wants the library.
"""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

ARROW = "JE_ARROW_MALLOC_CONF", "background_thread:false"
"""pyarrow's allocator starts a thread when it is loaded, which tidies up. Forked processes have none, and do so as they
go. Read once."""


Call = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]


@dataclass(slots=True)
class Traces:
    """Of one import. Those of a library that another one imports are that one's as well."""

    filters: list[Any] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    at_end: list[Call] = field(default_factory=list)

    def put(self) -> None:
        """As the import would have done it here. Variables that are there are somebody's choice, as for most."""
        held: Any = warnings.filters
        _set_filters([*(each for each in self.filters if each not in held), *held])
        for name, value in self.variables.items():
            os.environ.setdefault(name, value)

    def call_at_end(self, modules: Iterable[str], called: list[Callable[..., object]]) -> None:
        """What functions of these modules are to do at the end, but for those that are ``called`` already."""
        for act, arguments, named in self.at_end:
            if act not in called and act.__module__ in modules:
                called.append(act)
                atexit.register(act, *arguments, **named)


@contextmanager
def taken_off() -> Iterator[Traces]:
    """Within, libraries are imported; afterwards all that they have left is in the Traces, and only there."""
    traces, known = Traces(), set(sys.modules)
    filters, variables, register = list(warnings.filters), dict(os.environ), atexit.register
    os.environ.setdefault(*ARROW)

    def note(act: Callable[..., Any], /, *arguments: Any, **named: Any) -> Callable[..., Any]:
        if getattr(act, "__module__", None) not in sys.modules or act.__module__ in known:
            # What was there before may rely on it, whoever had it registered.
            return register(act, *arguments, **named)
        traces.at_end.append((act, arguments, named))
        return act

    atexit.register = note
    try:
        yield traces
    finally:
        atexit.register = register
        traces.filters += [each for each in warnings.filters if each not in filters]
        _set_filters(filters)
        if ARROW[0] not in variables:
            os.environ.pop(ARROW[0], None)
        for name in os.environ.keys() - variables.keys():
            traces.variables[name] = os.environ.pop(name)


def _set_filters(entries: Sequence[Any]) -> None:
    held: Any = warnings.filters
    held[:] = entries
    with warnings.catch_warnings():
        # Entering and leaving tells the interpreter that its filters have changed.
        pass
