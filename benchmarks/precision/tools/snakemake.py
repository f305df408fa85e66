"""A `Snakefile` with a rule for each step, by `script:`, with the rerun triggers that are on by default."""

from __future__ import annotations

import sys

from benchmarks.precision import render
from benchmarks.precision.project import Project, Step
from benchmarks.precision.sandbox import Sandbox
from benchmarks.precision.tool import Tool, Values, outs


def _files(project: Project) -> dict[str, str]:
    targets = ", ".join(f'"{render.out_path(step.name)}"' for step in project.steps)
    rules = [f"rule all:\n    input: {targets}\n", *(_rule(step) for step in project.steps)]
    return render.scripts(project) | {"Snakefile": "\n\n".join(["from glob import glob\n", *rules])}


def _rule(step: Step) -> str:
    folders = [f'sorted(glob("{folder}/*"))' for folder in step.files]
    reads = [*(f'"{path}"' for path in (*map(render.out_path, step.inputs), *step.modules)), *folders]
    lines = [f"rule {step.title}:"]
    lines += [f"    input: {', '.join(reads)}"] if reads else []
    lines += [f'    output: "{render.out_path(step.name)}"']
    lines += [f"    threads: {step.cpus}"] if step.cpus > 1 else []
    return "\n".join([*lines, f'    script: "{render.script_path(step)}"', ""])


def _run(sandbox: Sandbox, project: Project) -> Values:
    sandbox.call(sys.executable, "-m", "snakemake", "--cores", "2", "--quiet")
    return outs(sandbox, project)


_PACKAGES = "packages are declared by conda environments, and there is none here"

TOOL = Tool(
    "Snakemake",
    ("snakemake",),
    _files,
    _run,
    cannot={
        "package": _PACKAGES,
        "package-unused": _PACKAGES,
        "in-place-below": "steps are processes that share files: none can change another's value",
    },
)
