"""A task's card: what stands under its cell. A bundle of HTML, text and our own MIME type, the same when it is saved.

A settled card holds nothing that differs between equal runs: no time, host or path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import cast

from phelps_jupyter.core.causes import summary
from phelps_jupyter.core.model import SETTLED, RunState, Version
from phelps_jupyter.core.snapshot import Progress, TaskView, progress_json
from phelps_jupyter.runtime.orders import Frame
from phelps_jupyter.runtime.roll import DISPLAYS, STREAMS, TEXT, Roll
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
        MIME: {"task": view.name, "state": view.state.value if view.state else None, "attempts": view.attempts}
        | ({"progress": progress_json(view.progress)} if view.progress else {}),
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
    if view.progress is not None:
        parts.append(progress_words(view.progress))
    if elapsed is not None and view.state not in SETTLED:
        parts.append(f"{elapsed:.0f} s")
    return " · ".join(parts)


def state_words(view: TaskView, state: RunState) -> str:
    """The state of its last run; said where that is no run of the code as it is now."""
    return f"{state.value} (older code), stale" if view.is_older else state.value


def progress_words(progress: Progress) -> str:
    """``37 of 100 (37 %)``."""
    done, total = (f"{number or 0:,.0f}" for number in (progress.done, progress.total))
    return f"{done} of {total} ({share(progress):.0%})".replace("%", " %") if progress.total else f"{done} done"


def share(progress: Progress) -> float:
    """How much of it is done, from 0 to 1; 0 where nobody knows."""
    return min(max(progress.done / progress.total, 0.0), 1.0) if progress.total else 0.0


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
    written = "".join(frame.text for frame in joined(frames) if frame.kind in STREAMS)
    return "\n".join(f"  | {line}" for line in _last_lines(written)[1])


def _last_lines(text: str) -> tuple[int, list[str]]:
    """How many lines come before the last ones, and these."""
    lines = text.removesuffix("\n").rsplit("\n", TAIL_LINES) if text else []
    if len(lines) <= TAIL_LINES:
        return 0, lines
    return lines[0].count("\n") + 1, lines[1:]


def _html(view: TaskView, frames: Sequence[Frame], elapsed: float | None) -> str:
    colour = _COLOURS.get(view.state, "#57606a") if view.state else "#57606a"
    rows = [f'<div style="color:{colour};font-weight:600">{escape(headline(view, elapsed))}</div>']
    if view.progress is not None and view.progress.total:
        rows.append(_bar(share(view.progress), colour))
    rows += [f"<div>{escape(line)}</div>" for line in _details(view)]
    rows += [_frame_html(frame) for frame in joined(frames)]
    if view.failure is not None and view.failure.traceback:
        rows.append(_pre(_ANSI.sub("", view.failure.traceback)))
    inner = "".join(rows)
    style = f"border-left:3px solid {colour};padding:2px 0 2px 10px;font-size:90%"
    return f'<div class="phelps-card" role="status" style="{style}">{inner}</div>'


def _bar(done: float, colour: str) -> str:
    inner = f'<div style="width:{done:.1%};height:6px;background-color:{colour}"></div>'
    return f'<div style="width:240px;height:6px;margin:3px 0;background-color:#d0d7de">{inner}</div>'


def without_traceback(view: TaskView) -> TaskView:
    """For where the traceback is shown elsewhere."""
    return view if view.failure is None else replace(view, failure=replace(view.failure, traceback=""))


def joined(frames: Sequence[Frame]) -> list[Frame]:
    """Frames as a front end leaves them: pieces of one stream made one, updates in place, what was cleared gone; what
    was left out is said."""
    roll = Roll()
    roll.extend(frames)
    found: list[Frame] = []
    for frame in roll.frames():
        stream = found[-1].kind if found and found[-1].kind in STREAMS else "stdout"
        told = Frame(stream, gap_words(frame)) if frame.kind == "gap" else frame
        if found and told.kind in STREAMS and told.kind == found[-1].kind:
            parted = "\n" if frame.kind == "gap" and not found[-1].text.endswith("\n") else ""
            found[-1] = Frame(told.kind, found[-1].text + parted + told.text)
        elif told.kind != "clear" and not told.update:
            found.append(told)
    return found


def gap_words(gap: Frame) -> str:
    """The line that stands for what was left out."""
    lines, characters, displays = (cast("int", gap.metadata[name]) for name in ("lines", "characters", "displays"))
    kept = "left out; the first and the last {} of what a task {} are kept"
    said = [f"{lines:,} lines ({size_text(characters)}) {kept.format(size_text(TEXT), 'writes')}"] * (characters > 0)
    said += [f"{displays:,} displays {kept.format(size_text(DISPLAYS), 'displays')}"] * (displays > 0)
    return f"… {'; '.join(said)} …\n"


def _frame_html(frame: Frame) -> str:
    if frame.kind in STREAMS:
        more, lines = _last_lines(frame.text)
        return _pre("\n".join([f"… {more} lines more"] * (more > 0) + lines))
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
