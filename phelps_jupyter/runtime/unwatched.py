"""Reads that never pass Python: which libraries may have made them, and which texts at hand may name the files.

Knows code objects and the modules that are loaded; refuses to know whether a file was read.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from phelps_jupyter.runtime.homes import Home, home_of_module, outside_libraries
from phelps_jupyter.runtime.programs import quoted

NATIVE: Mapping[str, tuple[str, ...]] = {
    "cv2": ("cv2",),
    "duckdb": ("duckdb",),
    "fiona": ("fiona",),
    "gdal": ("osgeo.gdal",),
    "h5py": ("h5py",),
    "netCDF4": ("netCDF4",),
    "polars": ("polars",),
    "pyarrow": tuple(f"pyarrow.{name}" for name in ("csv", "dataset", "feather", "fs", "json", "orc", "parquet")),
    "pyogrio": ("pyogrio",),
    "pytables": ("tables",),
    "rasterio": ("rasterio",),
}
"""Libraries that open files by themselves: what of them is loaded when they do. (pandas alone loads ``pyarrow``.)"""
DATABASES: Mapping[str, tuple[str, ...]] = {
    "psycopg": ("psycopg",),
    "psycopg2": ("psycopg2",),
    "MySQLdb": ("MySQLdb",),
    "oracledb": ("oracledb",),
    "pyodbc": ("pyodbc",),
}
"""Libraries that reach databases over the network without Python's sockets."""
OPENERS = re.compile(
    r"(^|_|im)(read|scan|load|open|connect|file|sql|query|execute|memory_map)|File$|[Dd]ataset|Capture$"
)
"""Names by which such a library is told to read."""
ENDINGS = (".parquet", ".feather", ".arrow", ".orc", ".ipc")
"""Of files that pyarrow reads; where pandas opens them for it, they are seen."""
SPAWNING: Mapping[str, str] = {
    "multiprocessing.popen_spawn_posix": "spawned processes",
    "multiprocessing.popen_forkserver": "spawned processes",
    "joblib.externals.loky.backend.popen_loky_posix": "processes of joblib",
}
"""Modules that are loaded when processes are started that don't inherit our hook."""
NAMING = frozenset(
    {"joblib", "loky", "multiprocessing", "n_jobs", "Parallel", "Pool", "Process", "ProcessPoolExecutor"}
)
"""What code says that may have such processes started, where those modules were there before it ran."""
OURS = re.compile(r"phelps_(jupyter|(shipment_)?[0-9a-f]{32})(\.|$)")
"""Our modules, and their names where an engine has them loaded beside another version of us."""
_MANY = 10_000


class Code(NamedTuple):
    """Names and texts that occur in code."""

    names: frozenset[str]
    texts: frozenset[str]


def code_at_hand(codes: Iterable[CodeType], namespace: Mapping[str, Any]) -> Code:
    """Of the body, of the notebook's functions that it was given, and of the project's modules."""
    stack = [*codes, *_codes(namespace.values())]
    for name in outside_libraries():
        if name != "__main__" and not OURS.match(name):
            stack += _codes(getattr(sys.modules.get(name), "__dict__", {}).values())
    names: set[str] = set()
    texts: set[str] = set()
    for code in stack:
        names.update(code.co_names)
        for constant in _constants(code.co_consts):
            if isinstance(constant, CodeType):
                stack.append(constant)
            elif isinstance(constant, str):
                texts.add(constant)
    return Code(frozenset(names), frozenset(texts))


def _codes(values: Iterable[Any]) -> list[CodeType]:
    found: list[CodeType] = []
    for value in list(values):
        if type(value) is FunctionType:
            found.append(value.__code__)
        elif isinstance(value, type) and home_of_module(value.__module__) is not Home.LIBRARY:
            found += [member.__code__ for member in vars(value).values() if type(member) is FunctionType]
    return found


def _constants(constants: Iterable[Any]) -> Iterator[Any]:
    for constant in constants:
        if isinstance(constant, tuple | frozenset):
            yield from _constants(constant)
        else:
            yield constant


def used(libraries: Mapping[str, tuple[str, ...]], code: Code) -> list[str]:
    """Those that are loaded, where the code at hand names something by which they would be told to read."""
    if not any(OPENERS.search(name) for name in code.names):
        return []
    return [library for library, modules in libraries.items() if any(module in sys.modules for module in modules)]


def may_spawn(code: Code) -> bool:
    """Whether the code at hand names what starts processes."""
    # Names of arguments are texts.
    return not NAMING.isdisjoint(code.names | code.texts)


def texts_in(values: Iterable[Any]) -> Iterator[str]:
    """Texts and paths among values, also in flat lists, tuples, sets and dicts of them."""
    for value in values:
        inside = value.values() if type(value) is dict else value
        flat = inside if isinstance(value, dict | list | tuple | set | frozenset) and len(value) <= _MANY else (value,)
        for each in list(flat):
            if isinstance(each, str):
                yield str(each)
            elif isinstance(each, os.PathLike):
                yield os.fsdecode(each)


def candidates(texts: Iterable[str]) -> list[str]:
    """What the texts may name, sorted. What is nothing but wildcards names nothing: it stands in many a text."""
    found = {candidate for text in texts for candidate in quoted(text)}
    return sorted(candidate for candidate in found if candidate.strip("*?./"))


def matches(pattern: str) -> list[str]:
    """What a text with wildcards names, and the folder that is looked through: another match may appear there."""
    if not glob.has_magic(pattern):
        return []
    fixed = pattern
    while glob.has_magic(fixed):
        fixed = os.path.dirname(fixed)
    found = list(itertools.islice(glob.iglob(pattern, recursive=True), _MANY))
    return [*found, fixed] if found else []
