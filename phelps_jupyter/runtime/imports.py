"""The modules that live functions come from or import by themselves. Imports nothing, finds no file."""

from __future__ import annotations

import dis
import opcode
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from phelps_jupyter.runtime.homes import Home, home_of_function, home_of_module

_IMPORT_NAME = opcode.opmap["IMPORT_NAME"]
_IMPORTERS = frozenset({"import_module", "__import__"})


def modules_of(value: FunctionType | ModuleType) -> set[str]:
    """A project's module, or that of its function; the modules that a notebook's function imports when it is called."""
    if isinstance(value, ModuleType):
        return _named(vars(value).get("__name__"))
    if home_of_function(value) is Home.NOTEBOOK:
        return set(_imported(value.__code__))
    return _named(value.__globals__.get("__name__"))


def _named(name: object) -> set[str]:
    return {name} if isinstance(name, str) and home_of_module(name) is Home.PROJECT else set()


def _imported(code: CodeType) -> Iterator[str]:
    """Modules that a function imports, nested functions included; by name, the standard library's left out."""
    stack = [code]
    while stack:
        found = stack.pop()
        yield from (name for name in _imported_by(found) if name.partition(".")[0] not in sys.stdlib_module_names)
        stack.extend(each for each in found.co_consts if isinstance(each, CodeType))


def _imported_by(code: CodeType) -> Iterator[str]:
    if _IMPORT_NAME in code.co_code[::2]:
        yield from _by_statements(code)
    if not _IMPORTERS.isdisjoint(code.co_names):
        # Which of its texts it imports can't be told; what is no module makes no difference.
        yield from (each for each in code.co_consts if isinstance(each, str) and _is_dotted(each))


def _by_statements(code: CodeType) -> Iterator[str]:
    module = ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            module = str(step.argval)
            parts = module.split(".")
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        elif step.opname == "IMPORT_FROM":
            # It may be a module of a package: what is none makes no difference.
            yield f"{module}.{step.argval}"


def _is_dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))
