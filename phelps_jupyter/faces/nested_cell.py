"""Executes a cell from within another one, while the kernel's event loop waits for that one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell


def run_cell(shell: InteractiveShell, source: str) -> ExecutionResult:
    """Execute the cell; its output appears where we are. What it raises is shown and told in the result."""
    with _apart_from_the_running_loop() if _awaits(shell, source) else nullcontext():
        result: ExecutionResult = shell.run_cell(source, store_history=False)
    return result


def _awaits(shell: InteractiveShell, source: str) -> bool:
    try:
        transformed = shell.transform_cell(source)
    except Exception:  # any extension's transformer; IPython meets it again and shows it
        return False
    return bool(shell.should_run_async(source, transformed_cell=transformed))


@contextmanager
def _apart_from_the_running_loop() -> Iterator[None]:
    """IPython runs what awaits on a loop of its own, as it does where none is running.

    asyncio refuses a second running loop, and a second running task, in a thread. Ours stand still meanwhile, as for
    any cell; what the cell awaits must not belong to them.
    """
    loop = asyncio._get_running_loop()
    if loop is None:  # IPython in a terminal
        yield
        return
    task = asyncio.current_task()
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)
        if task is not None:
            asyncio.tasks._enter_task(loop, task)
