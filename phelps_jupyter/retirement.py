"""How a session ends that nobody asks any more: with its process, or in one that goes on. What runs goes on anyway."""

from __future__ import annotations

import threading

from phelps_jupyter.core.model import TaskName
from phelps_jupyter.session import Session

LOOK = 1.0
"""Seconds between looks, where nobody tells: what was cancelled before ends unseen."""


def leave(session: Session) -> None:
    """The process ends: attempts that run finish by themselves, and the next kernel finds their results."""
    session.close(kill=False)


def retire(session: Session) -> None:
    """The process goes on: so does the session, until what runs has ended, and its results are recorded.

    What waits never starts. Returns at once: who wants the same meanwhile waits for that, as for another kernel.
    """
    session.cancel(session.call(lambda: _waiting(session)))
    threading.Thread(target=_end, args=(session,), name="phelps-retirement", daemon=True).start()


def _waiting(session: Session) -> list[TaskName]:
    """Open tasks that no engine has."""
    runs = session.machine.runs
    running = {runs.by_id[run].task.name for run, _ in session.machine.fleet.held if run in runs.by_id}
    return [task for task, opened in runs.open.items() if opened and task not in running]


def _end(session: Session) -> None:
    while session.call(lambda: bool(session.machine.fleet.held)):
        with session.moved:
            session.moved.wait(LOOK)
    session.close(kill=True)
