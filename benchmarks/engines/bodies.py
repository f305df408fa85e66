"""What the tasks do. Every process that runs one imports it from here by name, so that no tool has to send code."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

MIB = 1 << 20

Span = tuple[float, float]
"""When a task's body began and ended, in seconds since the epoch."""


def noop(number: int) -> int:
    """Nothing. ``number`` tells tasks apart."""
    return number


def inc(number: int) -> int:
    """One more."""
    return number + 1


def process_after(seconds: float) -> int:
    """Sleep, and tell who ran it."""
    time.sleep(seconds)
    return os.getpid()


def nap(seconds: float, *_above: object) -> Span:
    """Sleep: what is lost beside it is the tool's."""
    begun = time.time()
    time.sleep(seconds)
    return begun, time.time()


def burn(seconds: float, *_above: object) -> Span:
    """Use so much CPU, however many others want it."""
    begun, spent = time.time(), time.thread_time()
    x = 1.0
    while time.thread_time() - spent < seconds:
        for _ in range(200):
            x = x * 1.0000001 + 1e-9
    return begun, time.time()


def array(count: int, run: int) -> Any:
    """So many floats; each run's differ from another's."""
    import numpy

    made = numpy.ones(count)
    made[::1000] = 2.0 + run
    return made


def total(number: int, made: Any) -> float:
    """The sum of an array, and a number that tells readers apart."""
    return float(made.sum()) + number


def added(*numbers: float) -> float:
    """Their sum."""
    return sum(numbers)


def frame(rows: int, run: int) -> Any:
    """A table: a key, three columns of floats, one of names."""
    import numpy
    import pandas

    draw = numpy.random.default_rng(run)
    names = numpy.array(["alpha", "beta", "gamma", "delta"])[draw.integers(0, 4, rows)]
    floats = {name: draw.random(rows) for name in "xyz"}
    return pandas.DataFrame({"key": draw.integers(0, 1000, rows), **floats, "name": names})


def left(table: Any) -> Any:
    """The table with a column more."""
    return table.assign(u=table.x * 2 + table.y)


def right(table: Any) -> Any:
    """The table with another column more."""
    return table.assign(v=table.z - table.y)


def joined(one: Any, other: Any) -> float:
    """Something that needs both."""
    return float(one.u.sum() + other.v.sum()) + len(one.name.unique()) + len(other)


def spin(kind: str, seconds: float, mark: str) -> str:
    """A task to be cancelled: a Python loop, a sleep, or one call of C that looks for no signal. ``mark``: a file
    that it makes when it begins.
    """
    begun = time.time()
    Path(mark).touch()
    match kind:
        case "python":
            while time.time() - begun < seconds:
                pass
        case "sleep":
            time.sleep(seconds)
        case _:
            rounds = 200_000
            hashlib.pbkdf2_hmac("sha256", b"x", b"y", rounds)
            once = time.time() - begun
            hashlib.pbkdf2_hmac("sha256", b"x", b"y", max(1, int(rounds * (seconds - once) / once)))
    return kind


def hog(mebibytes: int, step: int, log: str) -> int:
    """Take memory step by step. ``log``: a file that gets a line for each step: who holds how much."""
    blocks = []
    for held in range(step, mebibytes + 1, step):
        blocks.append(bytearray(b"\1") * (step * MIB))
        with open(log, "a") as file:
            file.write(f"{os.getpid()} {held}\n")
        time.sleep(0.05)
    time.sleep(1.0)
    return len(blocks)
