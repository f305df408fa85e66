"""A `dodo.py` with a task for each step: its script, its files and its modules are `file_dep`."""

from __future__ import annotations

import sys

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values, outs

HEAD = """\
from glob import glob

DOIT_CONFIG = {"verbosity": 0}
"""


def _files(project: Project) -> dict[str, str]:
    return render.scripts(project) | {"dodo.py": "\n\n".join([HEAD, *map(_task, project.steps)]), "out/.keep": ""}


def _task(step: Step) -> str:
    needs = [render.script_path(step), *map(render.out_path, step.inputs), *step.modules]
    folders = "".join(f', *sorted(glob("{folder}/*"))' for folder in step.files)
    return f"""\
def task_{step.title}():
    return {{
        "file_dep": [{", ".join(f'"{path}"' for path in needs)}{folders}],
        "targets": ["{render.out_path(step.name)}"],
        "actions": ["python {render.script_path(step)}"],
    }}
"""


def _run(sandbox: Sandbox, project: Project) -> Values:
    sandbox.call(sys.executable, "-m", "doit")
    return outs(sandbox, project)


TOOL = Tool(
    "doit",
    ("doit",),
    _files,
    _run,
    cannot={
        "resources": "tasks have no resource options",
        "in-place-below": "steps are processes that share files: none can change another's value",
    },
)
