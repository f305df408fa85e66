"""Runs the project as plain Python, from scratch, and notes for each step what it used and what came out.

A program of its own, started in the project's folder with -OO, so that docstrings are no code:
`witness.py SITE STEPS...`. It prints JSON. What a step used: the code of each of the project's functions that was
called in it (as compiled, without line numbers), their arguments and closures, the data that they read from their
modules, the packages that it called, the files and folders that it opened. It knows nothing of tools or of the edit.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import importlib.metadata
import json
import os
import sys
from pathlib import Path
from types import CodeType, FrameType, FunctionType

OPENING = ("open", "os.listdir", "os.scandir")
PLAIN = (int, float, str, bytes, bool, type(None))


class Witness:
    """What the step that runs now has used so far, as sentences."""

    def __init__(self, project: Path, site: Path) -> None:
        self.project, self.site = str(project) + os.sep, str(site) + os.sep
        self.used: set[str] = set()
        self.paths: set[str] = set()

    def begin(self) -> None:
        self.used, self.paths = set(), set()

    def end(self) -> list[str]:
        return sorted(self.used | {_content(Path(path)) for path in self.paths})

    def opened(self, event: str, arguments: tuple[object, ...]) -> None:
        """An audit hook. What another program reads is known as far as its command names it."""
        if event in OPENING and isinstance(arguments[0], str | os.PathLike):
            self._note(os.fspath(arguments[0]))
        elif event == "subprocess.Popen" and isinstance(arguments[1], list):
            for argument in arguments[1]:
                self._note(argument)

    def _note(self, name: str | bytes) -> None:
        path = os.path.abspath(os.fsdecode(name))
        if path.startswith(self.project) and not path.endswith((".py", ".pyc")) and os.path.exists(path):
            self.paths.add(path)

    def called(self, frame: FrameType, event: str, _argument: object) -> None:
        """A profile function."""
        if event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(self.site):
            top = code.co_filename.removeprefix(self.site).split(os.sep)[0].removesuffix(".py")
            self.used.add(f"package {top} {importlib.metadata.version(top)}")
        elif code.co_filename.startswith(self.project):
            where = f"{frame.f_globals['__name__']}.{code.co_qualname}"
            self.used.add(f"code {where} {_digest(_compiled(code))}")
            self.used.add(f"given {where} {[(name, plain(value)) for name, value in sorted(frame.f_locals.items())]}")
            read = [(name, frame.f_globals[name]) for name in code.co_names if name in frame.f_globals]
            self.used |= {f"global {where} {name} {plain(value)}" for name, value in read if not callable(value)}


def plain(value: object) -> str:
    """A value by content."""
    if isinstance(value, PLAIN):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(map(plain, value))}]"
    if isinstance(value, dict):
        return f"dict[{', '.join(f'{plain(key)}: {plain(item)}' for key, item in value.items())}]"
    if isinstance(value, FunctionType):
        return f"function {_digest(_compiled(value.__code__))}"
    fields = {} if callable(value) or isinstance(value, type(sys)) else getattr(value, "__dict__", {})
    return f"{type(value).__qualname__}({', '.join(f'{name}={plain(item)}' for name, item in fields.items())})"


def _compiled(code: CodeType) -> tuple[object, ...]:
    constants = tuple(_compiled(one) if isinstance(one, CodeType) else (type(one), one) for one in code.co_consts)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, names, code.co_flags)


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _content(path: Path) -> str:
    if path.is_dir():
        return f"folder {path} {sorted(os.listdir(path))}"
    return f"file {path} {_digest(path.read_bytes())}"


def main() -> None:
    site, *steps = sys.argv[1:]
    sys.path.insert(0, os.getcwd())
    pipeline = importlib.import_module("pipeline")
    witness = Witness(Path.cwd(), Path(site))
    sys.addaudithook(witness.opened)
    values: dict[str, object] = {}
    told = {}
    for step in steps:
        name, *inputs = step.split(",")
        witness.begin()
        sys.setprofile(witness.called)
        value = getattr(pipeline, name)(*[values[one] for one in inputs])
        sys.setprofile(None)
        # Later steps may change the value in place; what this step made stays told as it was.
        values[name] = value
        told[name] = {"result": copy.deepcopy(value), "used": witness.end()}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
