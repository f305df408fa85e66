"""What a kernel tells the command line about its tasks: states, and the outputs to be put into the notebook."""

from __future__ import annotations

from phelps_jupyter.core.snapshot import task_json
from phelps_jupyter.faces.cards import because, joined
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.session import Session

MIME = "application/vnd.phelps.report+json"


def kernel_report(session: Session) -> list[dict[str, object]]:
    """One object for each task: the JSON contract's, and what only the command line needs."""
    return [
        task_json(view)
        | {
            "cell_id": view.cell,
            "because": because(view),
            "traceback": view.failure.traceback if view.failure else "",
            "frames": [_frame_json(frame) for frame in joined(session.frames(view.name))],
        }
        for view in session.views()
    ]


def _frame_json(frame: Frame) -> dict[str, object]:
    return {"kind": frame.kind, "text": frame.text, "data": dict(frame.data), "metadata": dict(frame.metadata)}
