"""A `dvc.yaml` with a stage for each step: its script, its files and its modules are `deps`."""

from __future__ import annotations

import sys

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values, outs


def _files(project: Project) -> dict[str, str]:
    stages = "".join(_stage(step) for step in project.steps)
    return render.scripts(project) | {"dvc.yaml": f"stages:\n{stages}", "out/.keep": ""}


def _stage(step: Step) -> str:
    needs = [render.script_path(step), *map(render.out_path, step.inputs), *step.files, *step.modules]
    deps = "".join(f"      - {path}\n" for path in needs)
    command = f"python {render.script_path(step)}"
    return f"  {step.title}:\n    cmd: {command}\n    deps:\n{deps}    outs:\n      - {render.out_path(step.name)}\n"


def _prepare(sandbox: Sandbox) -> None:
    sandbox.call(sys.executable, "-m", "dvc", "init", "--no-scm", "-q")


def _run(sandbox: Sandbox, project: Project) -> Values:
    sandbox.call(sys.executable, "-m", "dvc", "repro", "-q")
    return outs(sandbox, project)


TOOL = Tool(
    "DVC",
    ("dvc",),
    _files,
    _run,
    prepare=_prepare,
    cannot={
        "resources": "stages have no resource options",
        "in-place-below": "steps are processes that share files: none can change another's value",
    },
)
