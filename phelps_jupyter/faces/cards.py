"""A task's card: what stands under its cell. A bundle of HTML, text and our own MIME type, the same when it is saved.

A settled card holds nothing that differs between equal runs: no time, host or path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from phelps_jupyter.core.causes import summary
from phelps_jupyter.core.model import SETTLED, RunState, Version
from phelps_jupyter.core.snapshot import TaskView
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.summaries import size_text

MIME = "application/vnd.phelps.task+json"
TAIL_LINES = 12
BARS = "▁▂▃▄▅▆▇█"
FEW = 3
"""Points of which a line says something."""

GLYPHS: Mapping[RunState, str] = {
    RunState.WAITING: "…",
    RunState.READY: "…",
    RunState.SUBMITTED: "▸",
    RunState.RUNNING: "▶",
    RunState.DONE: "✓",
    RunState.REUSED: "↺",
    RunState.FAILED: "✗",
    RunState.SKIPPED: "⤼",
    RunState.BLOCKED: "⏸",
    RunState.CANCELLED: "⊘",
}
_COLOURS: Mapping[RunState, str] = {
    RunState.DONE: "#1a7f37",
    RunState.REUSED: "#1a7f37",
    RunState.FAILED: "#b42318",
    RunState.RUNNING: "#0b62c4",
    RunState.SUBMITTED: "#0b62c4",
}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def bundle(view: TaskView, frames: Sequence[Frame] = (), *, elapsed: float | None = None) -> dict[str, object]:
    """The card of a task. ``frames``: its output so far, shown below; ``elapsed``: seconds, while it runs."""
    return {
        "text/plain": text(view, frames, elapsed),
        "text/html": _html(view, frames, elapsed),
        MIME: {"task": view.name, "state": view.state.value if view.state else None, "attempts": view.attempts},
    }


def text(view: TaskView, frames: Sequence[Frame] = (), elapsed: float | None = None) -> str:
    """The card as plain text."""
    lines = [headline(view, elapsed)]
    lines += [f"  {line}" for line in _details(view)]
    tail = _tail(frames)
    return "\n".join(lines + ([tail] if tail else []))


def headline(view: TaskView, elapsed: float | None = None) -> str:
    """Glyph, name, state and, while it runs, how long."""
    if view.state is None:
        return f"· {view.name} · not run"
    parts = [f"{GLYPHS[view.state]} {view.name}", state_words(view, view.state)]
    if elapsed is not None and view.state not in SETTLED:
        parts.append(f"{elapsed:.0f} s")
    return " · ".join(parts)


def state_words(view: TaskView, state: RunState) -> str:
    """The state of its last run; said where that is no run of the code as it is now."""
    return f"{state.value} (older code), stale" if view.is_older else state.value


def because(view: TaskView) -> str:
    """Why it is in its state, in words."""
    if view.skipped_for:
        return f"task {view.skipped_for} did not end well"
    if view.failure is not None:
        return failure_line(view)
    if view.waits_for:
        return f"waits for {view.waits_for}"
    if view.state is RunState.CANCELLED:
        return ""
    return summary(view.reasons)


def failure_line(view: TaskView) -> str:
    """The failure in one line: kind, place, what."""
    failure = view.failure
    assert failure is not None
    place = f" in line {failure.line}" if failure.line else ""
    name = f"{failure.type}: " if failure.type and failure.kind.value == "code" else ""
    evidence = f" ({failure.evidence})" if failure.evidence and failure.evidence not in failure.message else ""
    return f"{failure.kind.value}{place}: {name}{failure.message}{evidence}{_curve(failure.memory_curve)}"


def _curve(points: Sequence[tuple[float, int]]) -> str:
    """The memory of the last seconds as a line of bars, from nothing to the most that was held."""
    most = max((held for _, held in points), default=0)
    if len(points) < FEW or not most:
        return ""
    bars = "".join(BARS[held * (len(BARS) - 1) // most] for _, held in points)
    seconds = points[-1][0] - points[0][0]
    return f"; memory of its last {seconds:.1f} s: {bars} (at most {size_text(most)})"


def _details(view: TaskView) -> list[str]:
    why = because(view)
    # Why it ran is no news when it is done; that somebody holds its result is.
    lines = [why] if why and view.state is not RunState.DONE else []
    if view.attempts > 1:
        failures = view.failures[: view.attempts - 1]
        earlier = ", ".join(failure.kind.value for failure in failures)
        lines.append(f"attempt {view.attempts}; earlier: {earlier}")
    lines += [f"{version.name}: {_told(version)}" for version in view.outputs]
    lines += [f"{name}: left out, {why}" for name, why in view.left_out]
    read = {source.name for source in view.reads}
    unforeseen = "bound, though the code does not say so"
    lines += [f"{name}: {'changed in place' if name in read else unforeseen}" for name in view.changed]
    lines += view.notes
    return lines


def _told(version: Version) -> str:
    note = f"; used, not reused: no digest ({version.opaque})" if version.opaque else ""
    return f"{version.summary}, {size_text(version.size)}{note}"


def _tail(frames: Sequence[Frame]) -> str:
    written = "".join(frame.text for frame in frames if frame.kind in ("stdout", "stderr"))
    return "\n".join(f"  | {line}" for line in written.splitlines()[-TAIL_LINES:])


def _html(view: TaskView, frames: Sequence[Frame], elapsed: float | None) -> str:
    colour = _COLOURS.get(view.state, "#57606a") if view.state else "#57606a"
    rows = [f'<div style="color:{colour};font-weight:600">{escape(headline(view, elapsed))}</div>']
    rows += [f"<div>{escape(line)}</div>" for line in _details(view)]
    rows += [_frame_html(frame) for frame in joined(frames)]
    if view.failure is not None and view.failure.traceback:
        rows.append(_pre(_ANSI.sub("", view.failure.traceback)))
    inner = "".join(rows)
    style = f"border-left:3px solid {colour};padding:2px 0 2px 10px;font-size:90%"
    return f'<div class="phelps-card" role="status" style="{style}">{inner}</div>'


def without_traceback(view: TaskView) -> TaskView:
    """For where the traceback is shown elsewhere."""
    return view if view.failure is None else replace(view, failure=replace(view.failure, traceback=""))


def joined(frames: Sequence[Frame]) -> list[Frame]:
    """Frames as a front end leaves them: pieces of one stream made one, updates in place, what was cleared gone."""
    found: list[Frame] = []
    clearing = False
    for frame in frames:
        if frame.kind == "clear":
            # With ``wait`` the old output stays until there is new.
            clearing = True
            if not frame.metadata.get("wait"):
                found.clear()
            continue
        if clearing:
            found.clear()
            clearing = False
        if frame.update:
            found = [frame if frame.display_id == old.display_id else old for old in found]
        elif found and frame.kind == found[-1].kind and frame.kind in ("stdout", "stderr"):
            found[-1] = Frame(frame.kind, found[-1].text + frame.text)
        else:
            found.append(frame)
    return found


def _frame_html(frame: Frame) -> str:
    if frame.kind in ("stdout", "stderr"):
        lines = frame.text.splitlines()
        cut = [f"… {len(lines) - TAIL_LINES} lines more"] if len(lines) > TAIL_LINES else []
        return _pre("\n".join(cut + lines[-TAIL_LINES:]))
    if "text/html" in frame.data:
        return f"<div>{_as_text(frame.data['text/html'])}</div>"
    if "image/png" in frame.data:
        png = _as_text(frame.data["image/png"])
        return f'<img alt="figure" style="max-width:100%" src="data:image/png;base64,{png}"/>'
    if "image/svg+xml" in frame.data:
        return _as_text(frame.data["image/svg+xml"])
    return _pre(_as_text(frame.data.get("text/plain", json.dumps(sorted(frame.data)))))


def _as_text(piece: object) -> str:
    return "".join(piece) if isinstance(piece, list) else str(piece)


def _pre(text: str) -> str:
    return f'<pre style="margin:2px 0;white-space:pre-wrap;font-family:monospace">{escape(text)}</pre>'
