"""What a pickle of ours calls when it is loaded: it makes notebook functions and their kin anew.

The names of this file are written into stored objects: whoever moves or renames one raises the format number in
`values`. Knows nothing of how pickles are made.
"""

from __future__ import annotations

import functools
import importlib
from types import CellType, CodeType, FunctionType
from typing import Any

from phelps_jupyter.runtime import functions as notebook

_HEAP_TYPE = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: set on classes made by a class statement, not on those of the interpreter."""


def make_function(
    code: CodeType, code_digest: str, home: str, name: str, cells: tuple[CellType, ...] | None
) -> FunctionType:
    """A function on the globals that the module ``home`` has here and now; `fill_function` gives it the rest."""
    notebook.remember(code, code_digest)
    return FunctionType(code, importlib.import_module(home).__dict__, name, None, cells)


def fill_function(function: Any, state: tuple[Any, ...]) -> None:
    """Apart from `make_function`, because each of these may hold the function itself."""
    qualname, module, doc, defaults, kwdefaults, annotations, attributes, contents = state
    function.__qualname__ = qualname
    function.__module__ = module
    function.__doc__ = doc
    function.__defaults__ = defaults
    function.__kwdefaults__ = kwdefaults
    function.__annotations__ = annotations
    function.__dict__.update(attributes)
    for cell, content in zip(function.__closure__ or (), contents, strict=True):
        if content:
            (cell.cell_contents,) = content


def make_cached(function: Any, maxsize: int | None, typed: bool) -> Any:
    """An ``lru_cache`` around a function, empty."""
    return functools.lru_cache(maxsize, typed)(function)


def make_cached_property(function: Any, name: str | None) -> functools.cached_property[Any]:
    """A ``cached_property`` with a lock of its own."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def make_view(buffer: Any, item: Any, lengths: tuple[int, ...]) -> memoryview:
    """A memoryview over bytes of its own; ``item`` is the format of one element."""
    view = memoryview(buffer).cast("B")
    return view.cast(item, lengths) if all(lengths) else view


def make_exception(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """An exception without a call of its own ``__init__``, whose parameters need not be ``args``."""
    base: Any = next(each for each in kind.__mro__ if not each.__flags__ & _HEAP_TYPE)
    made: BaseException = base.__new__(kind, *arguments)
    base.__init__(made, *arguments)
    return made
