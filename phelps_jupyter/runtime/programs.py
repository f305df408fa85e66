"""Command lines and other texts that may name files. Knows text only; looks at no path."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

ASKING = frozenset(
    {"echo", "fc-list", "getconf", "hostname", "ldconfig", "lscpu", "nproc", "nvidia-smi", "sleep", "true", "uname"}
)
"""Programs that ask the system, or nobody: libraries start them on their own account."""
SCRIPTS = (".py", ".R", ".r", ".sh", ".jl", ".pl", ".rb", ".js", ".m", "akefile")
LONGEST = 255
_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"")


def words(command: str) -> list[str]:
    """The words of a command line; split at spaces where it can't be parsed."""
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def named(argument: str) -> Iterator[str]:
    """What an argument of a program may name: ``--input=a.csv`` names ``a.csv`` too."""
    yield from filter(_may_be_path, {argument, argument.partition("=")[2]})


def quoted(text: str) -> Iterator[str]:
    """What a text of the code may name: itself, and what is quoted in it (SQL, a line magic)."""
    candidates = {text, *(one or other for one, other in _QUOTED.findall(text))}
    yield from filter(_may_be_path, candidates)


def _may_be_path(text: str) -> bool:
    # "." and "/" occur as separators more often than as folders.
    return 0 < len(text) <= LONGEST and bool(text.strip("./")) and not any(each in text for each in "\n\0")
