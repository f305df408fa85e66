"""What the kernel says to the front end, held back, and something else told in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab_kit import Front

_COMM = """const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const comm = [...kernel._comms.values()].find(one => one.targetName === 'phelps');"""

# A message that asks for all of it again brings a snapshot.
_KEEP = f"""() => new Promise(resolve => {{ {_COMM} const heard = comm.onMsg;
    comm.onMsg = message => {{ heard(message); const {{ data }} = message.content;
        if (data.type !== 'snapshot') return;
        comm.onMsg = heard; window.snapshotOfTasks = data.tasks; resolve(data.tasks) }};
    comm.send({{ type: 'resync' }}) }})"""

_TELL = f"""tasks => {{ {_COMM}
    window.heard = window.heard ?? comm.onMsg; comm.onMsg = () => undefined; window.rev = (window.rev ?? 0) + 1000;
    window.heard({{ content: {{ data: {{ type: 'snapshot', proto: 1, rev: window.rev, tasks }} }} }}) }}"""

# One task in a message, so many a second; those that are due are told however late it is.
_FEED = f"""rate => {{ {_COMM} const heard = comm.onMsg; comm.onMsg = () => undefined;
    const tell = data => heard({{ content: {{ data }} }}); const known = window.snapshotOfTasks;
    let rev = 1; let count = 0; tell({{ type: 'snapshot', proto: 1, rev, tasks: known }});
    const began = performance.now();
    window.feeding = setInterval(() => {{ for (; count < ((performance.now() - began) * rate) / 1000; count++) {{
        const task = known[(count * 37) % known.length]; const turn = Math.floor(count / 3) % 3;
        const state = ['running', 'done', 'failed'][turn]; const at = Date.now() / 1000;
        const place = (count * 37) % known.length; const ready = began / 1000 + place / 10;
        const attempt = {{ engine: `box:${{place % 8}}`,
            ready_at: ready, submitted_at: ready + 1, started_at: ready + 2,
            ended_at: turn ? ready + 3 + turn : ready + 10, end: turn ? state : '' }};
        tell({{ type: 'delta', rev: ++rev, tasks: [{{ ...task, state, open: turn === 0, history: [attempt],
            progress: turn === 0 ? {{ done: count % 100, total: 100 }} : null,
            verdict: turn === 1 ? 'fresh' : 'stale', started_at: at - 5 }}] }}) }} }}, 10) }}"""


def told(front: Front) -> list[dict[str, Any]]:
    """All tasks, as the kernel has told them."""
    tasks: list[dict[str, Any]] = front.page.evaluate(_KEEP)
    return tasks


def tell(front: Front, tasks: Sequence[Mapping[str, object]]) -> None:
    """From now on the front end takes these for all tasks there are, and the kernel is not heard."""
    front.page.evaluate(_TELL, list(tasks))


def feed(front: Front, rate: int) -> None:
    """So many changes a second from now on; ``told`` has been asked for before. The kernel is not heard any more."""
    front.page.evaluate(_FEED, rate)


def stop(front: Front) -> None:
    """No more changes."""
    front.page.evaluate("() => clearInterval(window.feeding)")
