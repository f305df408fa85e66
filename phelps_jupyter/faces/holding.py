"""``accept``, ``freeze``, ``unfreeze`` and ``forget``, in a kernel and in a shell: done, and told in a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from phelps_jupyter.acceptance import acceptance, freeze
from phelps_jupyter.core.holds import HoldKind, of_kind
from phelps_jupyter.core.model import TaskName
from phelps_jupyter.errors import DeclarationError
from phelps_jupyter.judge import Judge
from phelps_jupyter.ports import Index

Act = Callable[[Judge, TaskName], str]


def _accept(judge: Judge, task: TaskName) -> str:
    hold = acceptance(judge, task)
    if hold is None:
        return f"{task} is fresh: there is nothing to accept"
    judge.index.hold(judge.notebook, task, hold)
    return f"{task} is {hold.reason.text}"


def _freeze(judge: Judge, task: TaskName) -> str:
    judge.index.hold(judge.notebook, task, freeze(judge, task))
    return f"{task} is frozen: its last result stands, whatever changes"


def _unfreeze(judge: Judge, task: TaskName) -> str:
    was = judge.index.unhold(judge.notebook, task, HoldKind.FREEZE)
    return f"{task} is frozen no more" if was else f"{task} was not frozen"


def _forget(judge: Judge, task: TaskName) -> str:
    judge.index.forget(judge.notebook, task)
    return f"the results of {task} are forgotten"


ACTS: Mapping[str, Act] = {"accept": _accept, "freeze": _freeze, "unfreeze": _unfreeze, "forget": _forget}


def frozen_tasks(index: Index, notebook: str) -> frozenset[TaskName]:
    """The tasks whose results are frozen."""
    held = index.holds(notebook).items()
    return frozenset(task for task, holds in held if of_kind(holds, HoldKind.FREEZE) is not None)


def check_force(index: Index, notebook: str, tasks: Iterable[TaskName]) -> None:
    """Errors: DeclarationError when one of these tasks is frozen, and so can't be run by force."""
    frozen = frozen_tasks(index, notebook)
    still = [task for task in tasks if task in frozen]
    if still:
        told = f"{', '.join(still)} {'is' if len(still) == 1 else 'are'} frozen"
        raise DeclarationError(f"--force: {told}: unfreeze first, or name other tasks to run")
