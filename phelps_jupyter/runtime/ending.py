"""How an attempt ended: from the exit of its process, from what we did to it and from what it reported, one Outcome.

Pure: knows signals and kinds by name, and starts, stops and reads nothing but the crash file.
"""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from phelps_jupyter.runtime.orders import Order, Outcome

OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP})
"""Signals that come from outside, and say nothing about the body's code."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit code as ``subprocess`` has it (a negative number is a signal), and the peak of resident bytes."""

    code: int
    peak: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Why we ended the body, with what it held and how long it had run."""

    kind: Literal["memory", "timeout", "cancelled"]
    held: int
    seconds: float
    left: int | None = None
    """Bytes that the machine had left, where it was stopped for the want of these."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What the interpreter wrote when a signal ended it: the line in the cell, and the stack, innermost frame first."""

    line: int | None = None
    stack: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What else is known of the end: the most that it held, and whether the system killed for want of memory then."""

    peak: int
    kernel_killed: bool = False


def outcome(
    order: Order, ended: Ended, stop: Stop | None, report: Outcome | None, crash: Crash, found: Found
) -> Outcome:
    peak = found.peak
    if stop is not None:
        return _stopped(order, ended, stop, report)
    if report is not None:
        return dataclasses.replace(report, evidence=f"peak {size(peak)}") if report.kind == "memory" else report
    blank = Outcome(order.run, order.attempt, "code", line=crash.line, traceback=crash.stack)
    if ended.code >= 0:
        text = f"the process ended by itself: os._exit({ended.code}); a body must run to its end"
        return dataclasses.replace(blank, message=text, evidence=f"exit code {ended.code}")
    name = _name(-ended.code)
    if -ended.code == signal.SIGKILL and found.kernel_killed:
        text = "the system was out of memory, and killed the process"
        evidence = f"SIGKILL by the kernel's out-of-memory killer, peak {size(peak)}"
        return dataclasses.replace(blank, kind="memory", message=text, evidence=evidence)
    if -ended.code in OUTSIDE:
        text = f"the process was killed from outside by {name}; it held at most {size(peak)}"
        evidence = f"{name} by an unknown sender, peak {size(peak)}"
        return dataclasses.replace(blank, kind="lost", message=text, evidence=evidence)
    text = f"crashed: {name} in compiled code, where Python can't raise an error; look at what this line calls"
    return dataclasses.replace(blank, message=text, evidence=name)


def not_begun(order: Order, error: Exception) -> Outcome:
    return Outcome(
        order.run,
        order.attempt,
        "code",
        error_type=type(error).__name__,
        message=f"the body could not be started: {error}",
        traceback="".join(traceback.format_exception(error)),
    )


def with_survivors(told: Outcome, survivors: Sequence[str]) -> Outcome:
    """``survivors``: processes that could not be ended, in words."""
    evidence = "; ".join([*filter(None, [told.evidence]), *survivors])
    return dataclasses.replace(told, evidence=evidence)


def crash(folder: str, task: str) -> Crash:
    """What faulthandler wrote, down to the cell: the frames below it are not the user's."""
    with suppress(OSError), open(os.path.join(folder, "fault"), encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
        inside = [at for at, line in enumerate(lines) if f'File "<task {task}>"' in line]
        if inside:
            found = re.search(r"line (\d+)", lines[inside[0]].rpartition('"')[2])
            return Crash(int(found[1]) if found else None, "\n".join(lines[: inside[-1] + 1]))
    return Crash()


def size(count: int) -> str:
    """``612 MB``."""
    return f"{count / 1e9:.1f} GB" if count >= 1e10 else f"{round(count / 1e6)} MB"


def _stopped(order: Order, ended: Ended, stop: Stop, report: Outcome | None) -> Outcome:
    failed = report is not None and report.kind != "done"
    where = report if failed and report is not None else Outcome(order.run, order.attempt, "code")
    message, evidence = _words(order, stop, ended.code == -signal.SIGKILL)
    return Outcome(
        order.run,
        order.attempt,
        stop.kind,
        message=message,
        evidence=evidence,
        line=where.line,
        traceback=where.traceback,
    )


def _words(order: Order, stop: Stop, killed: bool) -> tuple[str, str]:
    """Message and evidence. ``killed``: asking it to end was not enough."""
    asked = "SIGINT, then SIGKILL" if killed else "SIGINT"
    # Rounded up: nobody should read "600 MB of 600 MB".
    held, after = size(stop.held + 500_000), f"after {stop.seconds:.1f} s"
    match stop.kind:
        case "memory" if stop.left is not None:
            why = "it ran alone there" if order.alone else "no newer task runs without a limit"
            evidence = f"{size(stop.left)} were left, {held} held {after}; SIGKILL by Phelps (guard of the machine)"
            return f"stopped as its machine was about to run out of memory, and {why}", evidence
        case "memory":
            evidence = f"{held} of {size(order.memory or 0)} {after}; SIGKILL by Phelps (memory guard)"
            return f"stopped over its memory limit{_limit(order)}; give it more with --mem", evidence
        case "timeout":
            evidence = f"{stop.seconds:.1f} s of {order.time or 0:g} s; {asked} by Phelps (time limit)"
            return f"stopped over its time limit of {order.time or 0:g} s; give it more with --time", evidence
        case "cancelled":
            return "cancelled", f"{after}; {asked} by Phelps (cancelled)"


def _limit(order: Order) -> str:
    """What it was, and whose, where it is not what was asked for."""
    limit = size(order.memory or 0)
    if order.memory == order.asked_memory:
        return f" of {limit}"
    if order.asked_memory is None:
        return f" of {limit} (set as it ran out of memory before; no --mem was given)"
    return f" of {limit} (raised as it ran out of memory before; --mem says {size(order.asked_memory)})"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
