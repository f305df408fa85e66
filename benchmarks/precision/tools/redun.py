"""A `workflow.py` with a `@task` for each step: helpers and constants as `hash_includes`, folders as `Dir`."""

from __future__ import annotations

import ast
import sys

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values

# The command, whether or not its script is on the path.
REDUN = (sys.executable, "-c", "from redun.cli import main; main()")

HEAD = f"""\
from redun import Dir, task
{render.RAN}
redun_namespace = "precision"
"""


def _files(project: Project) -> dict[str, str]:
    tasks = [render.signature(step, _parameters(step), "", _decorator(step)) for step in project.steps]
    return {"workflow.py": "\n\n".join([HEAD, render.blocks(project), *tasks, _main(project)])}


def _parameters(step: Step) -> str:
    return ", ".join([*step.inputs, *step.files])


def _decorator(step: Step) -> str:
    options = [f"hash_includes=[{', '.join(step.includes)}]"] if step.includes else []
    options += [f"vcpus={step.cpus}"] if step.cpus > 1 else []
    return f"@task({', '.join(options)})\n"


def _main(project: Project) -> str:
    lines = [f"    {step.name}_ = {step.name}({_arguments(step)})" for step in project.steps]
    values = ", ".join(f'"{step.name}": {step.name}_' for step in project.steps)
    return "\n".join(["@task()", 'def main(data: Dir = Dir("data")):', *lines, f"    return {{{values}}}", ""])


def _arguments(step: Step) -> str:
    return ", ".join([*(f"{name}_" for name in step.inputs), *step.files])


def _run(sandbox: Sandbox, _: Project) -> Values:
    values: Values = ast.literal_eval(sandbox.call(*REDUN, "run", "workflow.py", "main"))
    return values


_PURE = "its documentation asks for tasks that change no argument"

TOOL = Tool(
    "redun",
    ("redun",),
    _files,
    _run,
    cannot={
        "renamed-step": "a task's name is its function's",
        "in-place-input": _PURE,
        "in-place-below": _PURE,
    },
)
