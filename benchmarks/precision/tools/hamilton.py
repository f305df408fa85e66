"""A module of functions, with caching. The one that reads files runs each time, as the documentation advises."""

from __future__ import annotations

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values, python

# A public function in a module of the dataflow would be a node of it, so helpers have a module of their own.
HEAD = f"""\
from hamilton.function_modifiers import cache
from helpers import *
{render.RAN}"""


def _files(project: Project) -> dict[str, str]:
    kinds = {step.name: step.kind for step in project.steps}
    functions = [_function(step, kinds) for step in project.steps]
    return {
        "helpers.py": render.blocks(project),
        "dataflow.py": "\n\n".join([HEAD, *functions]),
        "main.py": _main(project),
    }


def _function(step: Step, kinds: dict[str, str]) -> str:
    parameters = ", ".join(f"{name}: {kinds[name]}" for name in step.inputs)
    return render.signature(
        step, parameters, f" -> {step.kind}", '@cache(behavior="recompute")\n' if step.files else ""
    )


def _main(project: Project) -> str:
    return f"""\
import dataflow
from hamilton import driver
from steplog import show

flow = driver.Builder().with_modules(dataflow).with_cache().build()
show(**flow.execute({[step.name for step in project.steps]!r}))
"""


def _run(sandbox: Sandbox, _: Project) -> Values:
    return python(sandbox, "main.py")


_PURE = "its documentation asks for functions without side effects"

TOOL = Tool(
    "Hamilton",
    ("apache-hamilton", "sf-hamilton"),
    _files,
    _run,
    cannot={
        "renamed-step": "a node's name is its function's",
        "resources": "functions have no resource options",
        "in-place-input": _PURE,
        "in-place-below": _PURE,
    },
    always=frozenset({"rows"}),
)
