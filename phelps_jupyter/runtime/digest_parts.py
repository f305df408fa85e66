"""What taking a value apart yields: a head of bytes, and the values inside. Knows no type of value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


def _no_label(_: int) -> str:
    return ""


@dataclass(slots=True)
class Parts:
    """A value taken apart. The head says how many children there are, so that two values never read alike."""

    head: bytes
    children: Sequence[object] = ()
    label: Callable[[int], str] = _no_label
    """Where child ``i`` is, as Python: ``.name`` or ``[3]``."""
    shared: bool = True
    """Whether it matters that two places hold this one value: it can be changed in place."""
    frozen: bool = False
    """Arrays inside are never changed, though they could be."""


Take = Callable[[Any], Parts]

_QUALNAME = vars(type)["__qualname__"].__get__
_MODULE = vars(type)["__module__"].__get__


class Undigestible(Exception):  # a verdict on a value, not an error
    """A value has no digest. ``where``: path of the part at fault; ``kind``: its type."""

    def __init__(self, where: str, kind: str) -> None:
        super().__init__(where, kind)
        self.where = where
        self.kind = kind

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}" if self.where else self.kind


def described(names: Sequence[object], prefix: int = 0) -> Callable[[int], str]:
    """Labels for children that are attributes; the first ``prefix`` children need none."""
    return lambda index: f".{names[index - prefix]}" if index >= prefix else ""


def numbered(index: int) -> str:
    """Labels for the elements of a sequence."""
    return f"[{index}]"


def type_name(value: object) -> str:
    """The type of a value as people would look it up; whatever its metaclass says of it."""
    kind = type(value)
    qualname: str = _QUALNAME(kind)
    try:
        module = _MODULE(kind)
    except AttributeError:
        return qualname
    return f"{module}.{qualname}" if isinstance(module, str) and module != "builtins" else qualname
