"""Writes a project down as Python: as functions in one module, as a script for each step, as cells. Knows no tool."""

from __future__ import annotations

import textwrap

from benchmarks.precision.project import Project, Step

RAN = "from steplog import ran\n"


def body(step: Step) -> str:
    """A step's code, which first tells that it runs."""
    return f'ran("{step.name}")\n{step.body}'


def cells(project: Project) -> list[tuple[str, str]]:
    """A notebook: name and source of each cell, the blocks above the steps."""
    blocks = [(block.name, block.source) for block in project.blocks]
    return [*blocks, *((step.name, body(step)) for step in project.steps)]


def blocks(project: Project) -> str:
    """Everything that stands above the steps."""
    return "\n\n".join(block.source for block in project.blocks)


def function(step: Step, decorators: str = "") -> str:
    """A step as a function of the values that it reads."""
    return signature(step, ", ".join(step.inputs), "", decorators)


def signature(step: Step, parameters: str, result: str, decorators: str) -> str:
    """A step as a function with these parameters, this annotation of its result, and these decorators."""
    inner = textwrap.indent(body(step) + f"return {step.name}\n", "    ")
    return f"{decorators}def {step.name}({parameters}){result}:\n{inner}"


def module(project: Project) -> str:
    """One module: the blocks, then the steps as functions."""
    functions = [function(step) for step in project.steps]
    return "\n\n".join([RAN + blocks(project), *functions])


def script_path(step: Step) -> str:
    return f"steps/{step.name}.py"


def out_path(name: str) -> str:
    return f"out/{name}.json"


def scripts(project: Project) -> dict[str, str]:
    """A script for each step, which reads and writes JSON files."""
    return {script_path(step): _script(project, step) for step in project.steps}


def _script(project: Project, step: Step) -> str:
    own = [block.source for block in project.blocks if step.name in block.users]
    reads = [f'{name} = json.loads(Path("{out_path(name)}").read_text())' for name in step.inputs]
    writes = f'Path("{out_path(step.name)}").write_text(json.dumps({step.name}))'
    head = f"import json\nfrom pathlib import Path\n\n{RAN}"
    return "\n".join([head, *own, *reads, body(step), writes, ""])


def calls(project: Project) -> str:
    """The steps as functions, called one after another; each value has the step's name, with an `_` behind."""
    lines = [f"{step.name}_ = {step.name}({', '.join(f'{name}_' for name in step.inputs)})" for step in project.steps]
    return "\n".join(lines)


def shown(project: Project, suffix: str = "") -> str:
    """A call that tells all values at the end."""
    return f"show({', '.join(f'{step.name}={step.name}{suffix}' for step in project.steps)})"
