"""Digests of values beside those of other libraries, in one run: seconds differ from machine to machine, ratios less.

Run it with the environment of the tests: ``python benchmarks/values/digests.py``. Peers that are not installed are left
out, and named. Each figure is the median of five, all peers taking turns; of one, where that took seconds.
All of them use one processor, and its time is what is told: other users of the machine disturb it less than the clock.
"""

from __future__ import annotations

import importlib
import pickle
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd
import xxhash

from phelps_jupyter.runtime.digests import digest

ROUNDS = 5
TOO_LONG = 2000
"""Milliseconds after which a peer is asked no more."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is digested, and the most milliseconds that PERFORMANCE asks of us."""

    name: str
    target: int
    value: object


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to a digest."""

    name: str
    digest: Callable[[object], object]


@dataclass
class Row:
    """A small object, as people make them by the thousand."""

    number: int
    name: str
    share: float


def values() -> list[Value]:
    """The four values of PERFORMANCE."""
    random = np.random.default_rng(1)
    strings = np.array([f"string {number}" for number in range(1_000_000)], dtype=object)
    return [
        Value("100 MB array", 10, random.random(12_500_000)),
        Value("1e6 x 5 frame", 15, pd.DataFrame(random.random((1_000_000, 5)), columns=list("abcde"))),
        Value("1e6 object strings", 50, pd.Series(strings, dtype=object)),
        Value("10,000 small objects", 60, [Row(number, str(number), number / 7) for number in range(10_000)]),
    ]


def peers() -> list[Peer]:
    """Ours first; then those that are here."""
    found = [Peer("phelps", digest), Peer("pickle + xxh3", _pickled)]
    joblib, dask = _module("joblib"), _module("dask.base")
    if joblib is not None:
        found.append(Peer("joblib.hash", joblib.hash))
    if dask is not None:
        found.append(Peer("dask tokenize", dask.tokenize))
    return found


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        sys.stdout.write(f"without {name}: {error}\n")
        return None


def _pickled(value: object) -> str:
    whole = xxhash.xxh3_128()
    buffers: list[pickle.PickleBuffer] = []
    whole.update(pickle.dumps(value, protocol=5, buffer_callback=buffers.append))
    for buffer in buffers:
        whole.update(buffer.raw())
    return whole.hexdigest()


def milliseconds(value: Value, contestants: list[Peer]) -> dict[str, float]:
    """Medians by peer."""
    times: dict[str, list[float]] = {peer.name: [] for peer in contestants}
    for _ in range(ROUNDS):
        for peer in contestants:
            if times[peer.name] and max(times[peer.name]) > TOO_LONG:
                continue
            start = time.process_time()
            peer.digest(value.value)
            times[peer.name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(each) for name, each in times.items()}


def floor() -> float:
    """Milliseconds for 100 MB of xxh3 alone: what this machine gives."""
    data = np.zeros(12_500_000)
    return milliseconds(Value("", 0, data), [Peer("xxh3", xxhash.xxh3_128_digest)])["xxh3"]  # type: ignore[arg-type]


def main() -> None:
    """Print the table."""
    contestants = peers()
    sys.stdout.write(f"xxh3 alone, 100 MB: {floor():.0f} ms\n")
    sys.stdout.write(
        " | ".join(f"{each:>20}" for each in ["value", "target", *(peer.name for peer in contestants)]) + "\n"
    )
    for value in values():
        found = milliseconds(value, contestants)
        ours = found["phelps"]
        cells = [f"{ours:.1f} ms", *(f"{each:.1f} ms ({each / ours:.1f}x)" for each in list(found.values())[1:])]
        sys.stdout.write(" | ".join(f"{each:>20}" for each in [value.name, f"{value.target} ms", *cells]) + "\n")


if __name__ == "__main__":
    main()
