"""``%phelps debug``: the body of a task, run in the kernel on copies of what it reads, and the debugger where it fails.

What it binds stays in a namespace of its own: the kernel's names are as before, and nothing is stored.
"""

from __future__ import annotations

import linecache
from types import CodeType
from typing import TYPE_CHECKING

import cloudpickle

from phelps_jupyter.core.model import TaskName
from phelps_jupyter.faces.reading import Reading
from phelps_jupyter.faces.ready_cells import CODE

if TYPE_CHECKING:
    from phelps_jupyter.faces.live import Live


def debug(live: Live, task: TaskName) -> None:
    """Run it, and stop where it fails. Errors: TaskFailed, where what it reads can't be had."""
    graph, shell = live.graph, live.shell
    cell = graph.tasks[task]
    declared = graph.nodes[cell].task
    assert declared is not None
    Reading(live).bring(cell)
    names = [name for name, provider in graph.inputs[cell].items() if provider is not None and name in shell.user_ns]
    own = {"__name__": "__main__"} | {name: _copied(name, shell.user_ns[name]) for name in names}
    try:
        exec(_compiled(shell.transform_cell(declared.body), task), own)
    except Exception as error:
        # The first frame is ours.
        own_frames = error.__traceback__ and error.__traceback__.tb_next
        shell.showtraceback((type(error), error, own_frames), tb_offset=0)
        shell.debugger(force=True)
    else:
        print(f"{task} ends well here: what it read is bound in this kernel as `{', '.join(names) or 'nothing'}`")


def _compiled(source: str, task: TaskName) -> CodeType:
    """So that tracebacks and the debugger show its lines."""
    place = f"<task {task}>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
    return compile(source, place, "exec")


def _copied(name: str, value: object) -> object:
    """So that the body changes none of the kernel's values."""
    if isinstance(value, CODE):
        return value
    try:
        copy: object = cloudpickle.loads(cloudpickle.dumps(value))
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        print(f"{name} can't be copied ({why}): what the body does to it is done to the kernel's value")
        return value
    return copy
