"""A module of functions under `@memory.cache`, called one after another."""

from __future__ import annotations

from benchmarks.precision import render
from benchmarks.precision.project import Project
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values, python

HEAD = f"""\
from joblib import Memory
{render.RAN}
memory = Memory("cache", verbose=0)
"""


def _files(project: Project) -> dict[str, str]:
    functions = [render.function(step, "@memory.cache\n") for step in project.steps]
    names = ", ".join(step.name for step in project.steps)
    imports = f"from pipeline import {names}\nfrom steplog import show\n"
    main = f"{imports}\n{render.calls(project)}\n{render.shown(project, '_')}\n"
    return {"pipeline.py": "\n\n".join([HEAD, render.blocks(project), *functions]), "main.py": main}


def _run(sandbox: Sandbox, _: Project) -> Values:
    return python(sandbox, "main.py")


TOOL = Tool(
    "joblib",
    ("joblib",),
    _files,
    _run,
    cannot={
        "renamed-step": "a function's name is its identity",
        "resources": "functions have no resource options",
        "in-place-below": "its documentation asks for functions without side effects",
    },
)
