"""Large values between tasks."""

from __future__ import annotations

from benchmarks.engines import bodies
from benchmarks.engines.graph import Graph, Node
from benchmarks.engines.memory import Sampler
from benchmarks.engines.workload import Row, Trial, Workload

MB = 1e-6
READERS = 8
FAN = Row("200 MB made once, 8 readers")
FAN_PEAK = Row("200 MB made once, 8 readers: peak of all processes", "MB", MB, 0)
FRAMES = Row("diamond of frames with 1e6 rows")


def _fan(trial: Trial) -> None:
    count = trial.sized(25_000_000, 1_000)
    with trial.session() as session:
        session.rehearse(_readers(1_000, 0))
        for run in trial.runs:
            with Sampler() as sampler:
                ran = session.graph(_readers(count, run))
            expected = READERS * (count + len(range(0, count, 1000)) * (1 + run)) + sum(range(READERS))
            if ran.results != {READERS + 1: expected}:
                raise RuntimeError(f"the readers gave {ran.results}, not {expected}")
            trial.note(FAN, ran.seconds)
            trial.note(FAN_PEAK, sampler.peak)


def _readers(count: int, run: int) -> Graph:
    numbers = range(1, READERS + 1)
    readers = [Node(number, bodies.total, (number - 1,), (0,)) for number in numbers]
    return [
        Node(0, bodies.array, (count, run)),
        *readers,
        Node(READERS + 1, bodies.added, (), tuple(numbers)),
    ]


def _frames(trial: Trial) -> None:
    rows = trial.sized(1_000_000, 1_000)
    with trial.session() as session:
        session.rehearse(_diamond(1_000, 0))
        for run in trial.runs:
            trial.note(FRAMES, session.graph(_diamond(rows, run)).seconds)


def _diamond(rows: int, run: int) -> Graph:
    return [
        Node(0, bodies.frame, (rows, run)),
        Node(1, bodies.left, (), (0,)),
        Node(2, bodies.right, (), (0,)),
        Node(3, bodies.joined, (), (1, 2)),
    ]


WORKLOADS = (Workload("fan", (FAN, FAN_PEAK), _fan), Workload("frames", (FRAMES,), _frames))
