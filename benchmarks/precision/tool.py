"""What the benchmark asks of a tool's adapter: the project written as its user would, one run, and what that showed."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.precision import render
from benchmarks.precision.project import Project
from benchmarks.precision.sandbox import Sandbox

Values = Mapping[str, object]


def _nothing(_: Sandbox) -> None:
    """Most tools need no preparation."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One column of the table.

    ``cannot``: edits that can't be said in the tool, or that it rules out, each with the reason. ``always``: steps that
    run each time because its documentation advises to say so.
    """

    name: str
    distributions: tuple[str, ...]
    files: Callable[[Project], Mapping[str, str]]
    run: Callable[[Sandbox, Project], Values]
    prepare: Callable[[Sandbox], None] = _nothing
    cannot: Mapping[str, str] = field(default_factory=dict)
    always: frozenset[str] = frozenset()

    def version(self) -> str | None:
        """None where it isn't installed."""
        for distribution in self.distributions:
            try:
                return importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
        return None


def outs(sandbox: Sandbox, project: Project) -> Values:
    """What lies in the files that scripts have written."""
    paths = {step.name: sandbox.folder / render.out_path(step.name) for step in project.steps}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def python(sandbox: Sandbox, script: str) -> Values:
    """Run a script that ends with `show(...)`."""
    sandbox.call(sys.executable, script)
    return sandbox.shown()
